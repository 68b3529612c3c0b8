import type { Segment } from './schedule/segment.ts';

/** Windows of one length that follow one another in schedule time. */
export interface WindowStretch {
  /** Schedule time at which the first of them begins, in ms. */
  from: number;
  /** Index of the first of them. */
  index: number;
  windowMs: number;
}

/** The stretch that window `index` belongs to. @param stretches at least one, in their order */
export function stretchOf(stretches: readonly WindowStretch[], index: number): WindowStretch {
  return stretches.findLast((stretch) => stretch.index <= index) ?? stretches[0]!;
}

/**
 * When windows end. Windows follow one another in schedule time, from the end of the warm-up on: while a run is
 * suspended its window stays open.
 */
export class WindowClock {
  /** Index of the window that is open. */
  index = 0;
  #segments: readonly Segment[] = [];
  #stretches: readonly WindowStretch[] = [];

  /** @param stretches the first begins with window 0, or with the oldest that matters; empty: there are no windows */
  follow(segments: readonly Segment[], stretches: readonly WindowStretch[]): void {
    this.#segments = segments;
    this.#stretches = stretches;
  }

  /** Length of the open window, in ms. Only where there are windows. */
  get windowMs(): number {
    return stretchOf(this.#stretches, this.index).windowMs;
  }

  /** Run time in ms at which the open window ends; Infinity while that is not known. */
  get endsAt(): number {
    if (this.#stretches.length === 0) return Number.POSITIVE_INFINITY;
    const { from, index, windowMs } = stretchOf(this.#stretches, this.index);
    const scheduleMs = from + (this.index - index + 1) * windowMs;
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
