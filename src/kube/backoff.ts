import type { Clock } from '../attack/clock.ts';

export interface BackoffOptions {
  clock: Clock;
  /** The first wait, in ms, before jitter. */
  firstMs: number;
  /** The longest, in ms, before jitter. Each wait is twice the one before until then. */
  mostMs: number;
  /** After so long without a failure, in ms, waits begin at the first again. */
  forgetMs: number;
  /** 0 ≤ … < 1. Default: `Math.random`. */
  random?: () => number;
}

/** How long to wait after each of several failures: twice as long each time, half of it by chance. */
export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;
  /** When the last wait was over, or will be. */
  #until = Number.NEGATIVE_INFINITY;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#nextMs = options.firstMs;
  }

  /** Something has failed now. @returns how long to wait, in ms, from half of the full wait up to all of it */
  next(): number {
    const { clock, firstMs, mostMs, forgetMs, random = Math.random } = this.#options;
    if (clock.now() - this.#until >= forgetMs) this.#nextMs = firstMs;
    const waitMs = this.#nextMs * (0.5 + 0.5 * random());
    this.#nextMs = Math.min(this.#nextMs * 2, mostMs);
    this.#until = clock.now() + waitMs;
    return waitMs;
  }
}
