import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { RunSpec } from '../../src/api/run-spec.ts';
import type { RunRecord } from '../../src/coordinator/run-record.ts';
import { constant } from '../attack/schedule/schedules.ts';
import { type ClusterOptions, FakeCluster } from './fake-cluster.ts';
import { content, runSpec, stopSpec, workers } from './run-spec.ts';

afterEach(() => FakeCluster.dispose());

const STORE = { delayMs: () => 20, fails: () => false };

function remembered(spec: Partial<RunSpec> = {}, options: ClusterOptions = {}): FakeCluster {
  return new FakeCluster(runSpec(spec), { store: STORE, ...options });
}

/** A cluster whose run is remembered and has gone on for `runMs`. */
async function running(
  spec: Partial<RunSpec> = {},
  options: ClusterOptions = {},
  runMs = 3_000,
): Promise<FakeCluster> {
  const cluster = remembered(spec, options);
  await cluster.until(() => cluster.runMs >= runMs);
  return cluster;
}

/** Ends the coordinator, and has another take its place. */
async function restart(cluster: FakeCluster, afterMs: number): Promise<void> {
  cluster.crash();
  await cluster.pass(afterMs);
  cluster.restart();
}

function kept(cluster: FakeCluster): RunRecord {
  return JSON.parse(cluster.kept!) as RunRecord;
}

