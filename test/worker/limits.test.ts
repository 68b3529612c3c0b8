import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ScheduleSpec } from '../../src/api/run-spec.ts';
import { RunPlan } from '../../src/coordinator/course/run-plan.ts';
import { parseRate } from '../../src/units/rate.ts';
import { excessOf } from '../../src/worker/limits.ts';

const rate = parseRate;

function segmentsOf(schedule: ScheduleSpec, suspended = false) {
  const rest = {
    durationMs: 60_000,
    warmupMs: 0,
    hitLimit: null,
    stripes: 4,
    owners: { a: [0], b: [1, 2, 3] },
  };
  return new RunPlan({ schedule, suspended, ...rest }).segments;
}

suite('the most that a whole test may send', () => {
  const peaks: [name: string, schedule: ScheduleSpec, peak: string][] = [
    ['a constant rate', { kind: 'constant', rate: rate('100/s') }, '100/s'],
    ['one in minutes', { kind: 'constant', rate: rate('7/m') }, '7/m'],
    [
      'the top of stages, up and down',
      {
        kind: 'stages',
        stages: [
          { from: rate('0/s'), to: rate('300/s'), overMs: 10_000 },
          { from: rate('300/s'), to: rate('10/s'), overMs: 10_000 },
        ],
      },
      '300/s',
    ],
    [
      'the crest of a wave',
      { kind: 'wave', mean: rate('100/s'), amplitude: rate('50/s'), periodMs: 10_000 },
      '150/s',
    ],
  ];
  for (const [name, schedule, peak] of peaks) {
    test(`is held against ${name}`, () => {
      const segments = segmentsOf(schedule);
      assert.equal(excessOf(segments, rate(peak)), null);
      assert.equal(excessOf(segments, null), null);
      const less = rate(peak).times(rate('0.99/s'));
      assert.match(
        excessOf(segments, less)!,
        /^the test would reach .*\/s, and this cluster allows .* at most$/,
      );
    });
  }

  test('is no matter while nothing is due', () => {
    assert.equal(excessOf(segmentsOf({ kind: 'constant', rate: rate('100/s') }, true), rate('1/s')), null);
    assert.equal(excessOf([], rate('1/s')), null);
  });

  test('does not hold for what was due to others before', () => {
    const [segment] = segmentsOf({ kind: 'constant', rate: rate('100/s') });
    const others = { ...segment!, owners: {} };
    const [own] = segmentsOf({ kind: 'constant', rate: rate('50/s') });
    assert.equal(excessOf([others, own!], rate('50/s')), null);
  });

  test('names both rates', () => {
    const segments = segmentsOf({ kind: 'constant', rate: rate('100/s') });
    assert.equal(
      excessOf(segments, rate('50/s')),
      'the test would reach 100/s, and this cluster allows 50/s at most',
    );
  });
});
