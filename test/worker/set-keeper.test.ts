import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { ContentOrder } from '../../src/coordinator/protocol.ts';
import type { Content } from '../../src/template/content.ts';
import type { LaneSet } from '../../src/worker/lanes/lane-messages.ts';
import { SetKeeper } from '../../src/worker/set-keeper.ts';
import { FakeClock } from '../attack/fake-clock.ts';
import { content } from '../coordinator/run-spec.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const START = 1_000;

function order(current: string, differences: Partial<ContentOrder> = {}): ContentOrder {
  return {
    current,
    from: 0,
    next: null,
    labels: ['d1.json', 'd2.json'],
    mostLabels: 32,
    refused: 0,
    ...differences,
  };
}

/** A keeper over lanes that prepare and take what the test says. */
class Keeping {
  readonly clock = new FakeClock(START);
  readonly told: string[] = [];
  readonly failures: string[] = [];
  readonly fetched: string[] = [];
  changes = 0;
  waitsFor = '';
  /** What is not there yet; empty: nothing. */
  missing = '';
  prepared = '';
  taken = 'd1';
  /** Which digests can be had. */
  available = new Set(['d1', 'd2', 'd3']);
  set: LaneSet | null = null;
  readonly keeper = new SetKeeper({
    clock: this.clock,
    lanes: {
      prepare: (set) => {
        this.set = set;
        this.told.push(`prepare ${set.content.digest}`);
      },
      swap: (at) => this.told.push(`swap at ${at}`),
      havePrepared: (digest) => this.prepared === digest,
      haveTaken: (digest) => this.taken === digest,
    },
    fetch: (digest) => this.#fetch(digest),
    isPassing: (error) => (error as Error).message.startsWith('Secret'),
    waiting: (reason) => {
      this.waitsFor = reason;
    },
    changed: () => {
      this.changes++;
    },
    swapped: () => this.told.push('swapped'),
    failed: (reason) => this.failures.push(reason),
  });

  /** Lanes have begun with `d1` and the run is under way. */
  async begin(): Promise<this> {
    this.keeper.follow(order('d1'), null);
    this.keeper.begin(await this.keeper.first());
    this.keeper.follow(order('d1'), START);
    return this;
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.by(100);
      mock.timers.tick(100);
      await settled();
    }
  }

  /** Lanes have prepared a set. */
  hold(digest: string): void {
    this.prepared = digest;
    this.keeper.look();
  }

  /** Lanes have been told since when to send from a set. */
  take(digest: string): void {
    this.taken = digest;
    this.keeper.look();
  }

  async #fetch(digest: string): Promise<Content> {
    this.fetched.push(digest);
    await settled(5);
    if (this.missing !== '') throw new Error(this.missing);
    if (!this.available.has(digest)) throw new Error(`there is no ${digest}`);
    return content(digest);
  }
}

async function settled(turns = 40): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

