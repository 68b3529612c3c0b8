import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Patience, type PatienceOptions, type Waiting } from '../../../src/worker/conversation/patience.ts';

function patience(differences: Partial<PatienceOptions> = {}): Patience {
  return new Patience({
    firstAnswerMs: 60_000,
    lastWordMs: 10_000,
    graceMs: Number.POSITIVE_INFINITY,
    ...differences,
  });
}

/** A worker that goes on in order, at an instant; say what differs. */
function at(now: number, differences: Partial<Waiting> = {}): Waiting {
  return { now, answeredAt: now, isTold: true, endedAt: null, ...differences };
}

describe('the patience of a worker', () => {
  test('has no end while it is answered', () => {
    const it = patience();
    assert.deepEqual([it.stopReason(at(1e9)), it.end(at(1e9))], [null, null]);
  });

  test('waits so long for a first answer, and then goes', () => {
    const it = patience({ firstAnswerMs: 60_000 });
    const untold = { answeredAt: 0, isTold: false };
    assert.equal(it.end(at(60_000, untold)), null);
    assert.equal(it.end(at(60_001, untold)), 'the coordinator gave no answer');
    assert.equal(it.end(at(60_001, { answeredAt: 0 })), null, 'later silence is the business of its lease');
  });

  test('waits so long for its last word to be saved', () => {
    const it = patience({ lastWordMs: 10_000 });
    assert.equal(it.end(at(15_000, { endedAt: 5_000 })), null);
    assert.equal(it.end(at(15_001, { endedAt: 5_000 })), 'its last counts are not saved');
  });

  test('once it is to leave, it waits for a successor as long as it is answered', () => {
    const it = patience();
    assert.deepEqual([it.leave(1_000), it.leave(2_000)], [true, false]);
    assert.equal(it.stopReason(at(1e9)), null);
    assert.equal(it.end(at(1e9)), null);
  });

  test('once it is to leave, it waits 5 s for an answer', () => {
    const it = patience();
    it.leave(1_000);
    assert.equal(it.stopReason(at(6_000, { answeredAt: 0 })), null, 'silence before counts for nothing');
    assert.match(it.stopReason(at(6_001, { answeredAt: 0 }))!, /gave no answer/);
    assert.equal(it.stopReason(at(6_001, { answeredAt: 1_500 })), null);
    assert.match(it.stopReason(at(6_501, { answeredAt: 1_500 }))!, /gave no answer/);
  });

  test('of 30 s that a pod has, it sends for 18 and speaks for 27', () => {
    const it = patience({ graceMs: 30_000 });
    it.leave(0);
    assert.equal(it.stopReason(at(18_000)), null);
    assert.match(it.stopReason(at(18_001))!, /its time is up/);
    assert.equal(it.end(at(27_000)), null);
    assert.equal(it.end(at(27_001)), 'its last counts are not saved');
  });
});
