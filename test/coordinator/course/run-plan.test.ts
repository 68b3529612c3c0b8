import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ScheduleSpec } from '../../../src/api/run-spec.ts';
import { type PlanGoal, RunPlan } from '../../../src/coordinator/course/run-plan.ts';
import { constant, integral, randomSchedule, shown, stages, wave } from '../../attack/schedule/schedules.ts';
import { randomStream } from '../../metrics/random.ts';
import { PlanStory, randomGoal } from './plan-story.ts';

function goal(
  schedule: ScheduleSpec,
  durationMs: number | null = null,
  differences: Partial<PlanGoal> = {},
): PlanGoal {
  return {
    schedule,
    durationMs,
    warmupMs: 0,
    suspended: false,
    hitLimit: null,
    stripes: 1,
    owners: { a: [0] },
    ...differences,
  };
}

describe('one goal', () => {
  const rows: [schedule: ScheduleSpec, durationMs: number | null, hits: number, endsAt: number][] = [
    [constant('5000/s'), 20_000, 100_000, 20_000],
    [constant('23/m'), 300_000, 115, 300_000],
    [constant('90/m'), 1_000, 2, 1_000],
    [stages(['100/s', 10_000], ['0/s', 10_000]), null, 1000, 20_000],
    [wave('10/s', '10/s', 60_000), 60_000, 600, 60_000],
  ];
  for (const [schedule, durationMs, hits, endsAt] of rows) {
    test(`${shown(schedule)}: ${hits} hits, until ${endsAt} ms`, () => {
      const plan = new RunPlan(goal(schedule, durationMs));
      assert.deepEqual(
        plan.segments.map(({ from, firstHit, endHit }) => ({ from, firstHit, endHit })),
        [{ from: 0, firstHit: 0, endHit: hits }],
      );
      assert.equal(plan.endsAt, endsAt);
      assert.equal(plan.durationMs, endsAt);
      assert.equal(plan.dueBefore(endsAt), hits);
      assert.equal(plan.dueBefore(endsAt * 2), hits);
      assert.equal(plan.rateAt(endsAt), 0);
    });
  }

  test('without a duration has no end', () => {
    const plan = new RunPlan(goal(constant('6/m')));
    assert.equal(plan.endsAt, null);
    assert.equal(plan.durationMs, null);
    assert.equal(plan.segments[0]?.endHit, null);
    assert.equal(plan.dueBefore(86_400_000), 8640);
    assert.equal(plan.rateAt(1e12), 0.1);
  });

  test('before its start nothing is due', () => {
    const plan = new RunPlan(goal(constant('5/s'), 1000));
    assert.equal(plan.dueBefore(0), 0);
    assert.equal(plan.dueBefore(-500), 0);
    assert.equal(plan.scheduleAt(-500), 0);
  });
});

describe('a change', () => {
  test('of rate carries the fraction of a hit over', () => {
    // 2.5 hits by 25 s; then 1/s: hit 3 half a second later.
    const story = new PlanStory(goal(constant('6/m')));
    story.decideUntil(25_000);
    story.join(25_000, goal(constant('1/s'), 30_000));
    story.finish();
    assert.deepEqual(
      [...story.decided].map(([hit, { dueAt }]) => [hit, Math.round(dueAt)]),
      [
        [0, 0],
        [1, 10_000],
        [2, 20_000],
        [3, 25_500],
        [4, 26_500],
        [5, 27_500],
        [6, 28_500],
        [7, 29_500],
      ],
    );
    assert.equal(story.plan.dueBefore(30_000), 8);
  });

  test('is read at the schedule time of the run: a wave at its phase, stages where they are by then', () => {
    const plan = new RunPlan(goal(constant('10/s')));
    plan.join(15_000, goal(stages(['100/s', 10_000], ['100/s', 10_000])));
    assert.equal(plan.rateAt(14_999), 10);
    assert.equal(plan.rateAt(15_000), 100);
    assert.equal(plan.endsAt, 20_000);
    assert.equal(plan.dueBefore(20_000), 150 + 500);
    plan.join(16_000, goal(wave('10/s', '4/s', 64_000)));
    assert.ok(Math.abs(plan.rateAt(16_000) - 14) < 1e-9);
    assert.equal(plan.dueBefore(16_000), 250);
  });

  test('in the future leaves what is due before it as it was', () => {
    const plan = new RunPlan(goal(constant('10/s'), 60_000));
    plan.join(20_000, goal(constant('1000/s'), 60_000, { suspended: true }));
    assert.equal(plan.dueBefore(5_000), 50);
    assert.equal(plan.rateAt(5_000), 10);
    assert.equal(plan.scheduleAt(5_000), 5_000);
    assert.equal(plan.suspendedAt(19_999), false);
    assert.equal(plan.suspendedAt(20_000), true);
    assert.equal(plan.joinedAt, 20_000);
  });

  test('at an instant before the last one is refused', () => {
    const plan = new RunPlan(goal(constant('10/s')));
    plan.join(5_000, goal(constant('20/s')));
    assert.throws(() => plan.join(4_999, goal(constant('20/s'))), {
      name: 'RangeError',
      message: 'run time 4999 ms is before the last change of the plan',
    });
  });
});

