import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Lane } from '../../src/attack/lane.ts';
import { HANGS, LaneWorld, START, type WorldOptions } from './lane-world.ts';
import { constant, stages } from './schedule/schedules.ts';

/** 10 hits/s: hit n is due at n · 100 ms. */
const ten = (durationMs: number | null) => ({ schedule: constant('10/s'), durationMs });
const hits = (world: LaneWorld) => world.sent.map(({ hit }) => hit);
const upTo = (count: number) => [...Array(count).keys()];

describe('the end of a run', () => {
  test('is its last instant, when all is answered by then', () => {
    const world = new LaneWorld({ goal: ten(1_000) }).run();
    assert.equal(world.sent.length, 10);
    assert.ok(Math.abs(world.runMs - 1_000) < 1e-6, `${world.runMs}`);
    assert.equal(world.lane.finished, true);
  });

  test('is the last answer', () => {
    const world = new LaneWorld({ goal: ten(1_000), answer: () => ({ afterMs: 777 }) }).run();
    assert.ok(Math.abs(world.runMs - 1_677) < 1e-6, `${world.runMs}`);
    assert.equal(world.counts.succeeded, 10);
  });

  test('is the last timeout, when nobody answers', () => {
    const world = new LaneWorld({ goal: ten(1_000), timeoutMs: 2_000, answer: () => HANGS }).run();
    assert.ok(Math.abs(world.runMs - 2_900) < 1e-6, `${world.runMs}`);
    assert.deepEqual([world.counts.failed, world.counts.interrupted], [10, 0]);
  });

  test('waits for answers no longer than the timeout, then interrupts', () => {
    // Hit 9 waited for the slot and was sent at 1,500 ms: at 3 s it is 1,500 ms old.
    const world = new LaneWorld({
      goal: ten(1_000),
      slots: 9,
      timeoutMs: 2_000,
      answer: (hit) => (hit === 0 ? { afterMs: 1_500 } : HANGS),
    }).run();
    assert.ok(Math.abs(world.runMs - 3_000) < 1e-6, `${world.runMs}`);
    assert.deepEqual([world.counts.succeeded, world.counts.failed, world.counts.interrupted], [1, 8, 1]);
    assert.deepEqual(world.aborted.at(-1)?.hit, 9);
  });

  test('comes only when every hit is decided', () => {
    const world = new LaneWorld({
      goal: ten(1_000),
      slots: 1,
      timeoutMs: 300,
      maxLagMs: 5_000,
      answer: () => HANGS,
    }).run();
    // One hit each 300 ms: the run would be over at 1,300 ms, but 6 hits still wait for their turn.
    assert.deepEqual(hits(world), upTo(10));
    assert.equal(world.counts.sent, 10);
    assert.equal(world.counts.inFlight, 0);
  });

  test('of a lane without a share comes with the plan’s', () => {
    const world = new LaneWorld({ goal: { ...ten(3_000), owners: { other: [0] } } }).run();
    assert.equal(world.sent.length, 0);
    assert.ok(Math.abs(world.runMs - 3_000) < 1e-6);
  });

  test('is told at once in what is published', () => {
    const world = new LaneWorld({ goal: ten(1_000), answer: () => ({ afterMs: 95 }) }).run();
    assert.deepEqual(world.published, world.counts);
    assert.equal(world.published.succeeded, 10);
  });

  test('stays: a finished lane does nothing more', () => {
    const world = new LaneWorld({ goal: ten(1_000) }).run();
    const before = world.counts;
    world.clock.by(60_000);
    assert.equal(world.lane.tick(), Infinity);
    assert.equal(world.lane.finished, true);
    assert.deepEqual(world.counts, before);
  });
});

