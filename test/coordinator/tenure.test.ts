import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Tenure } from '../../src/coordinator/tenure.ts';

describe('the time of a coordinator at a run', () => {
  test('begins at once where it is the first, else when that is written down', () => {
    assert.equal(new Tenure(1, null).isClaimed, true);
    const successor = new Tenure(2, 1_000);
    assert.equal(successor.isClaimed, false);
    successor.claim();
    assert.equal(successor.isClaimed, true);
  });

  test('goes on while it retires, until another has the run', () => {
    const tenure = new Tenure(1, null);
    tenure.retire();
    assert.deepEqual([tenure.isRetiring, tenure.isOver], [true, false]);
    tenure.end();
    assert.equal(tenure.isOver, true);
  });

  test('workers are given 15 s to find a successor, whatever they were to answer to', () => {
    const first = new Tenure(1, null);
    assert.equal(first.since(500, 2_000), 1_500);
    const successor = new Tenure(2, 1_000);
    assert.equal(successor.since(500, 2_000), -14_000, 'before they can have found it');
    assert.equal(successor.since(500, 17_000), 1_000);
    assert.equal(successor.since(20_000, 20_300), 300, 'what came later counts from then on');
  });
});