describe('a run whose coordinator ends', () => {
  test('goes on without a gap, with each hit once and all counts', async () => {
    const cluster = await running({ workers: workers(3) });
    const before = cluster.last.tally.counts.sent;
    await restart(cluster, 3_000);
    assert.ok(cluster.decided.size > before + 250);
    await cluster.pass(1_500);
    assert.equal(cluster.last.workers.filter(({ state }) => state === 'running').length, 3);
    await cluster.endWith(1000);
    assert.ok([...cluster.decided.values()].every(({ at, dueAt }) => at - cluster.startAt! - dueAt < 20));
    assert.equal(cluster.workers.length, 3);
    assert.deepEqual(cluster.notes, []);
  });

  test('while nothing has begun goes on preparing', async () => {
    const options = { workers: () => ({ prepareMs: 4_000 }) };
    const cluster = remembered({ startTimeoutMs: 6_000 }, options);
    await cluster.pass(2_000);
    await restart(cluster, 500);
    assert.equal(cluster.last.phase, 'Preparing');
    await cluster.endWith(1000);
    assert.equal(cluster.workers.length, 2);
  });

  test('fails to start at the deadline that it had', async () => {
    const late = remembered({ startTimeoutMs: 6_000 }, { workers: () => ({ prepareMs: Infinity }) });
    await late.pass(2_000);
    await restart(late, 500);
    const from = late.now;
    const final = await late.end();
    assert.equal(final.verdict, 'Failed');
    assert.ok(late.now - from < 4_000, `${late.now - from}`);
  });

  test('takes over a worker that has not called yet', async () => {
    const cluster = remembered({}, { workers: ({ index }) => ({ bootMs: index === 1 ? 3_000 : 20 }) });
    await cluster.pass(1_000);
    assert.equal(kept(cluster).members[1]?.incarnation, null);
    await restart(cluster, 200);
    await cluster.endWith(1000);
    assert.equal(cluster.workers.length, 2);
  });

  test('after the end of its schedule has the right end, too', async () => {
    const cluster = await running({}, {}, 8_000);
    await restart(cluster, 40_000);
    await cluster.endWith(1000);
  });

  test('while it is stopped comes to the same end', async () => {
    const cluster = await running({}, { workers: () => ({ serviceMs: () => 600 }) });
    cluster.coordinator.stop('StoppedByUser', 'enough');
    await cluster.pass(100);
    await restart(cluster, 300);
    const final = await cluster.end(10_000);
    assert.deepEqual([final.verdict, final.reason], ['StoppedByUser', 'enough']);
    assert.deepEqual(cluster.broken, []);
    assert.equal(final.tally.counts.sent, cluster.decided.size);
    assert.equal(final.unreported, 0);
    assert.ok(final.elapsedMs < 3_300, `${final.elapsedMs}`);
  });

  test('replaces a worker that ended meanwhile, which owes what it had not told anybody else', async () => {
    const cluster = await running({ durationMs: 15_000 });
    cluster.crash();
    cluster.kill(cluster.worker(1));
    await cluster.pass(1_000);
    cluster.restart();
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(final.verdict, 'Completed');
    assert.equal(final.scheduled, 1500);
    assert.ok(final.unreported > 150 && final.unreported < 350, `${final.unreported}`);
    assert.equal(cluster.workers.length, 3);
  });

  test('keeps the counts of a worker that was lost before', async () => {
    const cluster = await running({ durationMs: 15_000 });
    cluster.kill(cluster.worker(1));
    await cluster.pass(6_000);
    const { unreported } = cluster.last;
    await restart(cluster, 500);
    await cluster.pass(1_000);
    assert.equal(cluster.last.unreported, unreported);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.scheduled, final.unreported], [1500, unreported]);
    assert.ok(unreported < 100);
  });

  test('still hears the last word of a worker that only it had lost out of sight', async () => {
    const cluster = await running({ durationMs: 25_000 }, { unreachable: true });
    const silent = cluster.worker(1);
    silent.silentUntil = cluster.now + 12_000;
    await cluster.until(() => cluster.last.workers[1]?.state === 'lost', 8_000);
    await cluster.pass(1_000);
    await restart(cluster, 500);
    await cluster.until(() => silent.dead, 9_000);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.unreported, final.tally.counts.sent], [0, cluster.decided.size]);
  });

  test('judges votes as before', async () => {
    const cluster = await running({ workers: workers(3), stopWhen: stopSpec({ decidedBy: 'AllWorkers' }) });
    for (const index of [0, 1, 2]) {
      cluster.worker(index).vote = { votes: index < 2 ? 3 : 2, voteReason: 'slow', wantsStop: index < 2 };
    }
    await cluster.pass(1_000);
    await restart(cluster, 500);
    await cluster.pass(1_000);
    assert.equal(cluster.last.phase, 'Running');
    cluster.worker(2).vote = { votes: 3, voteReason: 'slow', wantsStop: true };
    const final = await cluster.end(3_000);
    assert.equal(final.verdict, 'StoppedByVotes');
  });

  test('knows how often workers were replaced', async () => {
    const cluster = await running({ durationMs: 120_000 });
    for (let time = 0; time < 4; time++) {
      await cluster.until(() => cluster.worker(1).worker.replacement === time);
      await cluster.pass(7_000);
      await restart(cluster, 200);
      await cluster.pass(1_000);
      cluster.kill(cluster.worker(1), 'was killed by SIGSEGV');
    }
    const final = await cluster.end();
    assert.match(final.reason, /^worker-1 was replaced 3 times within 5 minutes/);
  });

  test('gets the text of its set from who holds it', async () => {
    const cluster = await running({ durationMs: 20_000 });
    cluster.coordinator.offer(content('d2'));
    await cluster.until(() => cluster.last.templates.digest === 'd2');
    await restart(cluster, 500);
    await cluster.until(() => cluster.coordinator.contentOf('d2') !== null, 3_000);
    cluster.change(runSpec({ durationMs: 20_000, workers: workers(3) }));
    await cluster.endWith(2000);
    assert.ok([...cluster.decided.values()].some(({ worker }) => worker.worker.index === 2));
  });

  test('finds its set again where all who held it are gone', async () => {
    const cluster = await running({ durationMs: 20_000 });
    cluster.crash();
    cluster.kill(cluster.worker(0));
    cluster.kill(cluster.worker(1));
    await cluster.pass(500);
    cluster.restart();
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.verdict, final.scheduled], ['Completed', 2000]);
    assert.ok(final.tally.counts.sent > 1400);
  });

  test('no longer answers, so that workers ask again', async () => {
    const cluster = await running();
    const { coordinator } = cluster;
    cluster.crash();
    await assert.rejects(
      coordinator.sync({ ...({} as Parameters<typeof coordinator.sync>[0]), run: 'r-1' }),
      /does not coordinate the run/,
    );
  });

  test('in good order leaves nobody behind a fence', async () => {
    const cluster = await running({ durationMs: 15_000 }, { workers: () => ({ followMs: () => 200 }) });
    cluster.change(runSpec({ durationMs: 15_000, schedule: constant('200/s') }));
    await cluster.pass(100);
    assert.equal(cluster.worker(0).assignment?.fenceMs, 500);
    const from = cluster.now;
    void cluster.coordinator.retire().then(() => cluster.crash());
    await cluster.until(() => !cluster.up, 2_100);
    assert.ok(cluster.now - from < 600, `${cluster.now - from}`);
    assert.equal(cluster.worker(0).assignment?.fenceMs, null);
    await cluster.pass(3_000);
    cluster.restart();
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(cluster.decided.size, final.scheduled);
    assert.ok(final.scheduled > 2_000, `${final.scheduled}`);
    assert.ok([...cluster.decided.values()].every(({ at, dueAt }) => at - cluster.startAt! - dueAt < 20));
  });

  test('in good order waits for an instant that is being saved', async () => {
    const cluster = await running({}, { store: { delayMs: () => 400, fails: () => false } });
    cluster.change(runSpec({ schedule: constant('200/s') }));
    await cluster.until(
      () => kept(cluster).course!.parts.length > 1 || cluster.worker(0).assignment?.fenceMs !== null,
    );
    await cluster.pass(400);
    void cluster.coordinator.retire().then(() => cluster.crash());
    await cluster.until(() => !cluster.up, 2_100);
    assert.equal(cluster.worker(0).assignment?.segments.length, kept(cluster).course!.parts.length);
    await cluster.pass(1_000);
    cluster.restart();
    await cluster.end();
    assert.deepEqual(cluster.broken, []);
  });

  test('is followed by one of a higher epoch', async () => {
    const cluster = await running();
    cluster.crash();
    cluster.epoch = 0;
    assert.throws(() => cluster.restart(), /epoch 1 is not above 1, which the run's record has/);
  });

  test('refuses a record of another format', async () => {
    const cluster = await running();
    cluster.crash();
    cluster.kept = JSON.stringify({ ...kept(cluster), format: 2 });
    assert.throws(() => cluster.restart(), /the run's record has format 2, where 1 is known/);
  });
});