describe('a stop', () => {
  test('sends nothing more and waits for answers', () => {
    const world = new LaneWorld({ goal: ten(5_000), answer: () => ({ afterMs: 250 }) });
    world.run(950);
    world.lane.stop();
    world.run();
    assert.deepEqual(hits(world), upTo(10));
    assert.equal(world.counts.succeeded, 10);
    assert.ok(Math.abs(world.runMs - 1_150) < 1e-6, `${world.runMs}`);
  });

  test('waits a second at most, then interrupts', () => {
    const world = new LaneWorld({ goal: ten(5_000), answer: (hit) => (hit < 5 ? { afterMs: 1 } : HANGS) });
    world.run(950);
    world.lane.stop();
    world.run();
    assert.ok(Math.abs(world.runMs - 1_950) < 1e-6, `${world.runMs}`);
    assert.deepEqual([world.counts.succeeded, world.counts.interrupted], [5, 5]);
    assert.deepEqual(
      world.aborted.map(({ hit }) => hit),
      [5, 6, 7, 8, 9],
    );
  });

  test('a second time prolongs nothing', () => {
    const world = new LaneWorld({ goal: ten(5_000), answer: () => HANGS });
    world.run(950);
    world.lane.stop();
    world.run(1_800);
    world.lane.stop();
    world.run();
    assert.ok(Math.abs(world.runMs - 1_950) < 1e-6);
  });

  test('before the start ends the lane at once', () => {
    const world = new LaneWorld({ goal: ten(5_000), beginsAt: -3_000 });
    world.run(-2_000);
    world.lane.stop();
    world.run();
    assert.equal(world.sent.length, 0);
    assert.ok(Math.abs(world.runMs + 2_000) < 1e-6);
  });

  test('in the middle of a backlog leaves the rest undecided', () => {
    const world: LaneWorld = new LaneWorld({
      goal: { schedule: constant('1000/s'), durationMs: 5_000 },
      stalls: [[100, 500]],
      render: (hit) => {
        if (hit === 150) world.lane.stop();
      },
    });
    world.run();
    assert.equal(world.sent.at(-1)?.hit, 150);
    assert.equal(world.block.live.cursor, 151);
    assert.equal(world.counts.sent, 151);
  });

  test('ends an open run', () => {
    const world = new LaneWorld({ goal: ten(null) });
    world.run(59_950);
    world.lane.stop();
    world.run();
    assert.equal(world.lane.finished, true);
    assert.equal(world.sent.length, 600);
  });
});

describe('a fence', () => {
  test('lets no hit pass that is due at it or later, however late it gets', () => {
    const world = new LaneWorld({ goal: ten(5_000) });
    world.run(-5);
    world.control.fence = START + 1_000;
    world.run(3_000);
    assert.deepEqual(hits(world), upTo(10));
    assert.equal(world.counts.drops.late, 0);
    assert.equal(world.block.live.cursor, 10);
  });

  test('still lets pass what was due before it, also when time has passed it', () => {
    const world = new LaneWorld({ goal: ten(5_000), stalls: [[550, 1_200]] });
    world.run(-5);
    world.control.fence = START + 1_000;
    world.run(1_500);
    assert.deepEqual(hits(world), upTo(10));
  });

  test('that is lifted in time costs nothing but lag', () => {
    const world = new LaneWorld({ goal: ten(3_000) });
    world.run(-5);
    world.control.fence = START + 1_000;
    world.run(1_500);
    world.control.fence = Infinity;
    world.run();
    assert.deepEqual(hits(world), upTo(30));
    const lag = world.sent[10]!.at - 1_000;
    assert.ok(lag >= 500 && lag <= 506, `${lag}`);
    assert.ok(world.sent[16]!.at - 1_600 < 1);
  });

  test('that is lifted too late has made hits late', () => {
    const world = new LaneWorld({ goal: ten(4_000) });
    world.run(-5);
    world.control.fence = START + 1_000;
    world.run(3_450);
    world.control.fence = Infinity;
    world.run();
    assert.equal(world.counts.drops.late, 15);
    assert.equal(world.counts.sent, 25);
  });
});

describe('a plan that ends beyond a fence', () => {
  test('does not end: the change that is being prepared may bring more', () => {
    const world = new LaneWorld({ goal: ten(2_000) });
    world.run(-5);
    world.control.fence = START + 1_980;
    world.run(2_600);
    assert.equal(world.sent.length, 20);
    assert.equal(world.lane.finished, false);
    // It was out of sight while 19 hits more were named, from 1,990 ms on.
    world.plan.join(1_990, { ...world.plan.goal, schedule: constant('100/s'), durationMs: 2_180 });
    world.follow();
    world.control.fence = Infinity;
    world.run();
    assert.deepEqual(hits(world), upTo(39));
  });

  test('ends when the fence has passed it', () => {
    const world = new LaneWorld({ goal: ten(2_000) });
    world.run(-5);
    world.control.fence = START + 1_980;
    world.run(2_600);
    world.control.fence = START + 2_000;
    world.run();
    assert.ok(world.runMs > 2_600 && world.runMs < 2_606, `${world.runMs}`);
  });
});

