import type { Clock } from '../../attack/clock.ts';

/** A lane that does not tick for this long is stuck, in ms: it ticks at least every 100 ms. */
const STUCK_AFTER_MS = 1000;
/** How late the watchdog's own looks may come for it to trust what it sees, in ms. */
const OWN_DELAY_MS = 250;
const RESTARTS = 3;
const WITHIN_MS = 60_000;

/**
 * Finds lanes that do not move, such as in an endless loop of a template. It looks from the main thread, and says
 * nothing unless that was itself on time during the whole second: a machine without CPU is no endless loop.
 */
export class Watchdog {
  readonly #clock: Clock;
  #lookedAt: number;
  /** Since when each look came on time. */
  #onTimeSince: number;
  readonly #restarts: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAt = clock.now();
    this.#onTimeSince = this.#lookedAt;
  }

  /** To be called before each round of `isStuck`, every `everyMs` milliseconds. */
  look(everyMs: number): void {
    const now = this.#clock.now();
    if (now - this.#lookedAt > everyMs + OWN_DELAY_MS) this.#onTimeSince = now;
    this.#lookedAt = now;
  }

  /** @param aliveAt clock time of the lane's last sign of life, in ms */
  isStuck(aliveAt: number): boolean {
    return this.#lookedAt - Math.max(aliveAt, this.#onTimeSince) > STUCK_AFTER_MS;
  }

  /** Counts a restart. @returns false when it is one too many: three within a minute are allowed */
  allowRestart(): boolean {
    const now = this.#clock.now();
    while (this.#restarts.length > 0 && now - this.#restarts[0]! > WITHIN_MS) this.#restarts.shift();
    if (this.#restarts.length >= RESTARTS) return false;
    this.#restarts.push(now);
    return true;
  }
}
