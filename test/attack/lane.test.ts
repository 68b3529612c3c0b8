import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dropped } from '../../src/metrics/counts.ts';
import { failureCode } from '../../src/metrics/outcome.ts';
import { randomStream } from '../metrics/random.ts';
import { checkRate, HANGS, LaneWorld } from './lane-world.ts';
import { constant, integral, randomSchedule, shown, stages, wave } from './schedule/schedules.ts';

describe('a lane sends each hit at its instant', () => {
  test('23/m for 300 s: exactly 115', () => {
    const world = new LaneWorld({ goal: { schedule: constant('23/m'), durationMs: 300_000 } }).run();
    assert.equal(world.sent.length, 115);
    world.sent.forEach(({ hit, at }, index) => {
      assert.equal(hit, index);
      assert.ok(Math.abs(at - (index * 60_000) / 23) < 1e-6, `hit ${hit} at ${at} ms`);
    });
    assert.equal(world.counts.succeeded, 115);
  });

  test('5000/s for 20 s: exactly 100,000, none late', () => {
    const world = new LaneWorld({ goal: { schedule: constant('5000/s'), durationMs: 20_000 } }).run();
    assert.deepEqual(world.counts, {
      sent: 100_000,
      succeeded: 100_000,
      failed: 0,
      interrupted: 0,
      inFlight: 0,
      drops: { busy: 0, late: 0, local: 0, template: 0 },
    });
    assert.ok(world.sent.every(({ hit, at }, index) => hit === index && at - hit / 5 < 0.1));
    assert.ok(world.block.live.tally.lag.maxUs < 100);
  });

  for (const [schedule, hits] of [
    [stages(['100/s', 5_000], ['0/s', 1_000], ['0/s', 20_000], ['50/s', 2_000]), 350],
    [wave('20/s', '20/s', 10_000), 600],
  ] as const) {
    test(`${shown(schedule)}: ${hits}`, () => {
      const durationMs = schedule.kind === 'wave' ? 30_000 : null;
      const world = new LaneWorld({ goal: { schedule, durationMs } }).run();
      assert.equal(world.sent.length, hits);
      for (const { hit, at } of world.sent) {
        assert.ok(Math.abs(integral(schedule, null, at) - hit) < 1e-4, `hit ${hit} at ${at} ms`);
      }
    });
  }

  test('of several lanes each sends its own, and together they send all', () => {
    const owners = { other: [0], 'worker-0': [2], third: [1] };
    const goal = { schedule: constant('30/s'), durationMs: 2_000, stripes: 3, owners };
    const world = new LaneWorld({ goal }).run();
    assert.deepEqual(
      world.sent.map(({ hit }) => hit),
      Array.from({ length: 20 }, (_, index) => 2 + 3 * index),
    );
  });

  test('a slow target never makes it send less, while slots are free', () => {
    const goal = { schedule: constant('10/s'), durationMs: 5_000 };
    const world = new LaneWorld({ goal, answer: () => ({ afterMs: 4_000 }) }).run();
    assert.ok(world.sent.every(({ hit, at }) => Math.abs(at - hit * 100) < 1e-6));
    assert.equal(world.block.live.tally.service.percentileUs(50) / 1000 > 3_950, true);
  });
});

describe('what comes back is counted', () => {
  test('by outcome, label and time', () => {
    const world = new LaneWorld({
      goal: { schedule: constant('10/s'), durationMs: 1_000 },
      answer: (hit) => {
        if (hit === 3) return { afterMs: 40, outcome: 503, bytesIn: 7 };
        if (hit === 4) return { afterMs: 40, outcome: failureCode('reset'), bytesIn: 0 };
        return { afterMs: 20 };
      },
    }).run();
    const { tally } = world.block.live;
    assert.deepEqual([tally.counts.sent, tally.counts.succeeded, tally.counts.failed], [10, 8, 2]);
    assert.deepEqual(tally.failures(), { http_503: 1, reset: 1 });
    assert.deepEqual(tally.statuses(), { 200: 8, 503: 1 });
    assert.deepEqual([tally.bytesOut, tally.bytesIn], [100, 8 * 20 + 7]);
    assert.deepEqual([tally.label(0).counts.failed, tally.label(1).counts.failed], [1, 1]);
    assert.deepEqual([tally.label(0).counts.sent, tally.label(1).counts.sent], [5, 5]);
    assert.equal(Math.round(tally.service.maxUs / 1000), 40);
  });

  test('service time from the send, response time from the instant it was due', () => {
    const world = new LaneWorld({
      goal: { schedule: constant('1/s'), durationMs: 2_000 },
      stalls: [[900, 1_250]],
      answer: () => ({ afterMs: 40 }),
    }).run();
    const { service, response, lag } = world.block.live.tally;
    assert.equal(Math.round(service.maxUs / 1000), 40);
    assert.equal(Math.round(response.maxUs / 1000), 290);
    assert.equal(Math.round(lag.maxUs / 1000), 250);
  });

  test('the warm-up apart, also what is answered after it', () => {
    const world = new LaneWorld({
      goal: { schedule: constant('10/s'), durationMs: 3_000, warmupMs: 1_000 },
      answer: (hit) => (hit === 9 ? { afterMs: 1_000, outcome: 500 } : { afterMs: 300 }),
    }).run();
    assert.deepEqual([world.warmup.sent, world.warmup.succeeded, world.warmup.failed], [10, 9, 1]);
    assert.deepEqual([world.counts.sent, world.counts.succeeded, world.counts.failed], [20, 20, 0]);
    assert.equal(Math.round(world.block.live.tally.service.maxUs / 1000), 300);
  });
});

