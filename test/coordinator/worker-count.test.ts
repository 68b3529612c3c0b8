import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ScheduleSpec } from '../../src/api/run-spec.ts';
import { laneCount, workerCount } from '../../src/coordinator/worker-count.ts';
import { parseRate } from '../../src/units/rate.ts';
import { constant, shown, stages, wave } from '../attack/schedule/schedules.ts';
import { runSpec, workers } from './run-spec.ts';

describe('workers', () => {
  const rows: [schedule: ScheduleSpec, replicas: number, most: string | null, count: number][] = [
    [constant('5000/s'), 1, null, 1],
    [constant('999999/s'), 3, null, 3],
    [constant('5000/s'), 1, '5000/s', 1],
    [constant('5001/s'), 1, '5000/s', 2],
    [constant('10000/s'), 1, '5000/s', 2],
    [constant('10000/s'), 5, '5000/s', 5],
    [constant('6/m'), 2, '1/h', 360],
    [stages(['10/s', 1000], ['90/s', 1000], ['10/s', 1000]), 1, '30/s', 3],
    [wave('50/s', '40/s', 60_000), 1, '30/s', 3],
    [wave('50/s', '40.001/s', 60_000), 1, '30/s', 4],
  ];
  for (const [schedule, replicas, most, count] of rows) {
    test(`${shown(schedule)}, ${replicas} at least, ${most ?? 'any rate'} each: ${count}`, () => {
      const maxRatePerWorker = most === null ? null : parseRate(most);
      assert.equal(
        workerCount(runSpec({ schedule, workers: workers(replicas, { maxRatePerWorker }) })),
        count,
      );
    });
  }
});

describe('lanes of each worker', () => {
  const rows: [schedule: ScheduleSpec, replicas: number, cores: number, count: number][] = [
    [constant('1/h'), 1, 8, 1],
    [constant('5000/s'), 1, 8, 1],
    [constant('5001/s'), 1, 8, 2],
    [constant('20000/s'), 1, 8, 4],
    [constant('20000/s'), 1, 2, 2],
    [constant('20000/s'), 2, 8, 2],
    [constant('20000/s'), 3, 8, 2],
    [constant('900000/s'), 1, 0, 1],
    [wave('5000/s', '5000/s', 1000), 1, 8, 2],
  ];
  for (const [schedule, replicas, cores, count] of rows) {
    test(`${shown(schedule)} on ${replicas} with ${cores} cores: ${count}`, () => {
      assert.equal(laneCount(runSpec({ schedule, workers: workers(replicas) }), cores), count);
    });
  }

  test('are as many as the number of workers that the rate asks for leaves', () => {
    const spec = runSpec({
      schedule: constant('20000/s'),
      workers: workers(1, { maxRatePerWorker: parseRate('5000/s') }),
    });
    assert.equal(laneCount(spec, 8), 1);
  });
});
