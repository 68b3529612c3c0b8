import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Segment } from '../../src/attack/schedule/segment.ts';
import { WindowClock } from '../../src/attack/window-clock.ts';
import { RunPlan } from '../../src/coordinator/course/run-plan.ts';
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

/** Windows of 1 s from the end of the warm-up on. */
function clock(warmupMs: number, known: Segment[]): WindowClock {
  const windows = new WindowClock();
  windows.follow(known, [{ from: warmupMs, index: 0, windowMs: 1000 }]);
  return windows;
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
      const windows = clock(warmupMs, segments(...turns));
      assert.deepEqual(ends(windows, expected.length), expected);
    });
  }

  test('at no time before there is a plan', () => {
    assert.equal(new WindowClock().endsAt, Infinity);
    assert.equal(clock(0, []).endsAt, Infinity);
  });

  test('when the first known stretch begins, where older ones are forgotten', () => {
    const windows = clock(0, segments(10_500, 12_500).slice(2));
    assert.equal(windows.endsAt, 12_500);
    windows.skipTo(12_400);
    assert.equal(windows.index, 0);
    windows.skipTo(12_500);
    assert.equal(windows.index, 10);
    assert.equal(windows.endsAt, 13_000);
  });
});

describe('windows of another length', () => {
  /** Two of 1 s, then two of 3 s, then such of 0.5 s. */
  const stretches = [
    { from: 500, index: 0, windowMs: 1000 },
    { from: 2500, index: 2, windowMs: 3000 },
    { from: 8500, index: 4, windowMs: 500 },
  ];

  test('begin where the last one of the old length ends', () => {
    const windows = new WindowClock();
    windows.follow(segments(), stretches);
    assert.deepEqual(ends(windows, 6), [1500, 2500, 5500, 8500, 9000, 9500]);
  });

  test('are found by a lane that begins late, also where older lengths are forgotten', () => {
    for (const known of [stretches, stretches.slice(2)]) {
      const windows = new WindowClock();
      windows.follow(segments(), known);
      windows.skipTo(9100);
      assert.deepEqual([windows.index, windows.endsAt, windows.windowMs], [5, 9500, 500]);
    }
  });

  test('none at all are no windows', () => {
    const windows = new WindowClock();
    windows.follow(segments(), []);
    windows.skipTo(9100);
    assert.deepEqual([windows.index, windows.endsAt], [0, Infinity]);
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
      const windows = clock(0, segments(...turns));
      windows.skipTo(runMs);
      assert.equal(windows.index, index);
    });
  }
});
