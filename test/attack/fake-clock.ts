import type { Clock } from '../../src/attack/clock.ts';

/** A clock that moves only when it is told to. Wall time runs beside it. */
export class FakeClock implements Clock {
  static readonly EPOCH: number = Date.UTC(2026, 10, 23, 19, 0, 0);
  #now: number;

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return FakeClock.EPOCH + this.#now;
  }

  /** Goes on to `now`; never goes back. */
  to(now: number): void {
    if (now < this.#now) throw new RangeError(`a clock does not go back from ${this.#now} to ${now}`);
    this.#now = now;
  }

  by(ms: number): void {
    this.to(this.#now + ms);
  }
}
