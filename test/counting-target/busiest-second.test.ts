import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BusiestSecond } from '../../src/counting-target/busiest-second.ts';

function mostOf(arrivals: readonly number[]): number {
  const busiest = new BusiestSecond();
  for (const atMs of arrivals) busiest.add(atMs);
  return busiest.most;
}

test('the busiest second begins anywhere, and has both its ends', () => {
  assert.equal(mostOf([]), 0);
  assert.equal(mostOf([0, 1000]), 2);
  assert.equal(mostOf([0, 1000.1]), 1);
  // 3 in each second of the clock, 5 between 600 and 1600.
  assert.equal(mostOf([100, 600, 900, 1100, 1300, 1600, 2500]), 5);
});

test('it remembers the most, however many come after', () => {
  const evenly = Array.from({ length: 5000 }, (_, i) => i * 10);
  const burst = Array.from({ length: 3000 }, () => 60_000);
  const later = Array.from({ length: 5000 }, (_, i) => 70_000 + i * 10);
  assert.equal(mostOf(evenly), 101);
  assert.equal(mostOf([...evenly, ...burst, ...later]), 3000);
});
