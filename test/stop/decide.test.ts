import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StopSpec } from '../../src/api/run-spec.ts';
import { decide, type VotingWorker } from '../../src/stop/decide.ts';

/** Workers `w0`, `w1`, … with these votes of 3. */
const workers = (...votes: number[]): VotingWorker[] =>
  votes.map((count, index) => ({ name: `w${index}`, votes: count, limit: 3 }));

describe('decision', () => {
  const rows: [StopSpec['decidedBy'], votes: number[], decider: string | null][] = [
    ['AnyWorker', [], null],
    ['AnyWorker', [2, 2, 2], null],
    ['AnyWorker', [0, 3, 0], 'w1'],
    ['MajorityOfWorkers', [], null],
    ['MajorityOfWorkers', [3], 'w0'],
    ['MajorityOfWorkers', [3, 2], null],
    ['MajorityOfWorkers', [3, 3], 'w0'],
    ['MajorityOfWorkers', [3, 2, 2], null],
    ['MajorityOfWorkers', [2, 3, 3], 'w1'],
    ['MajorityOfWorkers', [3, 3, 2, 2], null],
    ['MajorityOfWorkers', [3, 3, 3, 2], 'w0'],
    ['AllWorkers', [], null],
    ['AllWorkers', [3, 3, 2], null],
    ['AllWorkers', [3, 3, 3], 'w0'],
  ];
  for (const [decidedBy, votes, decider] of rows) {
    test(`${decidedBy} of ${votes.join(', ') || 'nobody'}: ${decider ?? 'goes on'}`, () => {
      assert.equal(decide(workers(...votes), decidedBy)?.worker ?? null, decider);
    });
  }

  test('names all workers at their limit, each at its own', () => {
    const mixed = [
      { name: 'a', votes: 5, limit: 10 },
      { name: 'b', votes: 5, limit: 5 },
      { name: 'c', votes: 2, limit: 2 },
    ];
    assert.deepEqual(decide(mixed, 'AnyWorker'), { worker: 'b', atLimit: ['b', 'c'], live: 3 });
  });

  test('a worker without a limit never decides', () => {
    const unlimited = { name: 'a', votes: 0, limit: 0 };
    for (const decidedBy of ['AnyWorker', 'MajorityOfWorkers', 'AllWorkers'] as const) {
      assert.equal(decide([unlimited], decidedBy), null);
    }
  });
});
