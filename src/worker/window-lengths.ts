import { stretchOf, type WindowStretch } from '../attack/window-clock.ts';

/** For how long another length is known in all lanes before windows have it, in ms: a lane that stands still is ended by then. */
const NOTICE_MS = 1000;
/** How many stretches are remembered. */
const MOST_STRETCHES = 8;

/**
 * How long windows are. All lanes of a worker must agree on where each window ends, so another length holds from an
 * instant on that none of them has reached: the end of the window that is open a second after it was asked for.
 */
export class WindowLengths {
  #stretches: readonly WindowStretch[];

  /** @param from schedule time at which the first window begins, in ms */
  constructor(from: number, windowMs: number) {
    this.#stretches = [{ from, index: 0, windowMs }];
  }

  /** In their order. */
  get stretches(): readonly WindowStretch[] {
    return this.#stretches;
  }

  /** Windows shall have another length, in ms. @param scheduleMs schedule time now; 0 before the start */
  change(windowMs: number, scheduleMs: number): void {
    if (this.#stretches.at(-1)!.windowMs === windowMs) return;
    const known = scheduleMs === 0 ? Number.NEGATIVE_INFINITY : scheduleMs + NOTICE_MS;
    const begun = this.#stretches.filter(({ from }) => from <= known);
    const last = begun.at(-1);
    if (last === undefined) {
      const [{ from, index }] = this.#stretches as [WindowStretch];
      this.#stretches = [{ from, index, windowMs }];
    } else if (last.windowMs === windowMs) {
      this.#stretches = begun;
    } else {
      const windows = Math.floor((known - last.from) / last.windowMs) + 1;
      const next = { from: last.from + windows * last.windowMs, index: last.index + windows, windowMs };
      this.#stretches = [...begun, next].slice(-MOST_STRETCHES);
    }
  }

  /** Schedule times at which a window begins and ends, in ms. */
  span(index: number): { from: number; to: number } {
    const stretch = stretchOf(this.#stretches, index);
    const from = stretch.from + (index - stretch.index) * stretch.windowMs;
    return { from, to: from + stretch.windowMs };
  }
}