describe('the start', () => {
  test('of which nobody has heard is named anew', async () => {
    const cluster = remembered();
    await cluster.until(() => cluster.kept !== null && kept(cluster).course !== null);
    const before = kept(cluster).course!.startAt;
    // Before its answers are there.
    for (const worker of cluster.workers) worker.silentUntil = cluster.now + 100;
    await restart(cluster, 3_000);
    await cluster.endWith(1000);
    assert.ok(cluster.final!.startedAt! > before + 3_000);
    assert.ok([...cluster.decided.values()].every(({ at, dueAt }) => at - cluster.startAt! - dueAt < 20));
  });

  test('of which one has heard holds for all', async () => {
    const cluster = remembered();
    await cluster.until(() => cluster.kept !== null && kept(cluster).course !== null);
    const { startAt } = kept(cluster).course!;
    cluster.worker(1).silentUntil = cluster.now + 100;
    await cluster.until(() => cluster.worker(0).state === 'running');
    await restart(cluster, 2_000);
    await cluster.endWith(1000);
    assert.equal(cluster.final!.startedAt, startAt);
  });
});

describe('a store', () => {
  test('that is slow delays a change, and nothing else', async () => {
    const cluster = await running({}, { store: { delayMs: () => 800, fails: () => false } });
    cluster.change(runSpec({ schedule: constant('200/s') }));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(cluster.decided.size, final.scheduled);
    assert.ok(final.scheduled > 1300, `${final.scheduled}`);
    assert.ok([...cluster.decided.values()].every(({ at, dueAt }) => at - cluster.startAt! - dueAt < 1_000));
  });

  test('that is away does not disturb a run, which takes up a change when it is back', async () => {
    let away = false;
    const store = { delayMs: () => 20, fails: () => away };
    const cluster = await running({ durationMs: 60_000 }, { store }, 8_000);
    away = true;
    // Something to save comes by itself, and fails.
    cluster.coordinator.offer(content('d2'));
    await cluster.pass(500);
    cluster.change(runSpec({ durationMs: 60_000, schedule: constant('200/s') }));
    await cluster.pass(30_000);
    assert.deepEqual([cluster.last.targetRate, cluster.last.templates.digest], [100, 'd1']);
    assert.ok([...cluster.decided.values()].every(({ at, dueAt }) => at - cluster.startAt! - dueAt < 20));
    away = false;
    await cluster.until(() => cluster.last.targetRate === 200, 6_000);
    await cluster.until(() => cluster.last.templates.digest === 'd2', 1_000);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(cluster.decided.size, final.scheduled);
    assert.deepEqual(
      cluster.notes.filter((note) => note.includes('record')),
      [
        'the record of the run cannot be saved, it goes on as it is: the store does not answer',
        'the record of the run can be saved again',
      ],
    );
  });

  test('that is away from the beginning lets nothing start, and is named at the deadline', async () => {
    const store = { delayMs: () => 20, fails: () => true };
    const cluster = new FakeCluster(runSpec({ startTimeoutMs: 6_000 }), { store });
    await cluster.pass(3_000);
    assert.equal(cluster.coordinator.outline().saveError, 'the store does not answer');
    const final = await cluster.end();
    assert.equal(final.verdict, 'Failed');
    assert.equal(
      final.reason,
      'the run could not be saved within startTimeout (6 s): the store does not answer',
    );
    assert.equal(cluster.decided.size, 0);
  });

  test('that is away does not hold up a stop', async () => {
    let away = false;
    const cluster = await running({}, { store: { delayMs: () => 20, fails: () => away } });
    away = true;
    cluster.coordinator.stop('StoppedByUser', 'enough');
    const stoppedAt = cluster.now;
    const final = await cluster.end(10_000);
    assert.equal(final.verdict, 'StoppedByUser');
    assert.ok([...cluster.decided.values()].every(({ at }) => at <= stoppedAt + 50));
  });

  test('that is slow lets no worker go that is about to be given hits', async () => {
    const cluster = await running(
      { durationMs: 15_000 },
      { store: { delayMs: () => 600, fails: () => false } },
    );
    cluster.change(runSpec({ durationMs: 15_000, workers: workers(3) }));
    await cluster.until(() => cluster.workers[2]?.state === 'running');
    await cluster.pass(300);
    cluster.worker(2).leave();
    await cluster.endWith(1500);
    assert.ok([...cluster.decided.values()].some(({ worker }) => worker === cluster.workers[2]));
  });

  test('knows the totals of a worker before that one is let go', async () => {
    const cluster = await running({}, { store: { delayMs: () => 300, fails: () => false } });
    const leaving = cluster.worker(1);
    leaving.leave();
    await cluster.until(() => leaving.state === 'ended');
    await cluster.pass(200);
    assert.equal(leaving.dead, false);
    await cluster.until(() => leaving.dead, 1_000);
    const told = kept(cluster).members.find(({ worker }) => worker.index === 1 && worker.replacement === 0);
    assert.equal(told?.state, 'ended');
    assert.equal(told?.sent, leaving.counting.tally.counts.sent);
    await cluster.endWith(1000);
  });
});