describe('a timeout', () => {
  test('is exact, aborts, frees the slot and counts with its time', () => {
    const world = new LaneWorld({
      goal: { schedule: constant('10/s'), durationMs: 1_000 },
      timeoutMs: 333,
      answer: (hit) => (hit % 2 === 0 ? HANGS : { afterMs: 332.9 }),
    }).run();
    assert.deepEqual(
      world.aborted.map(({ hit, at }) => [hit, Math.round(at * 1e6) / 1e6]),
      [0, 2, 4, 6, 8].map((hit) => [hit, hit * 100 + 333]),
    );
    assert.deepEqual([world.counts.succeeded, world.counts.failed], [5, 5]);
    assert.deepEqual(world.block.live.tally.failures(), { timeout: 5 });
    assert.equal(Math.round(world.block.live.tally.service.maxUs / 1000), 333);
  });

  test('of hits sent together comes together; an answer in the same instant is still one', () => {
    const world = new LaneWorld({
      goal: { schedule: constant('100/s'), durationMs: 1_000 },
      timeoutMs: 100,
      stalls: [[-5, 55]],
      answer: (hit) => (hit === 2 ? { afterMs: 100 } : hit < 6 ? HANGS : { afterMs: 1 }),
    }).run();
    assert.deepEqual(
      world.sent.slice(0, 6).map(({ hit, at }) => [hit, Math.round(at)]),
      [0, 1, 2, 3, 4, 5].map((hit) => [hit, 55]),
    );
    assert.deepEqual(
      world.aborted.map(({ hit, at }) => [hit, Math.round(at)]),
      [0, 1, 3, 4, 5].map((hit) => [hit, 155]),
    );
  });
});

describe('an endless schedule', () => {
  test('1/h: a hit an hour, and a lane that hardly wakes in between', () => {
    const world = new LaneWorld({ goal: { schedule: constant('1/h') } }).run(3 * 3_600_000 + 1);
    assert.deepEqual(
      world.sent.map(({ hit, at }) => [hit, Math.round(at)]),
      [0, 1, 2, 3].map((hit) => [hit, hit * 3_600_000]),
    );
    assert.equal(world.lane.finished, false);
    assert.ok(world.ticks < 3 * 3600 * 11, `${world.ticks} ticks`);
  });
});

test('it hands the engine back after 64 hits, so that answers are read in between', () => {
  let most = 0;
  let before = 0;
  const world = new LaneWorld({
    goal: { schedule: constant('5000/s'), durationMs: 1_000 },
    slots: 1000,
    stalls: [[100, 200]],
    render: (_, { ticks }) => {
      most = ticks === before ? most + 1 : 1;
      before = ticks;
      assert.ok(most <= 64);
    },
  }).run();
  assert.equal(world.counts.sent, 5000);
});

test('under random stalls and answers the rate is never above the curve’s, and every hit is accounted for', () => {
  const random = randomStream(51);
  for (let round = 0; round < 60; round++) {
    const maxLagMs = [0, 50, 500, 1000][Math.floor(random() * 4)]!;
    const { schedule, durationMs } = randomSchedule(random, 60);
    const end = durationMs ?? (schedule.kind === 'stages' ? null : 10_000);
    const stalls: [number, number][] = [];
    for (let at = random() * 3_000; at < 60_000; at += random() * 5_000) {
      const until = at + random() * 2_000;
      stalls.push([at, until]);
      at = until;
    }
    const options = {
      goal: { schedule, durationMs: end === null ? null : Math.min(end, 20_000) },
      slots: 1 + Math.floor(random() * 30),
      timeoutMs: 500 + Math.floor(random() * 3_000),
      maxLagMs,
      stalls,
      timersFirst: random() < 0.5,
      answer: () => (random() < 0.1 ? HANGS : { afterMs: random() * random() * 2_000 }),
      render: () => {
        if (random() < 0.01) throw new Error('no');
      },
    };
    const world = new LaneWorld(options).run();
    const message = `round ${round}: ${shown(schedule)}`;
    const scheduled = world.plan.dueBefore(1e12);
    const { counts } = world;
    assert.equal(counts.sent, world.sent.length, message);
    assert.equal(counts.sent + dropped(counts), scheduled, message);
    assert.equal(counts.inFlight, 0, message);
    assert.equal(new Set(world.sent.map(({ hit }) => hit)).size, world.sent.length, message);
    checkRate(
      world.sent.slice(0, 1000),
      (runMs) => integral(schedule, options.goal.durationMs, Math.max(0, runMs)),
      maxLagMs,
    );
  }
});

test('a render that takes longer than maxLag sends nothing: its hit has become late', () => {
  const world = new LaneWorld({
    goal: { schedule: constant('10/s'), durationMs: 3_000 },
    render: (hit, { clock }) => {
      if (hit === 5) clock.by(1_000.5);
      if (hit === 6) clock.by(10);
    },
  }).run();
  assert.ok(!world.sent.some(({ hit }) => hit === 5));
  assert.ok(world.sent.some(({ hit }) => hit === 6));
  assert.equal(world.counts.drops.late, 1);
  assert.equal(world.counts.sent, 29);
});
