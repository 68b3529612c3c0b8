import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LOCAL } from '../../src/metrics/outcome.ts';
import { HANGS, LaneWorld, type WorldOptions } from './lane-world.ts';
import { constant } from './schedule/schedules.ts';

/** 10 hits/s: hit n is due at n · 100 ms. */
const ten = (durationMs: number) => ({ schedule: constant('10/s'), durationMs });

/** Lags of the hits that were sent, in whole ms. */
function lags(world: LaneWorld): Record<number, number> {
  return Object.fromEntries(world.sent.map(({ hit, at }) => [hit, Math.round(at - hit * 100)]));
}

describe('a hit is dropped', () => {
  test('as busy, when no slot came free in time', () => {
    // The only slot hangs until its timeout at 3 s. By then hit 20 is late by exactly maxLag and goes out.
    const world = new LaneWorld({
      goal: ten(4_000),
      slots: 1,
      timeoutMs: 3_000,
      answer: (hit) => (hit === 0 ? HANGS : { afterMs: 1 }),
    }).run();
    assert.deepEqual(world.counts.drops, { busy: 19, late: 0, local: 0, template: 0 });
    assert.equal(world.sent[1]?.hit, 20);
    assert.deepEqual(
      [20, 21, 29, 30, 31, 39].map((hit) => lags(world)[hit]),
      // One slot, an answer each millisecond: the backlog goes out at 1,000 hits/s.
      [1000, 901, 109, 10, 0, 0],
    );
    assert.equal(world.counts.sent, 21);
  });

  test('as busy from the instant at which it is too late on, not only when a slot comes free', () => {
    const world = new LaneWorld({ goal: ten(10_000), slots: 1, timeoutMs: 9_000, answer: () => HANGS });
    world.run(1_099);
    assert.equal(world.counts.drops.busy, 0);
    world.run(1_101);
    assert.equal(world.counts.drops.busy, 1);
    world.run(5_001);
    assert.equal(world.counts.drops.busy, 40);
  });

  test('as late, when a slot was free and the lane was not on time', () => {
    const world = new LaneWorld({ goal: ten(4_000), stalls: [[550, 2_950]] }).run();
    // Hits 6 to 19 were due at 600 to 1,900 ms.
    assert.deepEqual(world.counts.drops, { busy: 0, late: 14, local: 0, template: 0 });
    assert.equal(world.sent[6]?.hit, 20);
    assert.equal(lags(world)[20], 950);
    assert.equal(lags(world)[30], 0);
  });

  test('as local, when this machine could not send it: it was not sent', () => {
    const world = new LaneWorld({
      goal: ten(1_000),
      answer: (hit) => (hit < 3 ? { afterMs: 5, outcome: LOCAL } : { afterMs: 1 }),
      windowMs: 1_000,
    }).run();
    assert.deepEqual(world.counts.drops, { busy: 0, late: 0, local: 3, template: 0 });
    assert.deepEqual([world.counts.sent, world.counts.succeeded, world.counts.failed], [7, 7, 0]);
    assert.equal(world.block.live.tally.lag.total, 7);
    assert.equal(world.block.live.tally.service.total, 7);
  });

  test('as template, when it cannot be rendered; each is told of, and the slot stays free', () => {
    const world = new LaneWorld({
      goal: ten(1_000),
      slots: 1,
      render: (hit) => {
        if (hit % 2 === 1) throw new Error(`no ${hit}`);
      },
    }).run();
    assert.deepEqual(world.counts.drops, { busy: 0, late: 0, local: 0, template: 5 });
    assert.deepEqual(
      world.templateFailures.map(({ hit, error }) => [hit, (error as Error).message]),
      [1, 3, 5, 7, 9].map((hit) => [hit, `no ${hit}`]),
    );
    assert.equal(world.counts.sent, 5);
  });

  test('before it is rendered, where that can be', () => {
    const rendered: number[] = [];
    new LaneWorld({
      goal: ten(3_000),
      slots: 1,
      timeoutMs: 10_000,
      answer: () => HANGS,
      render: (hit) => rendered.push(hit),
    }).run();
    assert.deepEqual(rendered, [0]);
  });

  test('of the warm-up in the warm-up’s own counts, and in no window', () => {
    const drops: WorldOptions = {
      goal: { ...ten(3_000), warmupMs: 1_500 },
      slots: 1,
      timeoutMs: 10_000,
      windowMs: 1_500,
      answer: () => HANGS,
    };
    const world = new LaneWorld(drops).run();
    assert.deepEqual([world.warmup.sent, world.warmup.drops.busy], [1, 14]);
    assert.deepEqual([world.counts.sent, world.counts.drops.busy], [0, 15]);
    // Hits 15 to 19 became too late in the only window that ended before the lane did.
    assert.equal(world.windows[0]?.window.drops.busy, 5);
  });
});

