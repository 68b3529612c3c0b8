import type { Clock } from '../attack/clock.ts';

/** The longest that a timer waits, in ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Adds keys to a queue later. A key has one time: the earliest that was asked for. */
export class DelayedWork {
  readonly #clock: Clock;
  readonly #add: (key: string) => void;
  readonly #waiting = new Map<string, { at: number; timer: NodeJS.Timeout }>();

  /** @param add what is done with a key when it is due */
  constructor(clock: Clock, add: (key: string) => void) {
    this.#clock = clock;
    this.#add = add;
  }

  /** How many keys wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Adds `key` after `ms`, or at the time that it has already, whichever is first. At once where that is not over 0. */
  addAfter(key: string, ms: number): void {
    const at = this.#clock.now() + ms;
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && waiting.at <= at) return;
    this.cancel(key);
    if (ms <= 0) return this.#add(key);
    const timer = setTimeout(() => this.#due(key), Math.min(ms, LONGEST_TIMER_MS));
    this.#waiting.set(key, { at, timer });
  }

  /** Forgets the time of a key. */
  cancel(key: string): void {
    clearTimeout(this.#waiting.get(key)?.timer);
    this.#waiting.delete(key);
  }

  /** Forgets all. */
  close(): void {
    for (const key of this.#waiting.keys()) this.cancel(key);
  }

  #due(key: string): void {
    const { at } = this.#waiting.get(key)!;
    this.#waiting.delete(key);
    // Timers tick before the clock now and then, and have a longest time.
    this.addAfter(key, at - this.#clock.now());
  }
}
