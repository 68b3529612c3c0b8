import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  bucketHigh,
  bucketLow,
  bucketMiddle,
  bucketOf,
  HISTOGRAM_BUCKETS,
  Histogram,
} from '../../src/metrics/histogram.ts';
import { randomStream } from './random.ts';

const LAST = HISTOGRAM_BUCKETS - 1;

function histogramOf(values: Iterable<number>): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('buckets', () => {
  test('64 exact ones, then 64 for each of the powers from 2⁶ to 2³¹', () => {
    assert.equal(HISTOGRAM_BUCKETS, 64 + 26 * 64);
  });

  const rows: [valueUs: number, bucket: number, low: number, high: number, middle: number][] = [
    [0, 0, 0, 1, 0],
    [0.999, 0, 0, 1, 0],
    [1, 1, 1, 2, 1],
    [63.9, 63, 63, 64, 63],
    [64, 64, 64, 65, 64.5],
    [127, 127, 127, 128, 127.5],
    [128, 128, 128, 130, 129],
    [129.9, 128, 128, 130, 129],
    [130, 129, 130, 132, 131],
    [255, 191, 254, 256, 255],
    [256, 192, 256, 260, 258],
    [1000, 317, 1000, 1008, 1004],
    [1_000_000, 954, 999_424, 1_007_616, 1_003_520],
    [2 ** 31 - 1, 1663, 2 ** 31 - 2 ** 24, 2 ** 31, 2 ** 31 - 2 ** 23],
    [2 ** 31, 1664, 2 ** 31, 2 ** 31 + 2 ** 25, 2 ** 31 + 2 ** 24],
    [2 ** 32 - 1, LAST, 2 ** 32 - 2 ** 25, 2 ** 32, 2 ** 32 - 2 ** 24],
  ];
  for (const [valueUs, bucket, low, high, middle] of rows) {
    test(`${valueUs} µs is in bucket ${bucket}: [${low}, ${high}), shown as ${middle}`, () => {
      assert.equal(bucketOf(valueUs), bucket);
      assert.equal(bucketLow(bucket), low);
      assert.equal(bucketHigh(bucket), high);
      assert.equal(bucketMiddle(bucket), middle);
    });
  }

  test('they follow one another without gap or overlap, and each holds its edge and its middle', () => {
    assert.equal(bucketLow(0), 0);
    for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
      const high = bucketHigh(bucket);
      if (bucket < LAST) assert.equal(high, bucketLow(bucket + 1));
      assert.equal(bucketOf(bucketLow(bucket)), bucket);
      assert.equal(bucketOf(bucketMiddle(bucket)), bucket);
      assert.equal(bucketOf(high - 2 ** -20), bucket);
    }
  });

  test('the middle is off by less than 1 % of any time from 64 µs on, and exact for whole ones below', () => {
    for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
      const middle = bucketMiddle(bucket);
      if (bucket < 64) assert.equal(middle, bucket);
      else {
        for (const value of [bucketLow(bucket), bucketHigh(bucket) - 1e-6]) {
          assert.ok(Math.abs(middle - value) <= value * 0.01, `${value} is shown as ${middle}`);
        }
      }
    }
  });

  const hostile: [what: string, valueUs: number, bucket: number][] = [
    ['NaN', Number.NaN, 0],
    ['-1', -1, 0],
    ['-0', -0, 0],
    ['-Infinity', Number.NEGATIVE_INFINITY, 0],
    ['the least number', Number.MIN_VALUE, 0],
    ['2³²', 2 ** 32, LAST],
    ['2³² + 5', 2 ** 32 + 5, LAST],
    ['the greatest number', Number.MAX_VALUE, LAST],
    ['Infinity', Number.POSITIVE_INFINITY, LAST],
  ];
  for (const [what, valueUs, bucket] of hostile) {
    test(`${what} counts in bucket ${bucket}`, () => assert.equal(bucketOf(valueUs), bucket));
  }
});

