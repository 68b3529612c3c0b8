/**
 * Log-linear histogram of times in whole microseconds: 0–63 µs one bucket each, then 64 equal buckets for every power
 * of two up to 2³² µs (71 minutes); whatever is longer counts in the last bucket.
 *
 * A bucket of the range [2ᵉ, 2ᵉ⁺¹) is 2ᵉ⁻⁶ wide, so its middle is off by at most 2ᵉ⁻⁷ / 2ᵉ = 1/128 = 0.8 %.
 * Two histograms merge by adding bucket to bucket, without loss.
 */

const SUB_BITS = 6;
/** Buckets for each power of two. */
const SUB_BUCKETS = 2 ** SUB_BITS;
const LIMIT_BITS = 32;
const LIMIT_US = 2 ** LIMIT_BITS;

export const HISTOGRAM_BUCKETS = SUB_BUCKETS + (LIMIT_BITS - SUB_BITS) * SUB_BUCKETS;

/** The bucket of a time in µs; a fraction is cut off. NaN and negative numbers count as 0. */
export function bucketOf(valueUs: number): number {
  if (valueUs < LIMIT_US) {
    if (valueUs < SUB_BUCKETS) return valueUs > 0 ? valueUs | 0 : 0;
    const whole = valueUs >>> 0;
    // How far the highest set bit stands above bit 6: `whole >>> shift` lies in [64, 128).
    const shift = 31 - SUB_BITS - Math.clz32(whole);
    return (shift << SUB_BITS) + (whole >>> shift);
  }
  return valueUs >= LIMIT_US ? HISTOGRAM_BUCKETS - 1 : 0;
}

/** The least time, in µs, that counts in a bucket. */
export function bucketLow(bucket: number): number {
  return bucket < SUB_BUCKETS ? bucket : ((bucket % SUB_BUCKETS) + SUB_BUCKETS) * bucketWidth(bucket);
}

/** The least time, in µs, beyond a bucket: it holds [low, high). */
export function bucketHigh(bucket: number): number {
  return bucketLow(bucket) + bucketWidth(bucket);
}

/** The time in µs that stands for a bucket: under 64 µs the whole number itself, above it the middle. */
export function bucketMiddle(bucket: number): number {
  return bucket < SUB_BUCKETS ? bucket : bucketLow(bucket) + bucketWidth(bucket) / 2;
}

function bucketWidth(bucket: number): number {
  return bucket < SUB_BUCKETS ? 1 : 2 ** ((bucket >> SUB_BITS) - 1);
}

/** Counts in an array of its own, or in a view of a larger one, such as a lane's shared memory. */
export class Histogram {
  readonly counts: Float64Array;

  /** @param counts `HISTOGRAM_BUCKETS` long; left out: a new, empty array */
  constructor(counts: Float64Array = new Float64Array(HISTOGRAM_BUCKETS)) {
    if (counts.length !== HISTOGRAM_BUCKETS) {
      throw new RangeError(`a histogram has ${HISTOGRAM_BUCKETS} buckets, not ${counts.length}`);
    }
    this.counts = counts;
  }

  record(valueUs: number): void {
    this.counts[bucketOf(valueUs)]! += 1;
  }

  /** How many times were recorded. */
  total(): number {
    let total = 0;
    for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) total += this.counts[bucket]!;
    return total;
  }

  /**
   * The percentile by nearest rank, in µs: the middle of the bucket in which the ⌈n · p / 100⌉-th shortest time lies.
   * 0 where nothing was recorded.
   *
   * @param p 0–100; 0 is the shortest time
   * @param maxUs the longest time recorded, where it is known: the answer is never more
   */
  percentile(p: number, maxUs: number = Number.POSITIVE_INFINITY): number {
    const total = this.total();
    if (total === 0) return 0;
    const rank = nearestRank(p, total);
    let bucket = 0;
    let seen = this.counts[0]!;
    while (seen < rank && bucket < HISTOGRAM_BUCKETS - 1) seen += this.counts[++bucket]!;
    return Math.min(bucketMiddle(bucket), maxUs);
  }

  add(other: Histogram): void {
    const from = other.counts;
    for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) this.counts[bucket]! += from[bucket]!;
  }
}

/** ⌈total · p / 100⌉, from 1 to `total`; what doubles add to a whole number (99.9 % of 3,000) does not count. */
function nearestRank(p: number, total: number): number {
  const exact = (p * total) / 100;
  const whole = Math.round(exact);
  const rank = Math.abs(exact - whole) <= exact * 1e-12 ? whole : Math.ceil(exact);
  return Math.min(Math.max(rank, 1), total);
}
