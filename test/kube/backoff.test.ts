import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../src/kube/backoff.ts';
import { KeyBackoff } from '../../src/kube/key-backoff.ts';
import { TokenBucket } from '../../src/kube/token-bucket.ts';
import { FakeClock } from '../attack/fake-clock.ts';

const options = { firstMs: 500, mostMs: 30_000, forgetMs: 60_000 };

test('each wait is twice the one before, up to the longest', () => {
  const clock = new FakeClock();
  const backoff = new Backoff({ ...options, clock, random: () => 1 });
  const waits = Array.from({ length: 8 }, () => {
    const waitMs = backoff.next();
    clock.by(waitMs);
    return waitMs;
  });
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test('half of a wait is by chance', () => {
  assert.equal(new Backoff({ ...options, clock: new FakeClock(), random: () => 0 }).next(), 250);
  assert.equal(new Backoff({ ...options, clock: new FakeClock(), random: () => 0.5 }).next(), 375);
});

test('after a minute without a failure the first wait comes again, and not before', () => {
  const clock = new FakeClock();
  const backoff = new Backoff({ ...options, clock, random: () => 1 });
  backoff.next();
  clock.by(500 + 59_999);
  assert.equal(backoff.next(), 1000);
  clock.by(1000 + 60_000);
  assert.equal(backoff.next(), 500);
});

test('each key has its own wait, from how often it failed in a row', () => {
  const backoff = new KeyBackoff({ firstMs: 5, mostMs: 1000 });
  assert.deepEqual(
    [1, 2, 3].map(() => backoff.failed('a')),
    [5, 10, 20],
  );
  assert.equal(backoff.failed('b'), 5);
  assert.deepEqual([backoff.failures('a'), backoff.failures('c')], [3, 0]);
  for (let i = 0; i < 2000; i++) backoff.failed('a');
  assert.equal(backoff.failed('a'), 1000);
  backoff.forget('a');
  assert.equal(backoff.failed('a'), 5);
});

test('a bucket gives a burst, then its rate', () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket(clock, 20, 3);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => bucket.take()),
    [true, true, true, false],
  );
  clock.by(49);
  assert.equal(bucket.take(), false);
  clock.by(1);
  assert.deepEqual([bucket.take(), bucket.take()], [true, false]);
  clock.by(10_000);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => bucket.take()),
    [true, true, true, false],
  );
});

test('a bucket gives tokens ahead, each with its time, and none twice', () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket(clock, 20, 1);
  assert.deepEqual(
    [1, 2, 3].map(() => bucket.reserve()),
    [0, 50, 100],
  );
  clock.by(100);
  assert.equal(bucket.take(), false);
  clock.by(50);
  assert.equal(bucket.take(), true);
});
