import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Terms } from '../../../src/coordinator/run/terms.ts';
import { constant } from '../../attack/schedule/schedules.ts';
import { runSpec, workers } from '../run-spec.ts';

describe('the spec that a run follows', () => {
  test('is edited, but for warm-up, start deadline and the number of samples', () => {
    const began = runSpec({ warmupMs: 1_000, startTimeoutMs: 5_000, samples: 3 });
    const terms = new Terms(began, { lanes: 1, leaseMs: 3_000 });
    terms.change(runSpec({ warmupMs: 9, startTimeoutMs: 9, samples: 9, maxLagMs: 77, workers: workers(4) }));
    const { warmupMs, startTimeoutMs, samples, maxLagMs } = terms.spec;
    assert.deepEqual([warmupMs, startTimeoutMs, samples], [1_000, 5_000, 3]);
    assert.deepEqual([maxLagMs, terms.workers], [77, 4]);
  });

  test('has the lease of the manifest, else that of the place it runs in', () => {
    const terms = new Terms(runSpec({ maxLagMs: 400 }), { lanes: 1, leaseMs: 3_000 });
    assert.deepEqual([terms.leaseMs, terms.silentMs], [3_000, 3_400]);
    terms.change(runSpec({ maxLagMs: 400, workers: workers(1, { leaseMs: 8_000 }) }));
    assert.deepEqual([terms.leaseMs, terms.silentMs], [8_000, 8_400]);
  });

  test('has lanes by the first worker that calls, for the whole run', () => {
    const spec = runSpec({ schedule: constant('40000/s'), workers: workers(2) });
    const terms = new Terms(spec, { lanes: null, leaseMs: 0 });
    assert.equal(terms.lanes, null);
    terms.countLanes(3);
    terms.countLanes(8);
    assert.equal(terms.lanes, 3, '20,000/s would be 4 lanes');
    const other = new Terms(spec, { lanes: null, leaseMs: 0 });
    other.restore(terms.record());
    other.countLanes(8);
    assert.equal(other.lanes, 3);
  });

  test('has the lanes that were asked for, whatever the cores', () => {
    const terms = new Terms(runSpec(), { lanes: 5, leaseMs: 0 });
    terms.countLanes(1);
    assert.equal(terms.lanes, 5);
  });

  test('goes on under another coordinator with the warm-up, start deadline and number of samples that it began with', () => {
    const terms = new Terms(runSpec({ warmupMs: 1_000, startTimeoutMs: 5_000, samples: 3 }), {
      lanes: 1,
      leaseMs: 0,
    });
    const other = new Terms(runSpec({ warmupMs: 9, startTimeoutMs: 9, maxLagMs: 77 }), {
      lanes: 1,
      leaseMs: 0,
    });
    other.restore(terms.record());
    const { warmupMs, startTimeoutMs, samples, maxLagMs } = other.spec;
    assert.deepEqual([warmupMs, startTimeoutMs, samples, maxLagMs], [1_000, 5_000, 3, 77]);
  });
});
