import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ScheduleSpec } from '../../../src/api/run-spec.ts';
import { curveOf, hitsUntil, peakRate, rateAt, settled } from '../../../src/attack/schedule/curve.ts';
import { Rational } from '../../../src/units/rational.ts';
import { randomStream } from '../../metrics/random.ts';
import { constant, integral, randomSchedule, shown, stages, wave } from './schedules.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** `ceil(F(T))`: how many hits are due before T. */
function scheduled(schedule: ScheduleSpec, ms: number): number {
  const curve = curveOf(schedule, schedule.kind === 'stages' ? null : ms);
  return Number(settled(curve, hitsUntil(curve, ms)).ceil());
}

describe('hits due before T, at a constant rate', () => {
  const rows: [rate: string, ms: number, hits: number][] = [
    ['5000/s', 20_000, 100_000],
    ['23/m', 300_000, 115],
    ['90/m', 1_000, 2],
    ['90/m', 60_000, 90],
    ['90/m', 60_001, 91],
    ['6/m', 10_000, 1],
    ['6/m', 10_001, 2],
    ['1/h', HOUR, 1],
    ['1/h', HOUR + 1, 2],
    ['1/h', 1, 1],
    ['1/h', 365 * DAY, 8760],
    ['0.1/s', 10_000, 1],
    ['0.1/s', 30_000, 3],
    ['3/s', 333, 1],
    ['3/s', 334, 2],
    ['7/s', 1_000, 7],
    ['0.3/s', 10_000, 3],
    ['33.3/s', 10_000, 333],
    ['1.1/s', 10_000, 11],
    ['700/h', 2 * HOUR + 1, 1401],
    ['100000/s', DAY, 8_640_000_000],
  ];
  for (const [rate, ms, hits] of rows) {
    test(`${rate} for ${ms} ms: ${hits}`, () => assert.equal(scheduled(constant(rate), ms), hits));
  }

  test('an exact rate is never taken for the integer nearby', () => {
    assert.equal(scheduled(constant('1.00000001/s'), 30_000), 31);
    assert.equal(scheduled(constant('0.99999999/s'), 30_000), 30);
  });
});

describe('hits due in stages', () => {
  const rows: [what: string, schedule: ScheduleSpec, at: [ms: number, hits: number][]][] = [
    [
      'up from 0, hold, down to 0',
      stages(['100/s', 10_000], ['100/s', 10_000], ['0/s', 10_000]),
      [
        [0, 0],
        [1, 1],
        [5_000, 125],
        [10_000, 500],
        [10_001, 501],
        [15_000, 1000],
        [20_000, 1500],
        [25_000, 1875],
        [30_000, 2000],
        [99_000, 2000],
      ],
    ],
    [
      'a plateau at 0 asks for nothing',
      stages(['10/s', 1_000], ['0/s', 1_000], ['0/s', 60_000], ['10/s', 1_000]),
      [
        [1_000, 5],
        [2_000, 10],
        [40_000, 10],
        [62_000, 10],
        [62_001, 11],
        [63_000, 15],
      ],
    ],
    ['half a hit is one that is due', stages(['1/s', 1_000]), [[1_000, 1]]],
    ['thirds stay exact', stages(['2/m', 30_000], ['2/m', 30_000]), [[60_000, 2]]],
    ['a step: a stage of a millisecond', stages(['1000/s', 1], ['1000/s', 999]), [[1_000, 1000]]],
  ];
  for (const [what, schedule, at] of rows) {
    for (const [ms, hits] of at) {
      test(`${what}: ${hits} before ${ms} ms`, () => assert.equal(scheduled(schedule, ms), hits));
    }
  }

  test('stages end by themselves, with the sum of their lengths', () => {
    assert.equal(curveOf(stages(['1/s', 1_500], ['2/s', 700]), null).endMs, 2_200);
  });
});

