import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arrivals } from '../../src/counting-target/arrivals.ts';

test('arrivals are counted by the second, with the first and the last instant', () => {
  const arrivals = new Arrivals();
  assert.deepEqual(arrivals.snapshot(), { firstAtMs: null, lastAtMs: null, perSecond: {}, mostInASecond: 0 });
  for (const atMs of [1000.5, 1999.999, 2000, 3500]) arrivals.add(atMs);
  assert.deepEqual(arrivals.snapshot(), {
    firstAtMs: 1000.5,
    lastAtMs: 3500,
    perSecond: { 1: 2, 2: 1, 3: 1 },
    mostInASecond: 3,
  });
});

test('the last 600 seconds that saw a request are kept', () => {
  const arrivals = new Arrivals();
  for (let second = 1; second <= 605; second++) arrivals.add(second * 2000);
  const seconds = Object.keys(arrivals.snapshot().perSecond).map(Number);
  assert.equal(seconds.length, 600);
  assert.deepEqual([seconds[0], seconds.at(-1)], [12, 1210]);
  assert.equal(arrivals.snapshot().firstAtMs, 2000);
});
