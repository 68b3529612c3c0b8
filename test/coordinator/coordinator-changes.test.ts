import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { RunSpec } from '../../src/api/run-spec.ts';
import { Rational } from '../../src/units/rational.ts';
import { constant, stages, wave } from '../attack/schedule/schedules.ts';
import { type ClusterOptions, FakeCluster } from './fake-cluster.ts';
import { runSpec, stopSpec, workers } from './run-spec.ts';

afterEach(() => FakeCluster.dispose());

/** A cluster of 100 hits/s for 10 s on two workers whose run has gone on for 3 s. */
async function running(spec: Partial<RunSpec> = {}, options: ClusterOptions = {}): Promise<FakeCluster> {
  const cluster = new FakeCluster(runSpec(spec), options);
  await cluster.until(() => cluster.runMs >= 3_000);
  return cluster;
}

/** Run time at which the last change joined. */
function joinedAt(cluster: FakeCluster): number {
  return cluster.worker(0).assignment!.segments.at(-1)!.from;
}

/** What a run is due after a change at run time `j`, in hits, fractions and all. */
type Due = (j: number) => number;

describe('a change of the schedule', () => {
  const rows: [what: string, change: Partial<RunSpec>, due: Due][] = [
    ['to another rate', { schedule: constant('250/s') }, (j) => 0.1 * j + 0.25 * (10_000 - j)],
    ['to a rate below one a second', { schedule: constant('30/m') }, (j) => 0.1 * j + 0.0005 * (10_000 - j)],
    [
      'to stages, which are read at the elapsed time and end by themselves',
      { schedule: stages(['200/s', 2_000], ['200/s', 4_000], ['0/s', 2_000]), durationMs: null },
      (j) => 0.1 * j + 0.2 * (6_000 - j) + 200,
    ],
    [
      'to stages that are over already: the run completes',
      { schedule: stages(['200/s', 2_000]), durationMs: null },
      (j) => 0.1 * j,
    ],
    [
      'to a wave over whole periods',
      { schedule: wave('50/s', '50/s', 1_000) },
      // What is left of the period that is under way, and whole ones.
      (j) => 0.1 * j + 0.05 * (10_000 - j) + (50 / (2 * Math.PI)) * (Math.cos((2 * Math.PI * j) / 1_000) - 1),
    ],
    ['to a longer duration', { durationMs: 14_000 }, () => 1400],
    ['to a shorter duration', { durationMs: 5_000 }, () => 500],
    ['to a duration that has passed', { durationMs: 1_000 }, (j) => 0.1 * j],
  ];
  for (const [what, change, due] of rows) {
    test(what, async () => {
      const cluster = await running();
      cluster.coordinator.change(runSpec(change));
      const final = await cluster.end();
      assert.deepEqual(cluster.broken, []);
      assert.equal(final.verdict, 'Completed');
      const expected = due(joinedAt(cluster));
      assert.ok(Math.abs(final.scheduled - expected) <= 1, `${final.scheduled}, not ${expected}`);
      assert.ok(final.scheduled >= expected - 1e-6, `${final.scheduled} is less than ${expected}`);
      assert.equal(cluster.decided.size, final.scheduled);
      assert.equal(final.unreported, 0);
    });
  }

  test('that takes the duration away makes the run go on, and one that brings it back ends it', async () => {
    const cluster = await running();
    cluster.coordinator.change(runSpec({ durationMs: null }));
    await cluster.pass(20_000);
    assert.deepEqual([cluster.last.phase, cluster.last.durationMs], ['Running', null]);
    cluster.coordinator.change(runSpec({ durationMs: 30_000 }));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.scheduled, final.unreported], [3000, 0]);
  });

  test('in the last half second comes too late, and hinders nothing', async () => {
    const cluster = await running();
    await cluster.until(() => cluster.runMs > 9_600);
    cluster.coordinator.change(runSpec({ schedule: constant('300/s'), durationMs: 20_000 }));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.verdict, final.scheduled, final.unreported], ['Completed', 1000, 0]);
  });
});

