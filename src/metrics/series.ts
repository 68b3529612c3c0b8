import type { Metric } from 'prom-client';
import type { Distribution } from './distribution.ts';
import { bucketOf, HISTOGRAM_BUCKETS } from './histogram.ts';

/** One line of the exposition. */
export interface Sample {
  /** Left out: the series' own name. */
  metricName?: string;
  labels: Record<string, string>;
  value: number;
}

type SeriesType = 'counter' | 'gauge' | 'histogram';

/**
 * A metric whose samples are made when it is scraped. It has what a registry of prom-client asks of the metrics
 * registered with it; prom-client's own histogram cannot take counts that were made elsewhere.
 */
export class Series {
  readonly name: string;
  readonly help: string;
  readonly type: SeriesType;
  readonly aggregator = 'sum';
  readonly #collect: () => Sample[];

  constructor(type: SeriesType, name: string, help: string, collect: () => Sample[]) {
    this.type = type;
    this.name = name;
    this.help = help;
    this.#collect = collect;
  }

  get(): { name: string; help: string; type: SeriesType; aggregator: 'sum'; values: Sample[] } {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.#collect() };
  }

  /** The registry's types know prom-client's own classes only. */
  asMetric(): Metric {
    return this as unknown as Metric;
  }
}

/** Upper bounds in µs, each twice the one before, from 1 ms to 65.536 s. All are edges of our buckets: counts are exact. */
const BOUNDS_US: readonly number[] = Array.from({ length: 17 }, (_, power) => 1000 * 2 ** power);

const BOUNDS: readonly { le: string; endBucket: number }[] = [
  ...BOUNDS_US.map((boundUs) => ({ le: String(boundUs / 1e6), endBucket: bucketOf(boundUs) })),
  { le: '+Inf', endBucket: HISTOGRAM_BUCKETS },
];

/**
 * Values that only rise: where a count is taken back, or comes from an older picture than the one before, the series
 * stands still until the count has caught up.
 */
export class Rising {
  readonly #highest = new Map<string, number>();

  /** @param key names the series, the same at each scrape */
  value(key: string, value: number): number {
    const highest = Math.max(value, this.#highest.get(key) ?? 0);
    this.#highest.set(key, highest);
    return highest;
  }

  /** One sample of a counter. */
  sample(labels: Record<string, string>, value: number): Sample {
    return { labels, value: this.value(JSON.stringify(labels), value) };
  }

  /** The samples of one histogram, in seconds. */
  histogram(name: string, labels: Record<string, string>, distribution: Distribution): Sample[] {
    const key = JSON.stringify(labels);
    const samples: Sample[] = [];
    const { counts } = distribution.histogram;
    let bucket = 0;
    let seen = 0;
    let total = 0;
    for (const { le, endBucket } of BOUNDS) {
      for (; bucket < endBucket; bucket++) seen += counts[bucket]!;
      total = this.value(`${key} ${le}`, seen);
      samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: total });
    }
    const sum = this.value(`${key} sum`, distribution.sumUs / 1e6);
    samples.push({ metricName: `${name}_sum`, labels, value: sum });
    samples.push({ metricName: `${name}_count`, labels, value: total });
    return samples;
  }
}