describe('busy or late', () => {
  test('a slot that came free after the hit was too late, while the lane was away: busy', () => {
    const world = new LaneWorld({
      goal: ten(3_000),
      slots: 1,
      stalls: [[500, 2_490]],
      answer: (hit) => ({ afterMs: hit === 0 ? 2_400 : 1 }),
    }).run();
    // Hits 1 to 14 were too late at 2.49 s, and no slot had been free when they became so.
    assert.deepEqual(world.counts.drops, { busy: 14, late: 0, local: 0, template: 0 });
  });

  test('the same with timers before answers', () => {
    const world = new LaneWorld({
      goal: ten(3_000),
      slots: 1,
      timersFirst: true,
      stalls: [[500, 2_490]],
      answer: (hit) => ({ afterMs: hit === 0 ? 2_400 : 1 }),
    }).run();
    assert.deepEqual(world.counts.drops, { busy: 14, late: 0, local: 0, template: 0 });
  });

  test('a slot that came free before the hit was too late, and then the lane was away: late', () => {
    const world = new LaneWorld({
      goal: ten(4_000),
      slots: 1,
      stalls: [[170, 2_500]],
      answer: (hit) => ({ afterMs: hit === 0 ? 150 : 10 }),
    }).run();
    // Hit 1 waited from 100 to 150 ms. From 160 ms on the slot was free: hits 2 to 14 were the lane's own fault.
    assert.equal(lags(world)[1], 50);
    assert.deepEqual(world.counts.drops, { busy: 0, late: 13, local: 0, template: 0 });
  });

  test('a slot that came free for hits that waited, and then the lane was away: late', () => {
    // Both slots come free at 450 ms, and hit 2 is rendered until 1,650 ms.
    const world = new LaneWorld({
      goal: ten(3_000),
      slots: 2,
      answer: (hit) => ({ afterMs: hit < 2 ? 450 - hit * 100 : 1 }),
      render: (hit, { clock }) => {
        if (hit === 2) clock.by(1_200);
      },
    }).run();
    assert.deepEqual(world.counts.drops, { busy: 0, late: 5, local: 0, template: 0 });
  });

  test('some of each, in one stall: those that a slot could still have served are late', () => {
    const world = new LaneWorld({
      goal: ten(6_000),
      slots: 1,
      stalls: [[1_560, 4_000]],
      answer: (hit) => ({ afterMs: hit === 0 ? 1_550 : 1 }),
    }).run();
    // Too late before 1,550 ms: hits 1 to 5 were busy. Hits 6 to 15 went out then. Hits 16 to 29 were too late by 4 s.
    assert.deepEqual(world.counts.drops, { busy: 5, late: 14, local: 0, template: 0 });
  });

  test('all slots hang for the whole run: all but as many are busy', () => {
    const world = new LaneWorld({
      goal: ten(10_000),
      slots: 4,
      timeoutMs: 60_000,
      answer: () => HANGS,
    }).run();
    assert.deepEqual(world.counts.drops, { busy: 96, late: 0, local: 0, template: 0 });
    assert.deepEqual([world.counts.sent, world.counts.interrupted, world.counts.failed], [4, 0, 4]);
  });

  test('with maxLag 0 a hit that finds no slot is dropped, and one on time is sent', () => {
    const world = new LaneWorld({
      goal: ten(1_000),
      slots: 1,
      maxLagMs: 0,
      answer: () => ({ afterMs: 150 }),
    }).run();
    assert.deepEqual(
      world.sent.map(({ hit }) => hit),
      [0, 2, 4, 6, 8],
    );
    assert.equal(world.counts.drops.busy, 5);
  });
});

describe('the lane’s own delay in a window', () => {
  test('is how late it was with a free slot', () => {
    const world = new LaneWorld({ goal: ten(2_000), windowMs: 1_000, stalls: [[450, 650]] }).run();
    assert.equal(Math.round((world.windows[0]?.window.latenessPercentileUs(100) ?? 0) / 1000), 150);
    assert.equal(Math.round((world.windows[1]?.window.latenessPercentileUs(100) ?? 1) / 1000), 0);
  });

  test('is no wait for a slot: that is the target’s slowness', () => {
    const world = new LaneWorld({
      goal: ten(2_000),
      slots: 1,
      windowMs: 2_000,
      answer: () => ({ afterMs: 190 }),
    }).run();
    assert.ok(world.block.live.tally.lag.maxUs > 800_000);
    assert.ok((world.windows[0]?.window.latenessPercentileUs(100) ?? Infinity) < 100);
  });

  test('is the stall alone, for a hit that waited and was then kept waiting', () => {
    // The slot comes free at 390 ms of the clock, the lane sees it at 600 ms.
    const world = new LaneWorld({
      goal: ten(2_000),
      windowMs: 2_000,
      slots: 1,
      stalls: [[395, 600]],
      answer: (hit) => ({ afterMs: hit === 0 ? 390 : 1 }),
    }).run();
    assert.equal(Math.round((world.windows[0]?.window.latenessPercentileUs(100) ?? 0) / 1000), 200);
  });

  test('shows in the delay of the event loop, as completions saw it', () => {
    const world = new LaneWorld({
      goal: ten(2_000),
      windowMs: 1_000,
      stalls: [[450, 650]],
      answer: () => ({ afterMs: 60 }),
    }).run();
    // The lane had asked to be called within those 200 ms: at 500 ms at the latest, for hit 5.
    const delayMs = (world.windows[0]?.window.loopDelayPercentileUs(100) ?? 0) / 1000;
    assert.ok(delayMs > 149 && delayMs < 201, `${delayMs} ms`);
    assert.equal(world.windows[1]?.window.loopDelayPercentileUs(100), 0);
  });
});
