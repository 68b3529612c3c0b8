import type { Clock } from '../attack/clock.ts';
import type { RunRecord, RunStore } from './run-record.ts';

/** What nobody waits for is saved this long after the last time, in ms. */
const AT_EASE_MS = 5000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 3000;
/** A store that has not answered for this long is in trouble, in ms. */
const SLOW_MS = 2000;
/** How long an instant is set off for its saving: at least, and at most, in ms. */
const LEAST_ROOM_MS = 50;
const MOST_ROOM_MS = 2000;
/** How many of the last saves say how long one takes. */
const SAMPLES = 8;

export interface RunMemoryOptions {
  clock: Clock;
  /** null: nothing is kept, and everything counts as saved at once. */
  store: RunStore | null;
  /** The run as it stands. */
  record: () => RunRecord;
  /** Something was saved, or could not be. */
  changed: () => void;
  /** Takes messages for people, one line each. */
  note: (line: string) => void;
}

/** Keeps a run's record: one save at a time, each with all there is to save, again and again until it is done. */
export class RunMemory {
  readonly #options: RunMemoryOptions;
  /** What waits for the next save to be done, and for the one that is under way. */
  #waiting: (() => void)[] = [];
  #served: (() => void)[] = [];
  /** Clock times in ms: when the next save is due, and since when one is under way; null: none is. */
  #dueAt: number | null = null;
  #savingSince: number | null = null;
  #lastAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  /** Why the last save failed; empty: it did not. */
  #trouble = '';
  #took: number[] = [];
  #closed = false;

  constructor(options: RunMemoryOptions) {
    this.#options = options;
  }

  /** Whether a save that is begun now would be under way at once. */
  get idle(): boolean {
    return this.#savingSince === null && !this.failing;
  }

  /** The store is away, or slow beyond use. */
  get failing(): boolean {
    const since = this.#savingSince;
    return this.#failures > 0 || (since !== null && this.#options.clock.now() - since > SLOW_MS);
  }

  /** Why the run cannot be saved, in words; empty: it can. */
  get trouble(): string {
    return this.#trouble;
  }

  /** How far ahead an instant should be to be saved before it comes, in ms. */
  get roomMs(): number {
    if (this.#options.store === null) return 0;
    return Math.min(MOST_ROOM_MS, Math.max(LEAST_ROOM_MS, 2 * Math.max(0, ...this.#took)));
  }

  /** Saves the run as it is now, or later. @param done called when that is saved; at once where nothing is kept */
  save(done: () => void, withinMs = 0): void {
    if (this.#options.store === null) return done();
    this.#waiting.push(done);
    this.#ask(withinMs);
  }

  /** Something has changed that may be saved at ease. */
  touch(): void {
    if (this.#options.store === null) return;
    this.#ask(Math.max(0, this.#lastAt + AT_EASE_MS - this.#options.clock.now()));
  }

  /** Saves nothing more, and calls nobody. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #ask(withinMs: number): void {
    const at = this.#options.clock.now() + withinMs;
    if (this.#dueAt !== null && this.#dueAt <= at) return;
    this.#dueAt = at;
    // After a failure, the next attempt is due when it is due.
    if (this.#savingSince === null && this.#failures === 0) this.#schedule(withinMs);
  }

  #schedule(ms: number): void {
    if (this.#closed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (ms > 0) this.#timer = setTimeout(() => this.#begin(), ms);
    else this.#begin();
  }

  #begin(): void {
    if (this.#closed) return;
    const { clock, store, record } = this.#options;
    this.#dueAt = null;
    this.#served = this.#waiting;
    this.#waiting = [];
    const startedAt = clock.now();
    this.#savingSince = startedAt;
    store!.save(record()).then(
      () => this.#end(startedAt, null),
      (error: unknown) => this.#end(startedAt, error),
    );
  }

  #end(startedAt: number, error: unknown): void {
    if (this.#closed) return;
    const { clock, changed } = this.#options;
    const now = clock.now();
    this.#savingSince = null;
    if (error === null) {
      this.#lastAt = startedAt;
      this.#took = [...this.#took.slice(1 - SAMPLES), now - startedAt];
      if (this.#failures > 0) this.#options.note('the record of the run can be saved again');
      this.#failures = 0;
      this.#trouble = '';
      for (const done of this.#served.splice(0)) done();
      if (this.#dueAt !== null && this.#savingSince === null) this.#schedule(Math.max(0, this.#dueAt - now));
    } else {
      this.#fail(error);
    }
    changed();
  }

  #fail(error: unknown): void {
    this.#waiting = [...this.#served.splice(0), ...this.#waiting];
    this.#trouble = error instanceof Error ? error.message : String(error);
    if (this.#failures === 0) {
      this.#options.note(`the record of the run cannot be saved, it goes on as it is: ${this.#trouble}`);
    }
    const retryMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures++;
    this.#schedule(retryMs);
  }
}