describe('hits due in a wave', () => {
  const rows: [schedule: ScheduleSpec, ms: number, hits: number][] = [
    [wave('10/s', '10/s', 60_000), 60_000, 600],
    // 150 + 10·60/2π = 245.493
    [wave('10/s', '10/s', 60_000), 15_000, 246],
    // 300 + 2·10·60/2π = 490.986
    [wave('10/s', '10/s', 60_000), 30_000, 491],
    [wave('10/s', '10/s', 60_000), 45_000, 546],
    [wave('10/s', '0/s', 60_000), 30_000, 300],
    [wave('10/s', '5/s', 60_000), 600_000, 6000],
    [wave('6/m', '3/m', HOUR), HOUR, 360],
    [wave('5000/s', '5000/s', 7_000), 7_000, 35_000],
    [wave('5000/s', '4999/s', 60_000), 30 * DAY, 30 * 86_400 * 5000],
    [wave('1/h', '1/h', DAY), 365 * DAY, 8760],
  ];
  for (const [schedule, ms, hits] of rows) {
    test(`${shown(schedule)} for ${ms} ms: ${hits}`, () => assert.equal(scheduled(schedule, ms), hits));
  }

  test('a count within 1e-6 of an integer is that integer, and no further', () => {
    // 30 + amplitude · 60/π: 5e-7 and 2e-6 over 30
    assert.equal(scheduled(wave('1/s', '0.000000026/s', 60_000), 30_000), 30);
    assert.equal(scheduled(wave('1/s', '0.000000105/s', 60_000), 30_000), 31);
  });
});

describe('rates', () => {
  const up = stages(['100/s', 10_000], ['100/s', 10_000], ['0/s', 10_000]);
  const rows: [what: string, schedule: ScheduleSpec, durationMs: number | null, ms: number, rate: number][] =
    [
      ['constant', constant('90/m'), null, 12_345, 1.5],
      ['constant, in its last moment', constant('90/m'), 20_000, 19_999, 1.5],
      ['constant, at its end', constant('90/m'), 20_000, 20_000, 0],
      ['a ramp at its start', up, null, 0, 0],
      ['a ramp at a quarter', up, null, 2_500, 25],
      ['a hold', up, null, 10_000, 100],
      ['a ramp down', up, null, 27_500, 25],
      ['stages at their end', up, null, 30_000, 0],
      ['a wave at its start', wave('10/s', '4/s', 60_000), null, 0, 10],
      ['a wave at its crest', wave('10/s', '4/s', 60_000), null, 15_000, 14],
      ['a wave at its trough', wave('10/s', '4/s', 60_000), null, 45_000, 6],
      ['a wave after its end', wave('10/s', '4/s', 60_000), 50_000, 75_000, 0],
    ];
  for (const [what, schedule, durationMs, ms, rate] of rows) {
    test(`${what}: ${rate}/s`, () => {
      assert.ok(Math.abs(rateAt(curveOf(schedule, durationMs), ms) - rate) < 1e-9);
    });
  }

  const peaks: [schedule: ScheduleSpec, peak: number][] = [
    [constant('90/m'), 1.5],
    [stages(['100/s', 10_000], ['30/s', 10_000], ['80/s', 10_000]), 100],
    [stages(['1/s', 10_000], ['80/s', 10_000]), 80],
    [{ kind: 'stages', stages: [{ from: Rational.of(9), to: Rational.of(3), overMs: 5 }] }, 9],
    [wave('10/s', '4/s', 60_000), 14],
  ];
  for (const [schedule, peak] of peaks) {
    test(`the highest of ${shown(schedule)} is ${peak}/s`, () => {
      assert.equal(peakRate(curveOf(schedule, null)).toNumber(), peak);
    });
  }
});

test('F is the integral of the rate, never falls and stands still after the end', () => {
  const random = randomStream(11);
  for (let round = 0; round < 300; round++) {
    const { schedule, durationMs } = randomSchedule(random);
    const curve = curveOf(schedule, durationMs);
    const last = curve.endMs ?? 200_000;
    const instants = Array.from({ length: 20 }, () => Math.floor(random() * last)).sort((a, b) => a - b);
    let before = Rational.zero;
    for (const ms of [...instants, last, last + 1, last * 2]) {
      const hits = hitsUntil(curve, ms);
      const expected = integral(schedule, curve.endMs, ms);
      const off = Math.abs(hits.toNumber() - expected);
      assert.ok(off < 2e-6 + expected * 1e-12, `${shown(schedule)} at ${ms} ms: off by ${off}`);
      assert.ok(hits.compare(before) >= 0, `${shown(schedule)} falls at ${ms} ms`);
      before = hits;
    }
  }
});