describe('a trickle that goes on and changes for ever', () => {
  test('is remembered in as much room, and counts each hit', async () => {
    const spec = (rate: string, count: number): RunSpec =>
      runSpec({
        schedule: constant(rate),
        durationMs: null,
        workers: workers(count, { leaseMs: 2_000 }),
      });
    const cluster = new FakeCluster(spec('5/s', 2), { store: STORE });
    await cluster.until(() => cluster.runMs >= 1_000);
    const sizes: number[] = [];
    for (let change = 0; change < 120; change++) {
      cluster.change(spec(`${1 + (change % 7)}/s`, 1 + (change % 3)));
      await cluster.pass(3_000);
      if (change % 10 === 5) cluster.kill(cluster.worker(0));
      if (change % 40 === 20) await restart(cluster, 1_000);
      sizes.push(cluster.kept!.length);
    }
    assert.deepEqual(cluster.broken.slice(0, 3), []);
    // A minute of parts is there after the first third.
    assert.ok(Math.max(...sizes.slice(80)) < 1.2 * Math.max(...sizes.slice(0, 60)), sizes.join(' '));
    assert.ok(cluster.largest < 40_000, `${cluster.largest}`);
    const { members, past } = kept(cluster);
    assert.ok(members.length < 60, `${members.length}`);
    assert.equal(past.length, 20);
    cluster.coordinator.stop('StoppedByUser', 'enough');
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    const { sent } = final.tally.counts;
    assert.equal(final.scheduled, sent + final.unreported);
    assert.ok(sent <= cluster.decided.size && cluster.decided.size <= sent + final.unreported);
  });
});