describe('while a run is suspended', () => {
  const suspended = (): RunPlan => {
    const plan = new RunPlan(goal(constant('10/s'), 60_000));
    plan.join(10_050, goal(constant('10/s'), 60_000, { suspended: true }));
    return plan;
  };

  test('its clock stands still, nothing is due and no end is near', () => {
    const plan = suspended();
    for (const runMs of [10_050, 30_000, 500_000]) {
      assert.equal(plan.scheduleAt(runMs), 10_050);
      assert.equal(plan.dueBefore(runMs), 101);
      assert.equal(plan.rateAt(runMs), 0);
    }
    assert.equal(plan.endsAt, null);
    assert.equal(plan.durationMs, 60_000);
    assert.deepEqual(plan.segments[1]?.pieces, []);
    assert.deepEqual([plan.segments[1]?.firstHit, plan.segments[1]?.endHit], [101, 101]);
  });

  test('it goes on where it stood, and ends as much later', () => {
    const plan = suspended();
    plan.join(100_000, goal(constant('10/s'), 60_000));
    assert.equal(plan.scheduleAt(100_000), 10_050);
    assert.equal(plan.endsAt, 149_950);
    assert.equal(plan.durationMs, 60_000);
    assert.equal(plan.dueBefore(149_950), 600);
    assert.equal(plan.dueBefore(100_050), 101);
    assert.equal(plan.dueBefore(100_051), 102);
  });

  test('it may start so', () => {
    const plan = new RunPlan(goal(constant('10/s'), 60_000, { suspended: true }));
    assert.equal(plan.dueBefore(30_000), 0);
    plan.join(30_000, goal(constant('10/s'), 60_000));
    assert.equal(plan.dueBefore(30_001), 1);
    assert.equal(plan.endsAt, 90_000);
  });
});

describe('another duration', () => {
  test('that has passed already ends the run at once', () => {
    const plan = new RunPlan(goal(constant('10/s'), 60_000));
    plan.join(30_000, goal(constant('10/s'), 20_000));
    assert.equal(plan.endsAt, 30_000);
    assert.equal(plan.dueBefore(99_000), 300);
    assert.equal(plan.segments.at(-1)?.endHit, 300);
    assert.equal(plan.rateAt(30_000), 0);
  });

  test('prolongs, shortens, is added and removed', () => {
    const plan = new RunPlan(goal(constant('10/s'), 60_000));
    plan.join(30_000, goal(constant('10/s'), 90_000));
    assert.equal(plan.endsAt, 90_000);
    plan.join(31_000, goal(constant('10/s'), 40_000));
    assert.equal(plan.endsAt, 40_000);
    plan.join(32_000, goal(constant('10/s'), null));
    assert.equal(plan.endsAt, null);
    plan.join(33_000, goal(constant('10/s'), 33_500));
    assert.equal(plan.dueBefore(40_000), 335);
  });
});

describe('a limit of hits', () => {
  test('ends the run when the next hit would be due', () => {
    const plan = new RunPlan(goal(constant('10/s'), null, { hitLimit: 25 }));
    assert.equal(plan.endsAt, 2_500);
    assert.equal(plan.dueBefore(2_400), 24);
    assert.equal(plan.dueBefore(60_000), 25);
    assert.equal(plan.segments[0]?.endHit, 25);
  });

  test('is never passed, also by a plan that is changed after its end', () => {
    const plan = new RunPlan(goal(constant('10/s'), null, { hitLimit: 25 }));
    plan.join(5_000, goal(constant('10/s'), null, { hitLimit: 25 }));
    assert.equal(plan.segments[0]?.endHit, 25);
    assert.deepEqual(plan.segments[1]?.pieces, []);
    assert.equal(plan.endsAt, 5_000);
    assert.equal(plan.dueBefore(9_000), 25);
  });

  test('that is not reached changes nothing', () => {
    const plan = new RunPlan(goal(constant('10/s'), 2_000, { hitLimit: 25 }));
    assert.equal(plan.endsAt, 2_000);
    assert.equal(plan.dueBefore(60_000), 20);
  });

  test('holds over stages and changes', () => {
    const ramp = stages(['10/s', 1_000], ['10/s', 60_000], ['50/s', 10_000]);
    const story = new PlanStory(goal(ramp, null, { hitLimit: 25 }));
    assert.equal(story.plan.segments[0]?.pieces.length, 2);
    story.decideUntil(1_500);
    story.join(1_500, goal(constant('100/s'), null, { hitLimit: 25 }));
    assert.equal(story.plan.dueBefore(99_000), 25);
    story.finish();
    assert.deepEqual([...story.decided.keys()], [...Array(25).keys()]);
  });
});

