import { WindowTally } from '../../metrics/window.ts';

/** Windows of which some lanes have not told are kept at most this many. */
const MOST_OPEN = 16;

/** Joins the windows of a worker's lanes: window k is whole when every lane has told of it or of a later one. */
export class WindowCollector {
  readonly #open = new Map<number, WindowTally>();
  /** For each lane, the last window that it told of. */
  readonly #told: number[];

  constructor(lanes: number) {
    this.#told = new Array<number>(lanes).fill(-1);
  }

  /** @returns the windows that are whole now, in order */
  add(lane: number, index: number, values: Float64Array): { index: number; window: WindowTally }[] {
    const known = this.#open.get(index);
    if (known === undefined) this.#open.set(index, new WindowTally(values));
    else known.add(new WindowTally(values));
    this.#told[lane] = Math.max(this.#told[lane]!, index);
    const whole = Math.min(...this.#told);
    const surplus = this.#open.size - MOST_OPEN;
    return [...this.#open.keys()]
      .sort((a, b) => a - b)
      .filter((each, position) => each <= whole || position < surplus)
      .map((each) => {
        const window = this.#open.get(each)!;
        this.#open.delete(each);
        return { index: each, window };
      });
  }
}
