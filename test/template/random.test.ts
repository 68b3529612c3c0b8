import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../src/template/random.ts';

const lane = { lane: 0, lanes: 4, replacement: 0 };
const draws = (random: Random, n = 8) => Array.from({ length: n }, () => random.float());

test('the same seed, lane, replacement and stream give the same numbers', () => {
  assert.deepEqual(draws(createRandom('42', lane, 'fake')), draws(createRandom('42', { ...lane }, 'fake')));
});

test('the numbers of a seed never change from one version to the next', () => {
  const random = createRandom('42', lane, 'events');
  assert.deepEqual(
    Array.from({ length: 6 }, () => random.int(1000)),
    [101, 962, 377, 967, 317, 254],
  );
});

test('another seed, lane, replacement or stream gives other numbers', () => {
  const streams = [
    createRandom('42', lane, 'fake'),
    createRandom('43', lane, 'fake'),
    createRandom('42', { ...lane, lane: 1 }, 'fake'),
    createRandom('42', { ...lane, replacement: 1 }, 'fake'),
    createRandom('42', lane, 'events'),
    createRandom('42', lane),
    // Parts that only look alike when they are put together without a border.
    createRandom('4', { ...lane, lane: 20 }, 'fake'),
    createRandom('', { ...lane, lane: 42 }, 'fake'),
  ];
  assert.equal(new Set(streams.map((random) => random.float())).size, streams.length);
});

test('how many lanes there are plays no part: scaling keeps the data of the lanes that were there', () => {
  assert.deepEqual(draws(createRandom('42', lane)), draws(createRandom('42', { ...lane, lanes: 9 })));
});

test('without a seed each stream is another', () => {
  assert.notDeepEqual(draws(createRandom(null, lane)), draws(createRandom(null, lane)));
  assert.equal(createRandom(null, lane).seeded, false);
  assert.equal(createRandom('', lane).seeded, true);
});

test('floats are uniform in [0, 1): mean, variance and every sixteenth within 4 standard deviations', () => {
  const n = 160_000;
  const random = createRandom('uniform', lane);
  const buckets = new Array<number>(16).fill(0);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const value = random.float();
    assert.ok(value >= 0 && value < 1);
    buckets[Math.floor(value * 16)]!++;
    sum += value;
  }
  assert.ok(Math.abs(sum / n - 0.5) < 4 * Math.sqrt(1 / 12 / n));
  for (const count of buckets) assert.ok(Math.abs(count - n / 16) < 4 * Math.sqrt((n * 15) / 256));
});

test('one draw says nothing about the next', () => {
  const n = 100_000;
  const random = createRandom('pairs', lane);
  let sum = 0;
  let last = random.float();
  for (let i = 0; i < n; i++) {
    const next = random.float();
    sum += (last - 0.5) * (next - 0.5);
    last = next;
  }
  assert.ok(Math.abs(sum / n) < 4 / 12 / Math.sqrt(n));
});

test('int gives every whole number below its limit, and never the limit', () => {
  const random = createRandom('int', lane);
  const seen = new Set(Array.from({ length: 1000 }, () => random.int(7)));
  assert.deepEqual(seen, new Set([0, 1, 2, 3, 4, 5, 6]));
  assert.equal(random.int(1), 0);
  const large = Array.from({ length: 200 }, () => random.int(2 ** 53));
  assert.ok(large.every((value) => Number.isSafeInteger(value) && value < 2 ** 53));
  assert.ok(
    large.some((value) => value > 2 ** 52) && large.some((value) => value % 2 === 1),
    'all 53 bits are drawn',
  );
});

test('int refuses limits below which there is nothing', () => {
  const random = createRandom('int', lane);
  for (const below of [0, -1, 0.5, Number.NaN]) {
    assert.throws(() => random.int(below), { name: 'RangeError', message: new RegExp(`below ${below} `) });
  }
});