describe('a change of', () => {
  test('maxLag and stopWhen reaches every worker', async () => {
    const cluster = await running();
    const stopWhen = stopSpec({ windowMs: 2_000, votes: 5, latencyAboveMs: 50 });
    cluster.coordinator.change(runSpec({ maxLagMs: 250, stopWhen }));
    await cluster.pass(500);
    for (const { assignment } of cluster.workers) {
      assert.equal(assignment?.maxLagMs, 250);
      assert.deepEqual(assignment?.stopWhen, stopWhen);
    }
    assert.equal(cluster.last.votes.limit, 5);
    cluster.worker(1).vote = { votes: 5, voteReason: 'window 3: p99 80 ms > 50 ms', wantsStop: true };
    const final = await cluster.end();
    assert.equal(final.verdict, 'StoppedByVotes');
    assert.match(final.reason, /worker-1 reached 5 votes: window 3/);
  });

  test('stopWhen to none takes votes off the table', async () => {
    const cluster = await running({ stopWhen: stopSpec({ votes: 2 }) });
    cluster.worker(0).vote = { votes: 1, voteReason: 'no', wantsStop: false };
    await cluster.pass(600);
    cluster.coordinator.change(runSpec({ stopWhen: null }));
    cluster.worker(0).vote = { votes: 2, voteReason: 'no', wantsStop: true };
    const final = await cluster.end();
    assert.equal(final.verdict, 'Completed');
    assert.equal(final.votes.limit, 0);
  });

  test('decidedBy counts the votes that are there', async () => {
    const cluster = await running({ stopWhen: stopSpec({ decidedBy: 'AllWorkers' }) });
    cluster.worker(0).vote = { votes: 3, voteReason: 'no', wantsStop: true };
    await cluster.pass(1_000);
    assert.equal(cluster.final, null);
    cluster.coordinator.change(runSpec({ stopWhen: stopSpec({ decidedBy: 'AnyWorker' }) }));
    assert.equal((await cluster.end(3_000)).verdict, 'StoppedByVotes');
  });

  test('maxRatePerWorker takes in as many workers as it asks for, and lets them go again', async () => {
    const cluster = await running({ durationMs: 20_000 });
    const most = workers(1, { maxRatePerWorker: Rational.of(30) });
    cluster.coordinator.change(runSpec({ durationMs: 20_000, workers: most }));
    await cluster.until(() => cluster.workers.length === 4);
    await cluster.pass(2_000);
    const owners = new Set([...cluster.decided.values()].slice(-40).map(({ worker }) => worker));
    assert.equal(owners.size, 4);
    cluster.coordinator.change(runSpec({ durationMs: 20_000, workers: workers(1) }));
    await cluster.until(() => cluster.workers.slice(1).every(({ dead }) => dead));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.scheduled, final.unreported], [2000, 0]);
  });

  test('onLoss holds for the next loss', async () => {
    const cluster = await running();
    cluster.coordinator.change(runSpec({ workers: workers(2, { onLoss: 'Stop' }) }));
    cluster.kill(cluster.worker(0));
    const final = await cluster.end(3_000);
    assert.equal(final.reason, 'worker-0 was killed by SIGKILL, and workers.onLoss is Stop');
  });

  test('lease holds from the next answer on', async () => {
    const cluster = await running({ workers: workers(2, { leaseMs: 60_000 }), durationMs: 20_000 });
    cluster.coordinator.change(runSpec({ workers: workers(2, { leaseMs: 1_000 }), durationMs: 20_000 }));
    await cluster.pass(1_000);
    cluster.worker(1).silentUntil = Number.POSITIVE_INFINITY;
    await cluster.until(() => cluster.last.workers[1]?.state === 'lost', 1_800);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(final.scheduled, 2000);
  });

  test('afterLease lets workers go on without answers', async () => {
    const cluster = await running({ durationMs: null });
    const spec = runSpec({ durationMs: null, workers: workers(2, { afterLease: 'Continue' }) });
    cluster.coordinator.change(spec);
    await cluster.pass(1_000);
    assert.ok(cluster.workers.every(({ assignment }) => assignment?.afterLease === 'Continue'));
    cluster.coordinator.stop('StoppedByUser', 'enough');
    await cluster.end();
  });

  test('warm-up and start deadline waits for the next run', async () => {
    const cluster = await running({ warmupMs: 2_000 });
    cluster.coordinator.change(runSpec({ warmupMs: 8_000, startTimeoutMs: 1 }));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.warmup.scheduled, final.scheduled], [200, 800]);
    assert.equal(cluster.worker(0).assignment?.segments.length, 1);
  });
});
