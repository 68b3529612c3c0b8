import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Sampler } from '../../src/attack/sampler.ts';
import { LaneBlock } from '../../src/metrics/lane-block.ts';
import { LOCAL } from '../../src/metrics/outcome.ts';
import { HANGS, LaneWorld } from './lane-world.ts';
import { constant } from './schedule/schedules.ts';

/** 10 hits/s: hit n is due at n · 100 ms. */
const ten = (durationMs: number | null, warmupMs = 0) => ({
  schedule: constant('10/s'),
  durationMs,
  warmupMs,
});

/** What each window holds: sent, succeeded, failed. */
function contents(world: LaneWorld): [sent: number, succeeded: number, failed: number][] {
  return world.windows.map(({ window }) => [window.sent, window.succeeded, window.failed]);
}

describe('windows', () => {
  test('follow one another from the start, each told at its end', () => {
    const world = new LaneWorld({ goal: ten(3_500), windowMs: 1_000 }).run();
    assert.deepEqual(
      world.windows.map(({ index, at }) => [index, Math.round(at)]),
      [
        [0, 1_000],
        [1, 2_000],
        [2, 3_000],
      ],
    );
    assert.deepEqual(contents(world), [
      [10, 10, 0],
      [10, 10, 0],
      [10, 10, 0],
    ]);
  });

  test('of another length begin where one that was open ends', () => {
    const world = new LaneWorld({ goal: ten(8_000), windowMs: 2_000 }).run(2_500);
    world.stretches = [
      { from: 0, index: 0, windowMs: 2_000 },
      { from: 4_000, index: 2, windowMs: 1_000 },
    ];
    world.follow();
    world.run();
    assert.deepEqual(
      world.windows.map(({ index, at }) => [index, Math.round(at)]),
      [2_000, 4_000, 5_000, 6_000, 7_000, 8_000].map((at, index) => [index, at]),
    );
    assert.deepEqual(
      world.windows.map(({ window }) => window.sent),
      [20, 20, 10, 10, 10, 10],
    );
  });

  test('begin when the warm-up ends, and know nothing of its hits', () => {
    const world = new LaneWorld({
      goal: ten(5_000, 1_500),
      windowMs: 1_000,
      answer: (hit) => ({ afterMs: 700, outcome: hit < 15 ? 500 : 0 }),
    }).run();
    assert.deepEqual(
      world.windows.map(({ index, at }) => [index, Math.round(at)]),
      [0, 1, 2, 3].map((index) => [index, 2_500 + index * 1_000]),
    );
    assert.deepEqual(contents(world), [
      // Those due from 1.5 s on are answered from 2.2 s on; the answer at 2.5 s is the next window's.
      [10, 3, 0],
      [10, 10, 0],
      [10, 10, 0],
      [5, 10, 0],
    ]);
  });

  test('hold an outcome where it completes, also in the very instant of their end', () => {
    const world = new LaneWorld({
      goal: ten(3_000),
      windowMs: 1_000,
      answer: (hit) => ({ afterMs: hit === 9 ? 99.5 : 150 }),
    }).run(2_999);
    // Hits 0 to 8 by 950 ms and hit 9 at 999.5 ms; then each 150 ms after it was sent.
    assert.deepEqual(contents(world), [
      [10, 10, 0],
      [10, 9, 0],
    ]);
    const exact = new LaneWorld({
      goal: ten(3_000),
      windowMs: 1_000,
      answer: (hit) => ({ afterMs: 1_000 - hit * 100 }),
    }).run(1_500);
    assert.deepEqual(contents(exact), [[10, 0, 0]]);
  });

  test('that ended unseen are told before the answers that waited', () => {
    const world = new LaneWorld({
      goal: ten(4_000),
      windowMs: 1_000,
      stalls: [[950, 3_050]],
      answer: () => ({ afterMs: 70 }),
    }).run();
    assert.deepEqual(
      world.windows.map(({ index, at }) => [index, Math.round(at)]),
      [
        [0, 3_050],
        [1, 3_050],
        [2, 3_050],
        [3, 4_000],
      ],
    );
    assert.deepEqual(
      contents(world).map(([, succeeded]) => succeeded),
      // Hit 9's answer waited for the lane.
      [9, 0, 0, 20],
    );
  });

  test('stay open while the run is suspended', () => {
    const world = new LaneWorld({ goal: ten(3_000), windowMs: 1_000 });
    world.run(1_200);
    world.plan.join(1_500, { ...world.plan.goal, suspended: true });
    world.follow();
    world.run(8_000);
    assert.equal(world.windows.length, 1);
    world.plan.join(9_000, { ...world.plan.goal, suspended: false });
    world.follow();
    world.run();
    assert.deepEqual(
      world.windows.map(({ index, at }) => [index, Math.round(at)]),
      [
        [0, 1_000],
        [1, 9_500],
        [2, 10_500],
      ],
    );
    assert.deepEqual(
      contents(world).map(([sent]) => sent),
      [10, 10, 10],
    );
  });

  test('of a lane that begins in the middle are numbered as everybody’s', () => {
    const block = new LaneBlock(2);
    for (let hit = 0; hit < 24; hit++) block.live.tally.drop(-1, 0);
    block.live.cursor = 24;
    const world = new LaneWorld({ goal: ten(4_000), windowMs: 1_000, block, beginsAt: 2_350 }).run();
    assert.deepEqual(
      world.windows.map(({ index, window }) => [index, window.sent]),
      [
        [2, 6],
        [3, 10],
      ],
    );
  });

  test('hold sends that turned out to be local drops as both', () => {
    const world = new LaneWorld({
      goal: ten(1_500),
      windowMs: 1_000,
      answer: (hit) => ({ afterMs: 1, outcome: hit < 2 ? LOCAL : 0 }),
    }).run();
    const [{ window } = { window: null }] = world.windows;
    assert.equal(window?.sent, 10);
    assert.deepEqual(window?.drops, { busy: 0, late: 0, local: 2, template: 0 });
    assert.equal(window?.succeeded, 8);
  });
});