describe('a lease', () => {
  test('ends sending at its instant, whatever was due before', () => {
    const world = new LaneWorld({ goal: ten(5_000), stalls: [[550, 900]] });
    world.run(-5);
    world.control.leaseEnd = START + 850;
    world.run(3_000);
    assert.deepEqual(hits(world), upTo(6));
    assert.equal(world.block.live.cursor, 6);
    assert.deepEqual(world.counts.drops, { busy: 0, late: 0, local: 0, template: 0 });
  });

  test('lets answers and timeouts come', () => {
    const world = new LaneWorld({
      goal: ten(5_000),
      timeoutMs: 700,
      answer: (hit) => (hit === 0 ? HANGS : { afterMs: 300 }),
    });
    world.run(-5);
    world.control.leaseEnd = START + 350;
    world.run(3_000);
    assert.deepEqual([world.counts.succeeded, world.counts.failed, world.counts.inFlight], [3, 1, 0]);
    assert.ok(Math.abs(world.aborted[0]!.at - 700) < 1e-6);
  });

  test('that is renewed lets it go on', () => {
    const world = new LaneWorld({ goal: ten(2_000) });
    for (let at = 0; at < 2_000; at += 100) {
      world.control.leaseEnd = START + at + 150;
      world.run(at);
    }
    world.run();
    assert.deepEqual(hits(world), upTo(20));
  });
});

describe('another plan in the middle of a run', () => {
  test('of another rate: exact to the hit', () => {
    const world = new LaneWorld({ goal: ten(4_000) });
    world.run(1_500);
    world.plan.join(2_050, { ...world.plan.goal, schedule: constant('100/s') });
    world.follow();
    world.run();
    // Hits 0 to 20 at 10/s; then half a hit is inherited: hit 21 after 5 ms.
    assert.equal(world.sent.length, 21 + 195);
    assert.deepEqual(hits(world), upTo(216));
    assert.deepEqual(
      [20, 21, 22].map((hit) => Math.round(world.sent[hit]!.at)),
      [2_000, 2_055, 2_065],
    );
  });

  test('suspends, and goes on where it stood', () => {
    const world = new LaneWorld({ goal: ten(3_000) });
    world.run(900);
    world.plan.join(1_050, { ...world.plan.goal, suspended: true });
    world.follow();
    world.run(9_000);
    assert.equal(world.sent.length, 11);
    assert.equal(world.lane.finished, false);
    world.plan.join(10_000, { ...world.plan.goal, suspended: false });
    world.follow();
    world.run();
    assert.deepEqual(hits(world), upTo(30));
    assert.ok(Math.abs(world.sent[11]!.at - 10_050) < 1e-6);
    assert.ok(Math.abs(world.runMs - 11_950) < 1e-6);
  });

  test('takes its share away: it ends there', () => {
    const world = new LaneWorld({ goal: ten(null) });
    world.run(900);
    world.plan.join(2_000, { ...world.plan.goal, owners: { other: [0] } });
    world.lane.follow({ ...world.lanePlan(), endsAt: 2_000 });
    world.run();
    assert.deepEqual(hits(world), upTo(20));
    assert.ok(Math.abs(world.runMs - 2_000) < 1e-6);
  });

  test('gives it a share that it had not', () => {
    const world = new LaneWorld({ goal: { ...ten(4_000), owners: { other: [0] } } });
    world.run(1_000);
    world.plan.join(2_050, { ...world.plan.goal, stripes: 2, owners: { other: [0], 'worker-0': [1] } });
    world.follow();
    world.run();
    assert.deepEqual(hits(world), [21, 23, 25, 27, 29, 31, 33, 35, 37, 39]);
  });

  test('prolongs a run that was about to end', () => {
    const world = new LaneWorld({ goal: ten(2_000), answer: () => ({ afterMs: 800 }) });
    world.run(1_950);
    world.plan.join(1_990, { ...world.plan.goal, durationMs: 3_000 });
    world.follow();
    world.run();
    assert.deepEqual(hits(world), upTo(30));
  });

  test('with another maxLag holds for what comes', () => {
    const world = new LaneWorld({ goal: ten(6_000), stalls: [[2_950, 4_950]] });
    world.run(2_000);
    world.lane.follow({ ...world.lanePlan(), maxLagMs: 100_000 });
    world.run();
    assert.equal(world.counts.sent, 60);
  });
});

