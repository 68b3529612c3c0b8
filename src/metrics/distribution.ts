import { HISTOGRAM_BUCKETS, Histogram } from './histogram.ts';

/** Times of one kind in ms, as results show them. All 0 where nothing was recorded. */
export interface TimesMs {
  mean: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  max: number;
}

/** A histogram with its exact sum and longest time: a live view of a `Tally`'s array. Times in µs. */
export class Distribution {
  readonly histogram: Histogram;
  readonly #values: Float64Array;
  readonly #sumAt: number;
  readonly #maxAt: number;

  /** Where in `values` the histogram begins, and where the sum and the longest time stand. */
  constructor(values: Float64Array, histogramAt: number, sumAt: number, maxAt: number) {
    this.histogram = new Histogram(values.subarray(histogramAt, histogramAt + HISTOGRAM_BUCKETS));
    this.#values = values;
    this.#sumAt = sumAt;
    this.#maxAt = maxAt;
  }

  /** How many times were recorded. */
  get total(): number {
    return this.histogram.total();
  }

  get sumUs(): number {
    return this.#values[this.#sumAt]!;
  }

  get maxUs(): number {
    return this.#values[this.#maxAt]!;
  }

  /** 0 where nothing was recorded. */
  get meanUs(): number {
    const total = this.total;
    return total === 0 ? 0 : this.sumUs / total;
  }

  /** @param p 0–100, by nearest rank; 0 where nothing was recorded, never above the longest time */
  percentileUs(p: number): number {
    return this.histogram.percentile(p, this.maxUs);
  }

  timesMs(): TimesMs {
    return {
      mean: this.meanUs / 1000,
      p50: this.percentileUs(50) / 1000,
      p90: this.percentileUs(90) / 1000,
      p95: this.percentileUs(95) / 1000,
      p99: this.percentileUs(99) / 1000,
      max: this.maxUs / 1000,
    };
  }
}
