import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Target } from '../../src/target/target.ts';
import { LaneWorld, START } from './lane-world.ts';
import { constant } from './schedule/schedules.ts';

/** A targeter that notes its hits and whether it was closed. */
function targeter(name: string, log: string[]) {
  return {
    label: 1,
    next: (hit: number): Target => {
      log.push(`${name} ${hit}`);
      return { method: 'GET', origin: 'http://127.0.0.1:9', path: `/${hit}`, headers: [], body: null };
    },
    close: () => log.push(`${name} closed`),
  };
}

/** 10 hits/s: hit n is due at n · 100 ms. */
const ten = { schedule: constant('10/s'), durationMs: 1_000 };

describe('another targeter', () => {
  test('gives the targets of the hits due from its instant on', () => {
    const log: string[] = [];
    const world = new LaneWorld({ goal: ten }).run(250);
    world.lane.retarget(targeter('a', log), START + 500);
    world.run();
    assert.deepEqual(log, ['a 5', 'a 6', 'a 7', 'a 8', 'a 9']);
    assert.equal(world.sent.length, 10);
    assert.equal(world.block.live.tally.label(1).counts.sent, 2 + 5, 'hits 1 and 3, then all');
  });

  test('does not give those of hits that were due before and are sent late', () => {
    const log: string[] = [];
    const world = new LaneWorld({ goal: ten, stalls: [[210, 760]] }).run(205);
    world.lane.retarget(targeter('a', log), START + 500);
    world.run();
    assert.ok(world.sent.find(({ hit }) => hit === 4)!.at > 700);
    assert.deepEqual(log.slice(0, 3), ['a 5', 'a 6', 'a 7']);
  });

  test('that comes after its instant gives those that are not sent yet', () => {
    const log: string[] = [];
    const world = new LaneWorld({ goal: ten }).run(650);
    world.lane.retarget(targeter('a', log), START + 100);
    world.run();
    assert.deepEqual(log, ['a 7', 'a 8', 'a 9']);
  });

  test('gives way to the next, each at its instant, and is closed', async () => {
    const log: string[] = [];
    const world = new LaneWorld({ goal: ten }).run(50);
    world.lane.retarget(targeter('a', log), START + 200);
    world.lane.retarget(targeter('b', log), START + 400);
    world.lane.retarget(targeter('c', log), START + 2_000);
    world.run(550);
    assert.deepEqual(log, ['a 2', 'a 3', 'a closed', 'b 4', 'b 5']);
    world.run();
    await world.lane.close();
    assert.deepEqual(log.slice(-3), ['b 9', 'b closed', 'c closed']);
  });

  test('in place of one that never had a hit leaves nothing open', () => {
    const log: string[] = [];
    const world = new LaneWorld({ goal: { schedule: constant('1/s'), durationMs: 10_000 } }).run(50);
    for (let runMs = 60; runMs < 900; runMs += 100) {
      world.lane.retarget(targeter(`t${runMs}`, log), START + runMs);
      world.run(runMs + 10);
    }
    assert.deepEqual(
      log,
      ['t60', 't160', 't260', 't360', 't460', 't560', 't660'].map((name) => `${name} closed`),
    );
    world.run(1_050);
    assert.deepEqual(log.slice(-2), ['t760 closed', 't860 1']);
  });
});