describe('percentiles by nearest rank', () => {
  const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);
  const rows: [what: string, values: number[], p: number, expected: number][] = [
    ['of nothing', [], 50, 0],
    ['of one time, any', [7], 0, 7],
    ['of one time, any', [7], 99.9, 7],
    ['p50 of 1 and 2 is the 1st', [1, 2], 50, 1],
    ['p51 of 1 and 2 is the 2nd', [1, 2], 51, 2],
    ['p0 is the shortest', [9, 3, 5], 0, 3],
    ['p100 is the longest', [9, 3, 5], 100, 9],
    ['p50 of 1 to 10 is the 5th', upTo(10), 50, 5],
    ['p99 of 1 to 50 is the 50th', upTo(50), 99, 50],
    ['p98 of 1 to 50 is the 49th', upTo(50), 98, 49],
    ['p90 of 20 small and 1 large', [...new Array(20).fill(1), 60], 90, 1],
    ['p96 of 20 small and 1 large', [...new Array(20).fill(1), 60], 96, 60],
    ['p99.9 of 3,000 is the 2,997th', [...new Array(2997).fill(1), 2, 3, 4], 99.9, 1],
    ['p99.9 of 3,001 is the 2,998th', [...new Array(2997).fill(1), 2, 3, 4, 5], 99.9, 2],
  ];
  for (const [what, values, p, expected] of rows) {
    test(`${what} (p${p}): ${expected} µs`, () => assert.equal(histogramOf(values).percentile(p), expected));
  }

  test('a whole rank is met exactly for every percentile with three digits and many totals', () => {
    for (let thousandths = 1; thousandths <= 1000; thousandths += 13) {
      for (const total of [1000, 3000, 7000, 999_000, 123_456_000]) {
        const histogram = new Histogram();
        const rank = (thousandths * total) / 1000;
        histogram.counts[1] = rank;
        histogram.counts[2] = total - rank;
        assert.equal(histogram.percentile(thousandths / 10), 1, `p${thousandths / 10} of ${total}`);
      }
    }
  });

  test('never above the longest time, where it is known', () => {
    const histogram = histogramOf([1_000_000]);
    assert.equal(histogram.percentile(99), 1_003_520);
    assert.equal(histogram.percentile(99, 1_000_000), 1_000_000);
    assert.equal(histogram.percentile(99, 1_005_000), 1_003_520);
  });

  const distributions: [what: string, draw: (random: () => number) => number][] = [
    ['even', (random) => random() * 100_000],
    ['exponential', (random) => -5000 * Math.log(1 - random())],
    ['with a heavy tail', (random) => 200 / (1 - random()) ** 1.2],
    ['of two humps', (random) => (random() < 0.95 ? 800 + 100 * random() : 2e6 + 1e5 * random())],
    ['over all magnitudes', (random) => 2 ** (32 * random())],
    ['of one value', () => 123_456],
  ];
  for (const [what, draw] of distributions) {
    test(`times ${what}: within 1 % of the sorted samples`, () => {
      for (const [seed, size] of [
        [1, 1],
        [2, 10],
        [3, 999],
        [4, 20_000],
      ] as const) {
        const random = randomStream(seed);
        const samples = Float64Array.from({ length: size }, () => draw(random)).sort();
        const histogram = histogramOf(samples);
        for (const p of [0, 1, 10, 50, 75, 90, 95, 99, 99.9, 100]) {
          const exact = samples[Math.max(Math.ceil((p * size) / 100 - 1e-9), 1) - 1]!;
          const found = histogram.percentile(p, samples[size - 1]);
          // Fractions of a µs are cut off.
          assert.ok(
            Math.abs(found - exact) <= Math.max(exact * 0.01, 1),
            `p${p} of ${size}: ${found}, not ${exact}`,
          );
        }
      }
    });
  }
});

test('merging gives the histogram of all times, exactly', () => {
  const random = randomStream(5);
  const parts = Array.from({ length: 4 }, () => Array.from({ length: 5000 }, () => 2 ** (34 * random())));
  const merged = new Histogram();
  for (const part of parts) merged.add(histogramOf(part));
  assert.deepEqual(merged.counts, histogramOf(parts.flat()).counts);
  assert.equal(merged.total(), 20_000);
});

test('it counts in the view that it is given, and touches nothing beside', () => {
  const values = new Float64Array(HISTOGRAM_BUCKETS + 2);
  const histogram = new Histogram(values.subarray(1, 1 + HISTOGRAM_BUCKETS));
  histogram.record(0);
  histogram.record(Number.MAX_VALUE);
  assert.equal(values[0], 0);
  assert.equal(values[1], 1);
  assert.equal(values[HISTOGRAM_BUCKETS], 1);
  assert.equal(values[HISTOGRAM_BUCKETS + 1], 0);
});

test('an array of another length is refused', () => {
  assert.throws(() => new Histogram(new Float64Array(10)), /1728 buckets, not 10/);
});
