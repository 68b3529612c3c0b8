import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StopSpec } from '../../src/api/run-spec.ts';
import { WindowTally } from '../../src/metrics/window.ts';
import { Ballot } from '../../src/worker/ballot.ts';
import { stopSpec } from '../coordinator/run-spec.ts';

const TEMPLATE = 3;
const LATE = 1;

/** A window of ten hits of which so many failed. */
function window(failed: number): WindowTally {
  const it = new WindowTally();
  for (let hit = 0; hit < 10; hit++) {
    it.send(0);
    if (hit < failed) it.fail(1000, 0);
    else it.succeed(1000, 0);
  }
  return it;
}

function ballot(stopWhen: StopSpec | null, warmupMs: number) {
  const it = new Ballot();
  const notes: string[] = [];
  it.note = (line) => notes.push(line);
  it.follow(stopWhen, warmupMs, 0);
  return { it, notes };
}

describe('a ballot', () => {
  test('tells of void windows one after another twice: when they begin, and how many they were', () => {
    const { it, notes } = ballot(null, 0);
    const slow = window(0);
    for (let hit = 0; hit < 5; hit++) slow.drop(LATE);
    [slow, slow, slow, window(0), slow, window(0), slow, slow, window(0)].forEach((each, index) => {
      it.count(index, each);
    });
    assert.deepEqual(
      notes.map((note) => note.replace(/, the load.*/, '')),
      [
        'window 1 (0s to 10s) is void',
        'and so were the 2 after it',
        'window 5 (40s to 50s) is void',
        'window 7 (1m to 1m10s) is void',
        'and so was the one after it',
      ],
    );
  });

  test('counts votes up to the limit and back, with the last reason', () => {
    const { it } = ballot(stopSpec({ votes: 2, windowMs: 10_000 }), 30_000);
    const seen: [number, boolean, string][] = [];
    [5, 0, 5, 5, 5, 0, 0].forEach((failed, index) => {
      assert.equal(it.count(index, window(failed)), false);
      seen.push([it.votes, it.atLimit, it.reason]);
    });
    assert.deepEqual(seen, [
      [1, false, 'window 1 (30s to 40s): success 50 % < 98 %'],
      [0, false, ''],
      [1, false, 'window 3 (50s to 1m): success 50 % < 98 %'],
      [2, true, 'window 4 (1m to 1m10s): success 50 % < 98 %'],
      [2, true, 'window 5 (1m10s to 1m20s): success 50 % < 98 %'],
      [1, false, 'window 5 (1m10s to 1m20s): success 50 % < 98 %'],
      [0, false, ''],
    ]);
  });

  test('without a rule never votes, and still looks at the generator and the templates', () => {
    const { it, notes } = ballot(null, 0);
    assert.deepEqual(it.windows, [{ from: 0, index: 0, windowMs: 10_000 }]);
    it.count(0, window(10));
    assert.deepEqual([it.votes, it.atLimit, it.reason, it.saturated], [0, false, '', false]);
    const slow = window(0);
    for (let hit = 0; hit < 5; hit++) slow.drop(LATE);
    it.count(1, slow);
    assert.equal(it.saturated, true);
    assert.deepEqual(notes, [
      'window 2 (10s to 20s) is void, the load generator itself was too slow: own drops 33.3 % > 1 % (late 5, local 0)',
    ]);
    const broken = new WindowTally();
    for (let hit = 0; hit < 5; hit++) broken.drop(TEMPLATE);
    assert.equal(it.count(2, broken), true);
  });

  test('a void window changes no vote', () => {
    const { it } = ballot(stopSpec({ votes: 3 }), 0);
    it.count(0, window(10));
    const slow = window(10);
    for (let hit = 0; hit < 5; hit++) slow.drop(LATE);
    it.count(1, slow);
    assert.equal(it.votes, 1);
    it.count(2, window(0));
    assert.deepEqual([it.votes, it.saturated], [0, true]);
  });

  test('keeps its votes when the rule changes and the limit stays, and forgets them with the limit', () => {
    const { it } = ballot(stopSpec({ votes: 3 }), 0);
    it.count(0, window(5));
    it.count(1, window(5));
    it.follow(stopSpec({ votes: 3, successBelow: 0.3 }), 0, 0);
    assert.equal(it.votes, 2);
    it.count(2, window(5));
    assert.equal(it.votes, 1);
    it.follow(stopSpec({ votes: 4 }), 0, 0);
    assert.equal(it.votes, 0);
    it.count(3, window(5));
    it.follow(null, 0, 0);
    assert.deepEqual([it.votes, it.atLimit, it.reason], [0, false, '']);
  });

  test('a window with a hit that did not fail in its template goes on', () => {
    const { it } = ballot(stopSpec(), 0);
    const mixed = window(0);
    for (let hit = 0; hit < 90; hit++) mixed.drop(TEMPLATE);
    assert.equal(it.count(0, mixed), false);
  });
});