describe('the warm-up', () => {
  const warmups = (plan: RunPlan) => plan.segments.map(({ warmupEndHit }) => warmupEndHit);

  test('ends with the last hit due in it', () => {
    assert.deepEqual(warmups(new RunPlan(goal(constant('10/s'), 60_000, { warmupMs: 3_000 }))), [30]);
    assert.deepEqual(warmups(new RunPlan(goal(constant('10/s'), 60_000, { warmupMs: 3_001 }))), [31]);
    assert.deepEqual(warmups(new RunPlan(goal(constant('10/s'), 60_000))), [0]);
  });

  test('is reckoned in schedule time, over changes and suspensions', () => {
    const plan = new RunPlan(goal(constant('10/s'), 60_000, { warmupMs: 5_000 }));
    plan.join(2_000, goal(constant('10/s'), 60_000, { warmupMs: 5_000, suspended: true }));
    plan.join(9_000, goal(constant('100/s'), 60_000, { warmupMs: 5_000 }));
    plan.join(13_000, goal(constant('1/s'), 60_000, { warmupMs: 5_000 }));
    assert.deepEqual(warmups(plan), [50, 50, 20 + 300, 20 + 400]);
    assert.equal(plan.segments[3]?.firstHit, 420);
  });
});

test('over any changes each hit is decided once, in order, in its own stretch', () => {
  const random = randomStream(31);
  for (let round = 0; round < 150; round++) {
    const story = new PlanStory(randomGoal(random, 0));
    const message = () => shown(story.plan.segments);
    let runMs = 0;
    for (let change = Math.floor(random() * 6); change > 0; change--) {
      // Lanes stand anywhere below the instant when they hear of it, and behind it before it comes.
      const nextMs = runMs + 1 + Math.floor(random() * 15_000);
      story.decideUntil(nextMs, random);
      if (random() < 0.3) story.restart(random);
      story.join(nextMs, randomGoal(random, 0));
      runMs = nextMs;
    }
    // Hand over to one who was there and one who was not, at the end.
    const { schedule, durationMs } = randomSchedule(random, 400);
    story.join(runMs + 1, goal(schedule, schedule.kind === 'stages' ? null : (durationMs ?? runMs + 5_000)));
    story.finish();
    const end = story.plan.segments.at(-1)!.endHit!;
    assert.deepEqual(story.broken, [], message());
    assert.equal(story.decided.size, end, message());
    let before = 0;
    for (let hit = 0; hit < end; hit++) {
      const dueAt = story.decided.get(hit)?.dueAt ?? Number.NaN;
      const segment = story.plan.segments.findLast(({ firstHit }) => firstHit <= hit)!;
      if (!(dueAt >= Math.max(before, segment.from))) {
        assert.fail(
          `hit ${hit} at ${dueAt}, after ${before} in a stretch from ${segment.from}: ${message()}`,
        );
      }
      before = dueAt;
      // Below a hit a second, 0.01 ms are less than what a wave's count is rounded by.
      if (hit % 50 !== 0 || story.plan.rateAt(dueAt) < 1) continue;
      const around = [story.plan.dueBefore(dueAt - 0.01), story.plan.dueBefore(dueAt + 0.01)];
      if (around[0]! > hit || around[1]! <= hit) assert.fail(`hit ${hit} at ${dueAt}: ${message()}`);
    }
    assert.equal(story.plan.dueBefore(1e12), end);
  }
});

test('over any changes F(t) is the sum of what each curve asked for in its time', () => {
  const random = randomStream(32);
  for (let round = 0; round < 150; round++) {
    const goals = Array.from({ length: 1 + Math.floor(random() * 6) }, () => randomGoal(random, 0));
    const plan = new RunPlan(goals[0]!);
    let hits = 0;
    let runMs = 0;
    let scheduleMs = 0;
    goals.forEach((each, index) => {
      const { durationMs } = new RunPlan({ ...each, suspended: false });
      const forMs = 1 + Math.floor(random() * 20_000);
      const after = each.suspended ? scheduleMs : scheduleMs + forMs;
      const asked = (ms: number) =>
        integral(each.schedule, each.schedule.kind === 'stages' ? null : durationMs, ms);
      hits += asked(after) - asked(scheduleMs);
      runMs += forMs;
      scheduleMs = after;
      const due = plan.dueBefore(runMs);
      const expected = [Math.ceil(hits - 1e-5), Math.ceil(hits + 1e-5)];
      assert.ok(expected.includes(due), `${due} for ${hits} at ${runMs} ms: ${shown(goals)}`);
      assert.equal(plan.scheduleAt(runMs), scheduleMs);
      const next = goals[index + 1];
      if (next !== undefined) plan.join(runMs, next);
    });
  }
});

test('an exact curve that ends a millionth over a hit and a wave after it share no hit', () => {
  const first = goal(constant('1/h'), null);
  const slow = goal(wave('1/h', '1/h', 3_600_000), null);
  const story = new PlanStory(first);
  story.decideUntil(3_600_003);
  story.join(3_600_003, slow);
  story.decideUntil(3_600_004);
  story.join(3_600_004, goal(constant('1/s'), null));
  story.decideUntil(3_605_500);
  assert.deepEqual(story.broken, []);
  assert.deepEqual([...story.decided.keys()], [0, 1, 2, 3, 4, 5, 6]);
});