describe('a keeper of sets', () => {
  test('gets the next one, has it prepared, and swaps it in at the instant that is named', async () => {
    const it = await new Keeping().begin();
    it.keeper.follow(order('d1', { next: 'd2' }), START);
    await settled();
    assert.deepEqual(it.told, ['prepare d2']);
    assert.deepEqual(it.set?.content.labels, ['d1.json', 'd2.json'], "the run's labels");
    assert.deepEqual(it.keeper.report, { prepared: null, running: 'd1' });
    it.hold('d2');
    assert.deepEqual(it.keeper.report, { prepared: 'd2', running: 'd1' });
    it.keeper.follow(order('d2', { from: 700 }), START);
    assert.deepEqual(it.told, ['prepare d2', `swap at ${START + 700}`]);
    it.take('d2');
    assert.deepEqual(it.keeper.report, { prepared: null, running: 'd1' }, 'the instant has not come');
    await it.pass(700);
    it.keeper.look();
    assert.deepEqual(it.keeper.report, { prepared: null, running: 'd2' });
    assert.equal(it.changes, 2);
    assert.equal(it.told.at(-1), 'swapped');
  });

  test('that is behind the others gets the current one first, and then the next', async () => {
    const it = await new Keeping().begin();
    it.keeper.follow(order('d2', { from: 300, next: 'd3' }), START);
    await settled();
    assert.equal(it.keeper.isCurrent, false);
    it.hold('d2');
    assert.equal(it.keeper.isCurrent, true);
    await settled();
    assert.deepEqual(it.told, ['prepare d2', `swap at ${START + 300}`, 'prepare d3']);
  });

  test('drops what is no longer wanted on the way', async () => {
    const it = await new Keeping().begin();
    it.keeper.follow(order('d1', { next: 'd2' }), START);
    it.keeper.follow(order('d1', { next: 'd3' }), START);
    await settled();
    assert.deepEqual(it.fetched, ['d1', 'd2', 'd3']);
    assert.deepEqual(it.told, ['prepare d3']);
    it.hold('d3');
    assert.deepEqual(it.keeper.report, { prepared: 'd3', running: 'd1' });
  });

  test('uses a set again that lanes hold ready still', async () => {
    const it = await new Keeping().begin();
    it.keeper.follow(order('d1', { next: 'd2' }), START);
    await settled();
    it.hold('d2');
    it.keeper.follow(order('d1'), START);
    it.keeper.follow(order('d1', { next: 'd2' }), START);
    assert.deepEqual(it.keeper.report, { prepared: 'd2', running: 'd1' });
    await settled();
    assert.deepEqual(it.told, ['prepare d2']);
  });

  test('tries again to get what cannot be had, and gives up after a minute', async () => {
    const it = await new Keeping().begin();
    it.available.delete('d2');
    it.keeper.follow(order('d1', { next: 'd2' }), START);
    await it.pass(58_000);
    assert.ok(it.fetched.length > 20 && it.fetched.length < 50, `${it.fetched.length} tries`);
    assert.deepEqual(it.failures, []);
    await it.pass(5_000);
    assert.deepEqual(it.failures, ['there is no d2']);
    assert.deepEqual(it.keeper.report, { prepared: null, running: 'd1' });
  });

  test('waits however long for what is only not there yet, and says for what', async () => {
    const it = await new Keeping().begin();
    it.missing = 'Secret s is not there';
    it.keeper.follow(order('d1', { next: 'd2' }), START);
    await it.pass(300_000);
    assert.deepEqual(it.failures, []);
    assert.equal(it.waitsFor, 'Secret s is not there');
    it.missing = '';
    await it.pass(3_000);
    assert.equal(it.waitsFor, '');
    assert.deepEqual(it.told, ['prepare d2']);
  });

  test('holds what lanes send from or hold ready, as it was obtained', async () => {
    const it = await new Keeping().begin();
    it.keeper.follow(order('d1', { next: 'd2' }), START);
    await settled();
    it.hold('d2');
    assert.deepEqual(it.keeper.held('d1'), content('d1'));
    assert.deepEqual(it.keeper.held('d2'), content('d2'));
    it.keeper.follow(order('d2', { next: 'd3' }), START);
    it.take('d2');
    await settled();
    assert.deepEqual(it.keeper.held('d2'), content('d2'));
    assert.equal(it.keeper.held('d1'), null);
  });

  test('recovers by itself', async () => {
    const it = await new Keeping().begin();
    it.available.delete('d2');
    it.keeper.follow(order('d1', { next: 'd2' }), START);
    await it.pass(10_000);
    it.available.add('d2');
    await it.pass(3_000);
    assert.deepEqual(it.told, ['prepare d2']);
    assert.deepEqual(it.failures, []);
  });

  test('does not mind when what cannot be had is no longer wanted', async () => {
    const it = await new Keeping().begin();
    it.available.delete('d2');
    it.keeper.follow(order('d1', { next: 'd2' }), START);
    await it.pass(1_000);
    it.keeper.follow(order('d1'), START);
    const tries = it.fetched.length;
    await it.pass(90_000);
    assert.ok(it.fetched.length <= tries + 1);
    assert.deepEqual(it.failures, []);
  });

  test('begins with whatever is current when it gets it', async () => {
    const it = new Keeping();
    it.available.delete('d1');
    it.keeper.follow(order('d1'), null);
    const first = it.keeper.first();
    await it.pass(500);
    it.keeper.follow(order('d2'), null);
    await it.pass(2_000);
    assert.equal((await first).content.digest, 'd2');
  });

  test('swaps at once while the run has no start', async () => {
    const it = new Keeping();
    it.keeper.follow(order('d1'), null);
    it.keeper.begin(await it.keeper.first());
    it.keeper.follow(order('d2'), null);
    await settled();
    it.hold('d2');
    assert.deepEqual(it.told, ['prepare d2', 'swap at -Infinity']);
    assert.equal(it.keeper.swaps, 1);
  });
});
