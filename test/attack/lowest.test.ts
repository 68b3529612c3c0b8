import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lowest } from '../../src/attack/lowest.ts';
import { randomStream } from '../metrics/random.ts';

test('those of the lowest keys are kept, in whatever order they come', () => {
  const random = randomStream(1);
  for (const size of [1, 2, 3, 7, 64]) {
    const keys = Array.from({ length: 500 }, () => random());
    const lowest = new Lowest<number>(size);
    for (const [index, key] of keys.entries()) {
      lowest.add(key, key);
      const expected = keys.slice(0, index + 1).sort((a, b) => a - b);
      assert.equal(lowest.bound, index + 1 < size ? Number.POSITIVE_INFINITY : expected[size - 1]);
    }
    assert.deepEqual(
      [...lowest.items].sort((a, b) => a - b),
      keys.sort((a, b) => a - b).slice(0, size),
    );
  }
});

test('one of no size keeps nothing', () => {
  const none = new Lowest<string>(0);
  none.add(-1, 'a');
  assert.equal(none.bound, Number.NEGATIVE_INFINITY);
  assert.deepEqual(none.items, []);
});
