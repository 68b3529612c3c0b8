import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Assignment } from '../../src/coordinator/protocol.ts';
import type { LaneOrder } from '../../src/worker/lanes/lane-messages.ts';
import { PlanKeeper } from '../../src/worker/plan-keeper.ts';
import { FakeClock } from '../attack/fake-clock.ts';
import { runSpec, stopSpec } from '../coordinator/run-spec.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** The coordinator's clock minus ours, in ms. */
const AHEAD = 500;

function assignment(n: number, differences: Partial<Assignment> = {}): Assignment {
  return {
    version: { epoch: 1, n },
    content: { current: 'd1', from: 0, next: null, labels: ['d1.json'], mostLabels: 32, refused: 0 },
    protocol: runSpec().protocol,
    lanes: 2,
    workers: 1,
    maxLagMs: 1000,
    warmupMs: 0,
    stopWhen: null,
    afterLease: 'Stop',
    records: null,
    startAt: null,
    segments: [],
    endsAt: null,
    fenceMs: null,
    stop: false,
    ...differences,
  };
}

/** A keeper over lanes that follow what the test says. */
class Keeping {
  readonly clock = new FakeClock(0);
  followed = 0;
  readonly orders: LaneOrder[] = [];
  fence: { answeredAt: number; fenceMs: number | null; version: number } | null = null;
  leaseEnd = NEVER;
  readonly keeper = new PlanKeeper({
    clock: this.clock,
    lanes: {
      follow: (order) => this.orders.push(order),
      follows: (version) => this.followed >= version,
      setFence: (answeredAt, fenceMs, version) => {
        this.fence = { answeredAt, fenceMs, version };
      },
      setLease: (leaseEnd) => {
        this.leaseEnd = leaseEnd;
      },
    },
    toLocal: (time) => time - AHEAD,
  });
}

describe('a keeper of the plan', () => {
  test('has taken an assignment without a start over at once', () => {
    const { keeper, orders } = new Keeping();
    keeper.take(assignment(1));
    assert.equal(keeper.acknowledged, null);
    assert.equal(keeper.start(), null);
    assert.deepEqual([keeper.acknowledged, keeper.startAt, orders], [{ epoch: 1, n: 1 }, null, []]);
  });

  test('counts from the start by our clock, which stays as it was reckoned first', () => {
    const { keeper, clock } = new Keeping();
    keeper.take(assignment(1, { startAt: 1_500 }));
    assert.equal(keeper.scheduleMs, 0, 'before the start is known');
    assert.equal(keeper.start(), 1_000);
    keeper.take(assignment(2, { startAt: 1_507 }));
    assert.equal(keeper.start(), 1_000);
    const segment = { from: 0, scheduleFrom: 40, suspended: false, pieces: [], firstHit: 0, endHit: null };
    const segments = [{ ...segment, warmupEndHit: 0, stripes: 1, owners: {} }];
    keeper.take(assignment(3, { startAt: 1_500, segments }));
    clock.to(1_300);
    assert.equal(keeper.scheduleMs, 340);
  });

  test('has taken over what every lane follows, whichever coordinator it is from', () => {
    const it = new Keeping();
    const { keeper } = it;
    keeper.take(assignment(7, { startAt: 1_500 }));
    keeper.start();
    keeper.follow([]);
    assert.equal(keeper.acknowledge(100), false);
    it.followed = 1;
    assert.equal(keeper.acknowledge(100), true);
    assert.deepEqual(keeper.acknowledged, { epoch: 1, n: 7 });
    keeper.take(assignment(1, { version: { epoch: 2, n: 1 }, startAt: 1_500 }));
    keeper.start();
    keeper.follow([]);
    assert.deepEqual(keeper.acknowledged, { epoch: 1, n: 7 });
    it.followed = 2;
    assert.equal(keeper.acknowledge(200), true);
    assert.deepEqual(keeper.acknowledged, { epoch: 2, n: 1 });
    assert.deepEqual(
      it.orders.map(({ version }) => version),
      [1, 2],
    );
  });

  test('holds lanes behind the fence of the newest assignment, from the last answer on', () => {
    const it = new Keeping();
    it.keeper.renewLease(50, 5_000);
    assert.equal(it.fence, null, 'there is no assignment yet');
    it.keeper.take(assignment(1, { fenceMs: 500 }));
    it.keeper.renewLease(60, 5_000);
    assert.deepEqual(it.fence, { answeredAt: 60, fenceMs: 500, version: 1 });
    it.keeper.take(assignment(2));
    it.keeper.renewLease(70, 5_000);
    assert.deepEqual(it.fence, { answeredAt: 70, fenceMs: null, version: 2 });
  });

  test('ends the lease of lanes, unless the test goes on without answers', () => {
    const it = new Keeping();
    it.keeper.take(assignment(1));
    it.keeper.renewLease(100, 5_000);
    assert.deepEqual([it.keeper.leaseEnd, it.leaseEnd], [5_100, 5_100]);
    it.keeper.take(assignment(2, { afterLease: 'Continue' }));
    it.keeper.renewLease(200, 5_000);
    assert.deepEqual([it.keeper.leaseEnd, it.leaseEnd], [NEVER, NEVER]);
  });

  for (const [latencyAboveMs, precise, limit] of [
    [null, false, NEVER],
    [20, false, 20],
    [19, true, 19],
  ] as const) {
    test(`lanes spin where latency is judged by ${latencyAboveMs} ms: ${precise}`, () => {
      const { keeper, orders } = new Keeping();
      keeper.take(assignment(1, { startAt: 1_500, stopWhen: stopSpec({ latencyAboveMs }) }));
      keeper.start();
      keeper.follow([]);
      assert.deepEqual([orders[0]?.precise, orders[0]?.plan.latencyAboveMs], [precise, limit]);
    });
  }
});
