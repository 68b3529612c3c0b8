import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Segment } from '../../../src/attack/schedule/segment.ts';
import { type Progress, plannedHits } from '../../../src/coordinator/course/ledger.ts';
import { RunPlan } from '../../../src/coordinator/course/run-plan.ts';
import { constant, shown } from '../../attack/schedule/schedules.ts';
import { randomStream } from '../../metrics/random.ts';
import { PlanStory, randomGoal } from './plan-story.ts';

/** 10 hits/s for 10 s, in two stripes, of which the first 20 hits are warm-up. */
const SEGMENTS = new RunPlan({
  schedule: constant('10/s'),
  durationMs: 10_000,
  warmupMs: 2_000,
  suspended: false,
  hitLimit: null,
  stripes: 2,
  owners: { a: [0], b: [1] },
}).segments;

function progress(incarnation: string, cursors: number[], lostBelow: number | null = null): Progress {
  return { incarnation, cursors, lostBelow };
}

describe('planned hits', () => {
  const rows: [
    what: string,
    all: Progress[],
    warmup: [scheduled: number, unreported: number],
    main: [scheduled: number, unreported: number],
  ][] = [
    ['nobody', [], [0, 0], [0, 0]],
    ['nobody has begun', [progress('a', []), progress('b', [0])], [0, 0], [0, 0]],
    ['all is done', [progress('a', [99]), progress('b', [100])], [20, 0], [80, 0]],
    ['one is ahead', [progress('a', [41]), progress('b', [0])], [10, 0], [11, 0]],
    ['in the warm-up', [progress('a', [5]), progress('b', [6])], [6, 0], [0, 0]],
    ['a stranger', [progress('c', [50])], [0, 0], [0, 0]],
    ['lost in the main part', [progress('a', [41], 60)], [10, 0], [20, 9]],
    ['lost in the warm-up, found out later', [progress('b', [4], 60)], [10, 8], [20, 20]],
    ['lost before its first report', [progress('b', [], 60)], [10, 10], [20, 20]],
    ['lost, and had done more than is due', [progress('a', [71], 60)], [10, 0], [26, 0]],
    ['lost when all was done', [progress('a', [99], 100)], [10, 0], [40, 0]],
  ];
  for (const [what, all, warmup, main] of rows) {
    test(what, () => {
      assert.deepEqual(plannedHits(SEGMENTS, all), {
        warmup: { scheduled: warmup[0], unreported: warmup[1] },
        main: { scheduled: main[0], unreported: main[1] },
      });
    });
  }

  test('of an open plan are counted up to the cursors', () => {
    const open: Segment[] = [{ ...SEGMENTS[0]!, endHit: null }];
    assert.deepEqual(plannedHits(open, [progress('a', [2001]), progress('b', [1000], 2000)]).main, {
      scheduled: 991 + 990,
      unreported: 500,
    });
  });

  test('of a lost worker are owed only until its share moved', () => {
    const moved: Segment[] = [
      { ...SEGMENTS[0]!, endHit: 50 },
      { ...SEGMENTS[0]!, firstHit: 50, stripes: 1, owners: { a: [0] }, warmupEndHit: 20 },
    ];
    assert.deepEqual(plannedHits(moved, [progress('a', [80]), progress('b', [31], 90)]).main, {
      scheduled: 15 + 30 + 15,
      unreported: 10,
    });
  });

  test('of a canned sequence stop at its limit, wherever the loss was found out', () => {
    const plan = new RunPlan({
      schedule: constant('10/s'),
      durationMs: null,
      warmupMs: 0,
      suspended: false,
      hitLimit: 7,
      stripes: 1,
      owners: { a: [0] },
    });
    assert.deepEqual(plannedHits(plan.segments, [progress('a', [2], 500)]).main, {
      scheduled: 7,
      unreported: 5,
    });
  });
});

test('whatever changes hands, at each instant the sum is what was decided, and at the end ceil(F(T))', () => {
  const random = randomStream(41);
  for (let round = 0; round < 100; round++) {
    const warmupMs = Math.floor(random() * 20_000);
    const story = new PlanStory(randomGoal(random, warmupMs));
    const check = () => {
      const all = ['a', 'b', 'c', 'd'].map((owner) => progress(owner, story.cursorsOf(owner)));
      const { warmup, main } = plannedHits(story.plan.segments, all);
      const decided = [...story.decided.keys()];
      const isWarmup = (hit: number) => {
        const segment = story.plan.segments.findLast(({ firstHit }) => firstHit <= hit)!;
        return hit < segment.warmupEndHit;
      };
      const inWarmup = decided.filter(isWarmup).length;
      const message = shown(story.plan.segments);
      assert.deepEqual(warmup, { scheduled: inWarmup, unreported: 0 }, message);
      assert.deepEqual(main, { scheduled: decided.length - inWarmup, unreported: 0 }, message);
    };
    let runMs = 0;
    for (let change = Math.floor(random() * 5); change > 0; change--) {
      runMs += 1 + Math.floor(random() * 15_000);
      story.decideUntil(runMs, random);
      check();
      if (random() < 0.3) story.restart(random);
      story.join(runMs, randomGoal(random, warmupMs));
      check();
    }
    const last = { schedule: constant('20/s'), durationMs: runMs + 5_000, suspended: false };
    story.join(runMs + 1, { ...randomGoal(random, warmupMs), ...last });
    story.finish();
    check();
    const all = ['a', 'b', 'c', 'd'].map((owner) => progress(owner, story.cursorsOf(owner)));
    const { warmup, main } = plannedHits(story.plan.segments, all);
    assert.equal(warmup.scheduled + main.scheduled, story.plan.dueBefore(1e12));
  }
});

test('what lost workers owe completes the sum, whoever is lost', () => {
  const random = randomStream(42);
  for (let round = 0; round < 100; round++) {
    const story = new PlanStory(randomGoal(random, 0));
    let runMs = 0;
    for (let change = Math.floor(random() * 5); change > 0; change--) {
      runMs += 1 + Math.floor(random() * 15_000);
      story.decideUntil(runMs, random);
      story.join(runMs, randomGoal(random, 0));
    }
    runMs += 1000;
    story.decideUntil(runMs, random);
    const due = story.plan.dueBefore(runMs);
    const all = ['a', 'b', 'c', 'd'].map((owner) => progress(owner, story.cursorsOf(owner), due));
    const { main } = plannedHits(story.plan.segments, all);
    assert.equal(main.scheduled, due, shown(story.plan.segments));
    assert.equal(main.scheduled - main.unreported, story.decided.size);
  }
});