describe('a hit that is still in flight at a window’s end', () => {
  const hanging = { goal: ten(3_500), timeoutMs: 10_000, answer: () => HANGS };

  test('counts with its age, where that is over the limit of latency', () => {
    const world = new LaneWorld({ ...hanging, windowMs: 1_000, latencyAboveMs: 450 }).run();
    const [first] = world.windows;
    // Hits 0 to 5 were sent 1,000 to 500 ms before.
    assert.equal(first?.window.pending, 6);
    assert.equal(first?.window.overdue, 0);
    assert.equal(first?.window.serviceTotal, 6);
    assert.equal(Math.round((first?.window.servicePercentileUs(100) ?? 0) / 1000), 1000);
    assert.ok(Math.abs((first?.window.servicePercentileUs(1) ?? 0) / 1000 - 500) < 6);
  });

  test('counts as not succeeded, where it is older than the window', () => {
    const world = new LaneWorld({ ...hanging, windowMs: 1_000 }).run();
    assert.deepEqual(
      world.windows.slice(0, 3).map(({ window }) => [window.overdue, window.pending, window.serviceTotal]),
      [
        [0, 0, 0],
        // Hits 0 to 9 are 2,000 to 1,100 ms old; hit 10 is as old as the window and not older.
        [10, 10, 0],
        [20, 20, 0],
      ],
    );
  });

  test('counts once, where both hold', () => {
    const world = new LaneWorld({ ...hanging, windowMs: 1_000, latencyAboveMs: 450 }).run();
    const second = world.windows[1]!.window;
    assert.deepEqual([second.overdue, second.pending, second.serviceTotal], [10, 16, 16]);
  });

  test('is judged at the end of the window, not when the lane comes to see it', () => {
    const world = new LaneWorld({
      ...hanging,
      windowMs: 1_000,
      latencyAboveMs: 450,
      stalls: [[950, 1_900]],
    }).run();
    assert.equal(world.windows[0]?.window.pending, 6);
    assert.equal(Math.round((world.windows[0]?.window.servicePercentileUs(100) ?? 0) / 1000), 1000);
  });

  test('counts nowhere, when it is one of the warm-up', () => {
    const world = new LaneWorld({
      goal: ten(3_000, 1_000),
      timeoutMs: 10_000,
      windowMs: 1_000,
      latencyAboveMs: 450,
      answer: (hit) => (hit < 10 ? HANGS : { afterMs: 1 }),
    }).run(2_500);
    assert.deepEqual([world.windows[0]?.window.pending, world.windows[0]?.window.overdue], [0, 0]);
  });
});

