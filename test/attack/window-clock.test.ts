import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Segment } from '../../src/attack/schedule/segment.ts';
import { WindowClock } from '../../src/attack/window-clock.ts';
import { RunPlan } from '../../src/coordinator/run-plan.ts';
import { constant } from './schedule/schedules.ts';

/** A run of 10 hits/s; at each instant given it is suspended or resumed, in turn. */
function segments(...turns: number[]): Segment[] {
  const goal = {
    schedule: constant('10/s'),
    durationMs: null,
    warmupMs: 0,
    hitLimit: null,
    stripes: 1,
    owners: {},
  };
  const plan = new RunPlan({ ...goal, suspended: false });
  turns.forEach((runMs, index) => plan.join(runMs, { ...goal, suspended: index % 2 === 0 }));
  return plan.segments;
}

/** When the first windows end. */
function ends(windows: WindowClock, count: number): number[] {
  return Array.from({ length: count }, () => {
    const { endsAt } = windows;
    windows.index++;
    return endsAt;
  });
}

describe('windows end', () => {
  const rows: [what: string, warmupMs: number, turns: number[], ends: number[]][] = [
    ['one after another', 0, [], [1000, 2000, 3000]],
    ['from the end of the warm-up on', 2500, [], [3500, 4500, 5500]],
    ['later by what the run was suspended', 0, [1400, 5400], [1000, 6000, 7000]],
    ['after a suspension in the warm-up', 1000, [400, 5400], [7000, 8000, 9000]],
    ['before a suspension that begins at that instant', 0, [2000, 9000], [1000, 2000, 10_000]],
    ['nobody knows when, while the run is suspended', 0, [1400], [1000, Infinity, Infinity]],
    [
      'as if nothing was, where it was suspended twice for no time',
      0,
      [1400, 1400, 1500, 1500],
      [1000, 2000],
    ],
  ];
  for (const [what, warmupMs, turns, expected] of rows) {
    test(what, () => {
      const windows = new WindowClock(warmupMs, 1000);
      windows.follow(segments(...turns));
      assert.deepEqual(ends(windows, expected.length), expected);
    });
  }

  test('at no time before there is a plan', () => {
    assert.equal(new WindowClock(0, 1000).endsAt, Infinity);
  });

  test('when the first known stretch begins, where older ones are forgotten', () => {
    const windows = new WindowClock(0, 1000);
    windows.follow(segments(10_500, 12_500).slice(2));
    assert.equal(windows.endsAt, 12_500);
    windows.skipTo(12_400);
    assert.equal(windows.index, 0);
    windows.skipTo(12_500);
    assert.equal(windows.index, 10);
    assert.equal(windows.endsAt, 13_000);
  });
});

describe('a lane that begins late', () => {
  const rows: [runMs: number, turns: number[], index: number][] = [
    [-250, [], 0],
    [0, [], 0],
    [999, [], 0],
    [1000, [], 1],
    [57_300, [], 57],
    [9000, [1400], 1],
    [6000, [1400, 5400], 2],
  ];
  for (const [runMs, turns, index] of rows) {
    test(`at ${runMs} ms begins with window ${index}${turns.length === 0 ? '' : `, turns at ${turns.join()}`}`, () => {
      const windows = new WindowClock(0, 1000);
      windows.follow(segments(...turns));
      windows.skipTo(runMs);
      assert.equal(windows.index, index);
    });
  }
});
