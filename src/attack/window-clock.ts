import type { Segment } from './schedule/segment.ts';

/**
 * When windows end. Windows follow one another in schedule time, from the end of the warm-up on: while a run is
 * suspended its window stays open.
 */
export class WindowClock {
  /** Index of the window that is open. */
  index = 0;
  readonly #warmupMs: number;
  readonly #windowMs: number;
  #segments: readonly Segment[] = [];

  constructor(warmupMs: number, windowMs: number) {
    this.#warmupMs = warmupMs;
    this.#windowMs = windowMs;
  }

  follow(segments: readonly Segment[]): void {
    this.#segments = segments;
  }

  /** Run time in ms at which the open window ends; Infinity while that is not known. */
  get endsAt(): number {
    const scheduleMs = this.#warmupMs + (this.index + 1) * this.#windowMs;
    // Old segments are forgotten: a window that ended in them is over when the first known one begins.
    let endsAt = this.#segments[0]?.from ?? Number.POSITIVE_INFINITY;
    for (const segment of this.#segments) {
      if (segment.scheduleFrom >= scheduleMs) break;
      endsAt = segment.suspended
        ? Number.POSITIVE_INFINITY
        : segment.from + scheduleMs - segment.scheduleFrom;
    }
    return endsAt;
  }

  /** Goes on to the window that is open at `runMs`, without telling of those in between. */
  skipTo(runMs: number): void {
    while (this.endsAt <= runMs) this.index++;
  }
}