describe('samples', () => {
  test('are taken of the hits that were sent, warm-up apart, with or without records', () => {
    for (const records of [false, true]) {
      const samples = new Sampler({ most: 100, random: Math.random, mask: (text) => text });
      new LaneWorld({
        goal: { ...ten(2_000), warmupMs: 1_000 },
        records,
        samples,
        timeoutMs: 400,
        answer: (hit) => {
          if (hit === 12) return HANGS;
          if (hit === 13) return { afterMs: 2, outcome: 503 };
          return { afterMs: hit };
        },
      }).run();
      const kept = samples.kept.toSorted((a, b) => a.hit - b.hit);
      assert.deepEqual(
        kept.map(({ hit, outcome }) => [hit, outcome]),
        [10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((hit) => [
          hit,
          hit === 12 ? 'timeout' : hit === 13 ? 'http_503' : 'succeeded',
        ]),
      );
      assert.equal(Math.round(kept[9]!.serviceMs), 19);
      assert.equal(kept[9]!.url, 'http://127.0.0.1:9/19');
    }
  });
});

describe('records', () => {
  test('one for each hit that was sent, numbered in the order of sending without a gap', () => {
    const world = new LaneWorld({
      goal: ten(2_000),
      records: true,
      slots: 5,
      timeoutMs: 400,
      render: (hit) => {
        if (hit === 7) throw new Error('no');
      },
      answer: (hit) => {
        if (hit === 3) return HANGS;
        if (hit === 4) return { afterMs: 2, outcome: LOCAL };
        if (hit === 5) return { afterMs: 2, outcome: 503 };
        return { afterMs: hit % 2 === 0 ? 150 : 20 };
      },
    }).run();
    assert.equal(world.records.length, 19);
    const inOrder = world.records.toSorted((a, b) => a.seq - b.seq);
    assert.deepEqual(
      inOrder.map(({ seq }) => seq),
      [...Array(19).keys()],
    );
    assert.deepEqual(
      inOrder.map(({ hit }) => hit),
      world.sent.map(({ hit }) => hit),
    );
    const of = (hit: number) => world.records.find((record) => record.hit === hit)!;
    assert.deepEqual([of(0).outcome, of(0).status, of(0).error], [0, 200, '']);
    assert.deepEqual([of(3).status, of(3).error], [0, 'no answer within 400 ms']);
    assert.deepEqual([of(4).outcome, of(4).error], [LOCAL, 'no ports']);
    assert.deepEqual([of(5).outcome, of(5).status], [503, 503]);
    assert.ok(Math.abs(of(0).serviceMs - 150) < 1e-6);
    assert.ok(Math.abs(of(6).sentAtWall - (world.clock.wall() - world.runMs + 600)) < 0.01);
    const { method, url, headers, body } = of(6);
    assert.deepEqual(
      [method, url, headers, body?.toString()],
      ['POST', 'http://127.0.0.1:9/6', ['a', 'b'], '{}'],
    );
  });

  test('also for those that were interrupted', () => {
    const world = new LaneWorld({ goal: ten(5_000), records: true, answer: () => HANGS });
    world.run(250);
    world.lane.stop();
    world.run();
    assert.deepEqual(
      world.records.map(({ hit, outcome, error }) => [hit, outcome, error]),
      [0, 1, 2].map((hit) => [hit, -1, 'interrupted']),
    );
  });

  test('tell the lag of each', () => {
    const world = new LaneWorld({ goal: ten(2_000), records: true, stalls: [[450, 650]] }).run();
    const lags = world.records.map(({ lagMs }) => Math.round(lagMs));
    assert.deepEqual(lags.slice(3, 8), [0, 0, 150, 50, 0]);
  });

  test('are written out about every 100 ms, and at the end', () => {
    const world = new LaneWorld({ goal: ten(2_000), records: true }).run();
    assert.ok(world.flushes >= 19 && world.flushes <= 23, `${world.flushes}`);
  });
});