test('a lane that is started anew goes on where the one before it stood', () => {
  const first = new LaneWorld({ goal: ten(5_000), windowMs: 1_000 });
  first.run(2_030);
  const { block } = first;
  block.live.tally.interruptAll();
  const second = new LaneWorld({ goal: ten(5_000), block, beginsAt: 2_570, windowMs: 1_000 }).run();
  assert.deepEqual(
    hits(second),
    Array.from({ length: 29 }, (_, index) => 21 + index),
  );
  assert.equal(block.live.tally.counts.sent, 50);
  // It tells of the windows that end in its time alone, under their own numbers.
  assert.deepEqual(
    second.windows.map(({ index }) => index),
    [2, 3, 4],
  );
});

test('whoever ends a lane in the middle of rendering finds which hit it was', () => {
  const seen: number[] = [];
  const world = new LaneWorld({
    goal: { schedule: constant('30/s'), durationMs: 1_000, stripes: 3, owners: { 'worker-0': [1] } },
    render: (_, { block }) => seen.push(block.live.cursor, block.live.state),
  }).run();
  assert.deepEqual(
    seen,
    world.sent.flatMap(({ hit }) => [hit, 1]),
  );
  assert.equal(world.block.live.state, 0);
});

describe('a lane wakes no more often than it has to', () => {
  /** Ticks in a second of virtual time, when `settle` ms have passed. */
  function ticksASecond(options: WorldOptions, prepare: (world: LaneWorld) => void = () => {}): number {
    const world = new LaneWorld(options);
    world.run(-5);
    prepare(world);
    world.run(10_000);
    const before = world.ticks;
    world.run(20_000);
    return (world.ticks - before) / 10;
  }
  const hanging: WorldOptions = { goal: ten(null), slots: 1, timeoutMs: 100_000, answer: () => HANGS };
  // It publishes ten times a second, whatever it does.
  const rows: [what: string, most: number, options: WorldOptions, prepare?: (world: LaneWorld) => void][] = [
    ['idle in a trickle', 11, { goal: { schedule: constant('1/h') } }],
    ['on a plateau at 0', 11, { goal: { schedule: stages(['1/s', 1], ['0/s', 1], ['0/s', 60_000]) } }],
    ['suspended', 11, { goal: { ...ten(null), suspended: true } }],
    ['without a share', 11, { goal: { ...ten(null), owners: {} } }],
    ['sending 10/s', 40, { goal: ten(null) }],
    ['without a free slot', 40, hanging],
    [
      'without a free slot, at the rates of a flood',
      2_100,
      { ...hanging, goal: { schedule: constant('1000/s') } },
    ],
    ['at a fence', 220, { goal: ten(null) }, ({ control }) => (control.fence = START + 1_000)],
    [
      'at its end, before a fence',
      220,
      { goal: ten(5_000) },
      ({ control }) => (control.fence = START + 4_990),
    ],
    ['without a lease', 11, { goal: ten(null) }, ({ control }) => (control.leaseEnd = START + 1_000)],
    ['without a lease, from the beginning', 11, { goal: ten(null) }, ({ control }) => (control.leaseEnd = 0)],
    ['waiting for the last answers', 11, { goal: ten(5_000), timeoutMs: 100_000, answer: () => HANGS }],
    ['with windows and nothing to do', 22, { goal: { schedule: constant('1/h') }, windowMs: 100 }],
  ];
  for (const [what, most, options, prepare] of rows) {
    test(`${what}: at most ${most} times a second`, () => {
      const ticks = ticksASecond(options, prepare);
      assert.ok(ticks <= most, `${ticks}`);
    });
  }

  test('before the start: at most 11 times a second', () => {
    const world = new LaneWorld({ goal: ten(null), beginsAt: -20_000 });
    world.run(-0.5);
    assert.ok(world.ticks <= 20 * 11, `${world.ticks}`);
    assert.equal(world.sent.length, 0);
  });

  test('and always once in 100 ms, so that it is seen to be alive', () => {
    for (const [, , options, prepare] of rows) {
      const ticks = ticksASecond(options, prepare);
      assert.ok(ticks >= 9.9, `${ticks}`);
    }
  });
});

test('closing closes connections and files', async () => {
  const world = new LaneWorld({ goal: ten(1_000), records: true }).run();
  assert.ok(world.lane instanceof Lane);
  await world.lane.close();
  assert.equal(world.closed, 2);
});
