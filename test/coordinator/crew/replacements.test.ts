import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Replacements } from '../../../src/coordinator/crew/replacements.ts';
import { FakeClock } from '../../attack/fake-clock.ts';

const MINUTES = 60_000;

test('three within five minutes, each after a longer wait; then none', () => {
  const replacements = new Replacements(new FakeClock(777));
  assert.deepEqual(
    [0, 1, 2, 3, 4].map(() => replacements.next(0)),
    [0, 250, 1000, null, null],
  );
});

test('each worker has its own three', () => {
  const replacements = new Replacements(new FakeClock());
  for (let time = 0; time < 3; time++) replacements.next(0);
  assert.deepEqual([replacements.next(0), replacements.next(1), replacements.next(2)], [null, 0, 0]);
});

test('what is five minutes ago is forgotten', () => {
  const clock = new FakeClock();
  const replacements = new Replacements(clock);
  assert.equal(replacements.next(0), 0);
  clock.to(4 * MINUTES);
  assert.deepEqual([replacements.next(0), replacements.next(0)], [250, 1000]);
  clock.to(5 * MINUTES - 0.001);
  assert.equal(replacements.next(0), null);
  clock.to(5 * MINUTES);
  assert.equal(replacements.next(0), 1000);
  clock.to(9 * MINUTES);
  assert.equal(replacements.next(0), 250);
});

test('one that was refused does not count', () => {
  const clock = new FakeClock();
  const replacements = new Replacements(clock);
  for (let time = 0; time < 3; time++) replacements.next(0);
  for (; clock.now() < 5 * MINUTES - 1000; clock.by(1000)) assert.equal(replacements.next(0), null);
  clock.to(5 * MINUTES);
  assert.equal(replacements.next(0), 0);
});
