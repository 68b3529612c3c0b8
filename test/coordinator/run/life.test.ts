import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Life } from '../../../src/coordinator/run/life.ts';

const OFFSET = 1_000_000;
const COMPLETED = { verdict: 'Completed', reason: 'all hits are done' } as const;
const FAILED = { verdict: 'Failed', reason: 'worker-0: no memory' } as const;

describe('the life of a run', () => {
  test('goes through its phases', () => {
    const life = new Life(100);
    const phases = [life.phase];
    life.begin();
    phases.push(life.phase);
    life.stop(COMPLETED, 900);
    phases.push(life.phase);
    life.finish(950);
    phases.push(life.phase);
    assert.deepEqual(phases, ['Preparing', 'Running', 'Draining', 'Ended']);
    assert.deepEqual([life.createdAt, life.stoppedAt, life.finishedAt], [100, 900, 950]);
  });

  test('may end before it has begun', () => {
    const life = new Life(0);
    life.stop(FAILED, 10);
    life.begin();
    assert.equal(life.phase, 'Draining');
  });

  test('keeps its first ending', () => {
    const life = new Life(0);
    assert.equal(life.stop(FAILED, 10), true);
    assert.equal(life.stop(COMPLETED, 20), false);
    assert.deepEqual(
      [life.ending?.verdict, life.ending?.reason, life.stoppedAt],
      ['Failed', FAILED.reason, 10],
    );
  });

  test('is written down in wall-clock times, and goes on from there on another clock', () => {
    const life = new Life(100);
    life.begin();
    assert.deepEqual(life.record(OFFSET), { createdAt: OFFSET + 100, verdict: null, finishedAt: null });
    life.stop(COMPLETED, 900);
    const record = life.record(OFFSET);
    assert.deepEqual(record.verdict, { ...COMPLETED, stoppedAt: OFFSET + 900 });
    const other = new Life(0);
    other.restore(record, OFFSET - 50);
    assert.deepEqual([other.phase, other.createdAt, other.stoppedAt], ['Draining', 150, 950]);
  });

  test('one that was over comes to its end once more', () => {
    const life = new Life(0);
    life.stop(COMPLETED, 900);
    life.finish(950);
    const record = life.record(OFFSET);
    assert.equal(record.finishedAt, OFFSET + 950);
    const other = new Life(0);
    other.restore(record, OFFSET);
    assert.equal(other.phase, 'Draining');
  });
});
