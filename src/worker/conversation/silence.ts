import { inSeconds } from '../../units/duration.ts';

/** An answer that is late by this much is told of, in ms. */
const TOLD_AFTER_MS = 5000;

/** Tells, once each, that the coordinator gives no answer, and that it does again. */
export class Silence {
  readonly #say: (line: string) => void;
  /** Clock time since when no answer has come, where that was told, in ms; null: it was not. */
  #since: number | null = null;

  /** @param say takes a line for whoever reads this worker's log */
  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /**
   * To be called from time to time.
   * @param now clock time, in ms
   * @param answeredAt clock time of the last answer, in ms
   * @param failure why the last call has failed, in words; empty: it has not
   * @param stopsAt clock time at which the worker stops if none comes, in ms; Infinity: it does not
   */
  look(now: number, answeredAt: number, failure: string, stopsAt: number): void {
    if (now - answeredAt <= TOLD_AFTER_MS || this.#since !== null) return;
    this.#since = answeredAt;
    const why = failure === '' ? '' : ` (${failure})`;
    const left = stopsAt - now;
    const until = left === Number.POSITIVE_INFINITY ? '' : `; it stops in ${inSeconds(Math.max(0, left))}`;
    this.#say(`no answer from the coordinator for ${inSeconds(now - answeredAt)}${why}${until}`);
  }

  /** An answer has come. */
  end(now: number): void {
    if (this.#since === null) return;
    this.#say(`the coordinator answers again, after ${inSeconds(now - this.#since)}`);
    this.#since = null;
  }
}
