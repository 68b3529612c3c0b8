import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { RunSpec } from '../../src/api/run-spec.ts';
import { dropped } from '../../src/metrics/counts.ts';
import { constant, stages, wave } from '../attack/schedule/schedules.ts';
import { call } from './calls.ts';
import { type ClusterOptions, FakeCluster } from './fake-cluster.ts';
import { runSpec, stopSpec, workers } from './run-spec.ts';

afterEach(() => FakeCluster.dispose());

/** A cluster whose run has started and gone on for `runMs`. */
async function running(
  spec: RunSpec = runSpec(),
  options: ClusterOptions = {},
  runMs = 1_000,
): Promise<FakeCluster> {
  const cluster = new FakeCluster(spec, options);
  await cluster.until(() => cluster.runMs >= runMs, spec.startTimeoutMs + runMs);
  return cluster;
}

/** Hits that some worker sent. */
function sent(cluster: FakeCluster): number {
  return [...cluster.decided.values()].filter((each) => !each.dropped).length;
}

describe('a run', () => {
  const rows: [what: string, spec: Partial<RunSpec>, hits: number][] = [
    ['at a constant rate', {}, 1000],
    ['23/m for 300 s', { schedule: constant('23/m'), durationMs: 300_000 }, 115],
    ['in stages', { schedule: stages(['100/s', 4_000], ['0/s', 2_000]), durationMs: null }, 300],
    ['in a wave', { schedule: wave('50/s', '50/s', 10_000) }, 500],
    ['on one worker', { workers: workers(1) }, 1000],
    ['on five workers', { workers: workers(5) }, 1000],
  ];
  for (const [what, spec, hits] of rows) {
    test(`${what}: ${hits} hits, each once`, async () => {
      const cluster = new FakeCluster(runSpec(spec));
      const final = await cluster.end(400_000);
      assert.deepEqual(cluster.broken, []);
      assert.equal(final.verdict, 'Completed');
      assert.deepEqual([final.scheduled, final.unreported, final.tally.counts.sent], [hits, 0, hits]);
      assert.equal(final.tally.counts.succeeded, hits);
      assert.deepEqual(
        [...cluster.decided.keys()].toSorted((a, b) => a - b),
        [...Array(hits).keys()],
      );
      assert.ok(cluster.closed);
      assert.ok(cluster.workers.every(({ dead }) => dead));
    });
  }

  test('counts drops and warm-up by the plan and by its counters alike', async () => {
    const cluster = new FakeCluster(runSpec({ warmupMs: 3_000 }), {
      workers: () => ({ dropped: 0.2, serviceMs: () => 70 }),
      random: Math.random,
    });
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.warmup.scheduled, final.scheduled], [300, 700]);
    const { counts } = final.warmup;
    assert.equal(counts.sent + dropped(counts), 300);
    assert.equal(sent(cluster), counts.sent + final.tally.counts.sent);
  });

  test('divides hits evenly, lane by lane', async () => {
    const cluster = new FakeCluster(runSpec());
    await cluster.end();
    const owners = [...cluster.decided]
      .toSorted(([a], [b]) => a - b)
      .map(([, { worker }]) => worker.worker.index);
    assert.deepEqual(owners.slice(0, 8), [0, 1, 0, 1, 0, 1, 0, 1]);
    assert.equal(owners.filter((index) => index === 0).length, 500);
  });

  test('tells of itself while it goes on', async () => {
    const cluster = await running(runSpec({ warmupMs: 2_000 }));
    const early = cluster.coordinator.snapshot();
    assert.deepEqual(
      [early.phase, early.verdict, early.warmingUp, early.targetRate, early.durationMs, early.suspended],
      ['Running', null, true, 100, 10_000, false],
    );
    assert.ok(early.elapsedMs >= 1_000 && early.elapsedMs < 1_200);
    assert.deepEqual(
      early.workers.map(({ name, state, lanes }) => [name, state, lanes]),
      [
        ['worker-0', 'running', 2],
        ['worker-1', 'running', 2],
      ],
    );
    await cluster.until(() => cluster.runMs > 2_500);
    assert.equal(cluster.coordinator.snapshot().warmingUp, false);
    const final = await cluster.end();
    assert.deepEqual([final.phase, final.verdict, final.scheduleMs], ['Ended', 'Completed', 10_000]);
    assert.ok(Math.abs(final.targetRate - 100) < 1e-9);
    assert.ok(final.finishedAt! > final.startedAt! + 10_000);
  });

  test('passes on what workers note, once and under their name', async () => {
    const cluster = await running();
    cluster.worker(1).notes = [{ id: 1, text: 'a lane was started anew' }];
    await cluster.pass(2_000);
    assert.deepEqual(cluster.notes, ['worker-1: a lane was started anew']);
  });

  test('is saturated when one of its generators was', async () => {
    const cluster = await running();
    assert.equal(cluster.last.generatorSaturated, false);
    cluster.worker(1).saturated = true;
    await cluster.pass(1_000);
    assert.equal(cluster.last.generatorSaturated, true);
  });
});

describe('the start', () => {
  test('waits for all workers, then is one instant for all', async () => {
    const cluster = new FakeCluster(runSpec(), {
      workers: ({ index }) => ({ prepareMs: index === 1 ? 7_000 : 10, skewMs: index * 1e6 }),
    });
    await cluster.pass(6_900);
    assert.equal(cluster.last.phase, 'Preparing');
    assert.equal(cluster.decided.size, 0);
    await cluster.end();
    assert.deepEqual(cluster.broken, []);
    const first = [0, 1].map((hit) => cluster.decided.get(hit)!);
    assert.ok(first.every(({ at }) => at - cluster.startAt! >= 0 && at - cluster.startAt! < 20));
    // Told early enough to be heard everywhere before.
    assert.ok(cluster.startAt! >= 50_000 + 7_000 + 200);
  });

  test('fails after startTimeout, and says which worker is missing', async () => {
    const spec = runSpec({ startTimeoutMs: 5_000, workers: workers(3) });
    const cluster = new FakeCluster(spec, {
      workers: ({ index }) => (index === 1 ? null : { prepareMs: index === 2 ? Infinity : 10 }),
    });
    const final = await cluster.end();
    assert.equal(final.verdict, 'Failed');
    assert.equal(
      final.reason,
      'not all workers were ready within startTimeout (5 s): worker-1 is not ready, worker-2 is not ready',
    );
    assert.equal(cluster.decided.size, 0);
    assert.equal(final.startedAt, null);
    assert.ok(cluster.workers.filter(({ worker }) => worker.index === 0).every(({ dead }) => dead));
  });

  test('fails with what a worker says that cannot go on', async () => {
    const cluster = new FakeCluster(runSpec(), { workers: () => ({ prepareMs: Infinity }) });
    await cluster.pass(500);
    cluster.worker(1).fail('track.json:3: nonsense');
    const final = await cluster.end();
    assert.deepEqual([final.verdict, final.reason], ['Failed', 'worker-1: track.json:3: nonsense']);
  });

  test('replaces a worker whose process ends before, three times, and then fails', async () => {
    const cluster = new FakeCluster(runSpec(), {
      workers: ({ index }) => (index === 1 ? { prepareMs: Infinity } : {}),
    });
    for (let time = 0; time < 4; time++) {
      await cluster.until(() => cluster.worker(1).worker.replacement === time);
      await cluster.pass(100);
      cluster.kill(cluster.worker(1), 'exited with code 7');
      await cluster.pass(100);
    }
    const final = await cluster.end();
    assert.equal(final.verdict, 'Failed');
    assert.equal(
      final.reason,
      'worker-1 was replaced 3 times within 5 minutes and is gone again (exited with code 7)',
    );
  });

  test('may be suspended: nothing is sent until it is not', async () => {
    const cluster = await running(runSpec({ suspend: true }), {}, 3_000);
    assert.equal(cluster.decided.size, 0);
    assert.deepEqual([cluster.last.suspended, cluster.last.targetRate], [true, 0]);
    cluster.coordinator.change(runSpec());
    const final = await cluster.end();
    assert.equal(final.scheduled, 1000);
    assert.deepEqual(cluster.broken, []);
  });
});

describe('a change', () => {
  test('of rate is exact to the hit', async () => {
    const cluster = await running(runSpec(), {}, 3_000);
    cluster.coordinator.change(runSpec({ schedule: constant('300/s') }));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    // The instant is named by the coordinator; F(t) = F_old(J) + F_new(t) − F_new(J).
    const joined = [...cluster.decided.values()].filter(({ dueAt }) => dueAt < 3_500).length;
    assert.equal(joined >= 350 && joined <= 352, true);
    const gaps = [...cluster.decided.values()].map(({ dueAt }) => dueAt).toSorted((a, b) => a - b);
    const bend = gaps.findIndex((at, index) => index > 0 && at - gaps[index - 1]! < 9.9);
    const runMs = gaps[bend]!;
    assert.ok(runMs > 3_500 && runMs < 3_800, `${runMs}`);
    assert.equal(final.scheduled, final.tally.counts.sent);
    assert.equal(cluster.decided.size, final.scheduled);
    assert.ok(Math.abs(final.scheduled - (runMs / 10 + (10_000 - runMs) * 0.3)) < 2);
  });

  test('suspends and goes on, with its clock standing still', async () => {
    const cluster = await running(runSpec(), {}, 2_000);
    cluster.coordinator.change(runSpec({ suspend: true }));
    await cluster.until(() => cluster.last.suspended);
    const before = cluster.decided.size;
    await cluster.pass(20_000);
    assert.equal(cluster.decided.size, before);
    assert.ok(cluster.last.scheduleMs < 3_000);
    assert.equal(cluster.last.durationMs, 10_000);
    cluster.coordinator.change(runSpec());
    const final = await cluster.end();
    assert.equal(final.scheduled, 1000);
    assert.deepEqual(cluster.broken, []);
  });

  test('to a duration that has passed completes the run', async () => {
    const cluster = await running(runSpec({ durationMs: null }), {}, 5_000);
    cluster.coordinator.change(runSpec({ durationMs: 2_000 }));
    const final = await cluster.end(5_000);
    assert.equal(final.verdict, 'Completed');
    assert.ok(final.scheduled >= 550 && final.scheduled < 600, `${final.scheduled}`);
    assert.deepEqual(cluster.broken, []);
  });

  test('back to what it was, before it took place, is none', async () => {
    const cluster = await running(runSpec(), { workers: () => ({ followMs: () => 300 }) }, 2_000);
    cluster.coordinator.change(runSpec({ schedule: constant('300/s') }));
    await cluster.pass(50);
    cluster.coordinator.change(runSpec());
    const final = await cluster.end();
    assert.equal(final.scheduled, 1000);
    assert.deepEqual(cluster.broken, []);
    assert.equal(cluster.worker(0).assignment?.segments.length, 1);
  });

  test('waits for a worker that is out of sight until its lease has run out', async () => {
    const cluster = await running(runSpec({ durationMs: 30_000 }), {}, 2_000);
    cluster.worker(1).silentUntil = cluster.now + 20_000;
    cluster.coordinator.change(runSpec({ durationMs: 30_000, schedule: constant('300/s') }));
    await cluster.pass(3_000);
    assert.equal(cluster.last.targetRate, 100);
    assert.equal(cluster.last.workers[1]?.state, 'running');
    await cluster.until(() => cluster.last.targetRate === 300, 5_000);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.ok(final.unreported > 0);
  });

  test('takes in more workers when it asks for more, and lets go of those beyond', async () => {
    const cluster = await running(runSpec({ durationMs: 20_000 }), {}, 2_000);
    cluster.coordinator.change(runSpec({ durationMs: 20_000, workers: workers(4) }));
    await cluster.until(() => cluster.workers.length === 4);
    await cluster.pass(2_000);
    assert.deepEqual(
      new Set([...cluster.decided.values()].slice(-50).map(({ worker }) => worker.worker.index)),
      new Set([0, 1, 2, 3]),
    );
    cluster.coordinator.change(runSpec({ durationMs: 20_000, workers: workers(1) }));
    await cluster.until(() => cluster.workers.slice(1).every(({ dead }) => dead));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.scheduled, final.unreported], [2000, 0]);
    assert.equal(cluster.workers.length, 4);
  });
});

describe('a worker that is killed', () => {
  test('is replaced at once, its share moves within 3 s, and what it owes is told', async () => {
    const cluster = await running(runSpec({ durationMs: 15_000 }), {}, 3_000);
    const killedAt = cluster.now;
    cluster.kill(cluster.worker(1));
    await cluster.until(() => cluster.workers.length === 3, 200);
    const next = () => [...cluster.decided.values()].some(({ worker }) => worker === cluster.workers[2]);
    await cluster.until(next, 5_000);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(final.verdict, 'Completed');
    assert.deepEqual(cluster.notes, ['worker-1 was killed by SIGKILL']);
    // Its half of what was due from its last report until the share moved.
    assert.ok(final.unreported > 0 && final.unreported <= 100, `${final.unreported}`);
    assert.equal(final.scheduled, 1500);
    const missing = [...Array(1500).keys()].filter((hit) => !cluster.decided.has(hit));
    const late = missing.filter((hit) => hit * 10 > killedAt - cluster.startAt! + 3_000);
    assert.deepEqual(late, []);
    assert.equal(missing.length <= final.unreported, true);
    assert.deepEqual(
      final.workers.map(({ name, state }) => [name, state]),
      [
        ['worker-0', 'ended'],
        ['worker-1', 'lost'],
        ['worker-1.1', 'ended'],
      ],
    );
    assert.equal(final.workers[1]?.problem, 'was killed by SIGKILL');
    assert.equal(final.workers[1]?.unreported, final.unreported);
  });

  test('keeps its last report; what was in flight in it is interrupted', async () => {
    const cluster = await running(runSpec(), { workers: () => ({ serviceMs: () => 2_000 }) }, 3_000);
    cluster.kill(cluster.worker(1));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    const { sent: all, succeeded, interrupted, inFlight } = final.tally.counts;
    assert.equal(inFlight, 0);
    assert.ok(interrupted > 50 && interrupted <= 110, `${interrupted}`);
    assert.equal(all, succeeded + interrupted);
    assert.ok(sent(cluster) >= all && sent(cluster) <= all + final.unreported);
  });

  test('is lost with nothing, when it never sent a report', async () => {
    const cluster = await running(runSpec({ durationMs: 15_000 }), {}, 3_000);
    cluster.worker(1).silentUntil = Infinity;
    await cluster.pass(100);
    cluster.kill(cluster.worker(1));
    const final = await cluster.end();
    assert.equal(final.scheduled, 1500);
    assert.deepEqual(cluster.broken, []);
  });

  test('fails the run where onLoss is Stop', async () => {
    const spec = runSpec({ workers: workers(2, { onLoss: 'Stop' }) });
    const cluster = await running(spec, {}, 2_000);
    cluster.kill(cluster.worker(0));
    const final = await cluster.end(3_000);
    assert.deepEqual(
      [final.verdict, final.reason],
      ['Failed', 'worker-0 was killed by SIGKILL, and workers.onLoss is Stop'],
    );
    assert.equal(cluster.workers.length, 2);
    assert.deepEqual(cluster.broken, []);
  });

  test('leaves its share unsent until it is replaced, where onLoss is Hold', async () => {
    const spec = runSpec({ durationMs: 15_000, workers: workers(2, { onLoss: 'Hold' }) });
    const cluster = await running(
      spec,
      { workers: ({ replacement }) => ({ prepareMs: replacement === 0 ? 10 : 4_000 }) },
      3_000,
    );
    cluster.kill(cluster.worker(1));
    await cluster.pass(3_000);
    const since = [...cluster.decided.values()].filter(({ dueAt }) => dueAt > 4_000 && dueAt < 5_900);
    assert.ok(since.length > 90 && since.length < 98, `${since.length}`);
    assert.ok(since.every(({ worker }) => worker.worker.index === 0));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(final.scheduled, 1500);
    // Half the rate for its absence of about five seconds.
    assert.ok(final.unreported > 200 && final.unreported < 300, `${final.unreported}`);
  });

  test('again and again is replaced three times in five minutes, and then the run fails', async () => {
    const cluster = await running(runSpec({ durationMs: 120_000 }), {}, 1_000);
    for (let time = 0; time < 4; time++) {
      await cluster.until(() => cluster.worker(1).worker.replacement === time);
      await cluster.pass(2_000);
      cluster.kill(cluster.worker(1), 'was killed by SIGSEGV');
    }
    const final = await cluster.end();
    assert.deepEqual(
      [final.verdict, final.reason],
      ['Failed', 'worker-1 was replaced 3 times within 5 minutes and is gone again (was killed by SIGSEGV)'],
    );
    assert.deepEqual(cluster.broken, []);
  });

  test('again and again is replaced for ever in a persistent test, no oftener than that', async () => {
    const spec = runSpec({ schedule: constant('1/s'), durationMs: null });
    const cluster = await running(spec, {}, 1_000);
    for (let time = 0; time < 4; time++) {
      await cluster.until(() => cluster.worker(1).worker.replacement === time);
      await cluster.pass(2_000);
      cluster.kill(cluster.worker(1));
    }
    await cluster.pass(60_000);
    assert.equal(cluster.last.phase, 'Running');
    assert.equal(cluster.worker(1).worker.replacement, 3);
    await cluster.until(() => cluster.worker(1).worker.replacement === 4, 300_000);
    assert.deepEqual(cluster.broken, []);
    cluster.coordinator.stop('StoppedByUser', 'enough');
    await cluster.end();
  });

  test('near the end is not replaced any more', async () => {
    const cluster = await running(runSpec(), {}, 9_300);
    cluster.kill(cluster.worker(1));
    const final = await cluster.end();
    assert.equal(cluster.workers.length, 2);
    assert.equal(final.verdict, 'Completed');
    assert.equal(final.scheduled, 1000);
    assert.deepEqual(cluster.broken, []);
  });

  test('with all others leaves a run that completes when its time is over', async () => {
    const cluster = await running(runSpec(), {}, 9_300);
    cluster.kill(cluster.worker(0));
    cluster.kill(cluster.worker(1));
    const final = await cluster.end();
    assert.equal(final.verdict, 'Completed');
    assert.equal(final.scheduled, 1000);
    assert.equal(final.unreported, 1000 - final.tally.counts.sent);
    assert.deepEqual(cluster.broken, []);
  });
});

describe('a worker that is only out of sight', () => {
  test('for less than its lease is not missed', async () => {
    const cluster = await running(runSpec({ durationMs: 15_000 }), {}, 3_000);
    cluster.worker(1).silentUntil = cluster.now + 3_000;
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.scheduled, final.unreported, final.tally.counts.sent], [1500, 0, 1500]);
    assert.equal(cluster.workers.length, 2);
  });

  test('for longer loses its share after the lease, having stopped by itself: no hit comes twice', async () => {
    const cluster = await running(runSpec({ durationMs: 25_000 }), {}, 3_000);
    const silentAt = cluster.now;
    const silent = cluster.worker(1);
    silent.silentUntil = cluster.now + 60_000;
    await cluster.until(() => cluster.last.workers[1]?.state === 'lost', 8_000);
    assert.ok(cluster.now - silentAt >= 5_000 && cluster.now - silentAt < 5_800, `${cluster.now - silentAt}`);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.match(cluster.notes.join(), /worker-1 gave no sign of life for 5 s/);
    assert.equal(final.scheduled, 2500);
    const itsLast = [...cluster.decided.values()].filter(({ worker }) => worker === silent).at(-1)!;
    assert.ok(itsLast.at - silentAt <= 5_000);
  });

  test('and comes back after its share has moved: it is sent away, and its last word counts', async () => {
    const cluster = await running(runSpec({ durationMs: 25_000 }), { unreachable: true }, 3_000);
    const silent = cluster.worker(1);
    silent.silentUntil = cluster.now + 9_000;
    await cluster.until(() => cluster.last.workers[1]?.state === 'lost', 8_000);
    assert.ok(cluster.last.unreported > 0);
    await cluster.until(() => silent.dead, 6_000);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(final.workers[1]?.state, 'ended');
    // What it did not send from its lease's end until its share moved is its own part's end, and owed by nobody.
    assert.deepEqual([final.unreported, final.tally.counts.sent], [0, cluster.decided.size]);
    assert.ok(final.scheduled > 2400 && final.scheduled < 2500, `${final.scheduled}`);
  });

  test('with a lease of its own', async () => {
    const spec = runSpec({ durationMs: 20_000, workers: workers(2, { leaseMs: 2_000 }) });
    const cluster = await running(spec, {}, 3_000);
    cluster.worker(1).silentUntil = Infinity;
    await cluster.until(() => cluster.last.workers[1]?.state === 'lost', 3_000);
    await cluster.end();
    assert.deepEqual(cluster.broken, []);
  });
});

describe('a worker that leaves', () => {
  test('hands over without a lost hit', async () => {
    const cluster = await running(runSpec({ durationMs: 15_000 }), {}, 3_000);
    const leaving = cluster.worker(1);
    leaving.leave();
    await cluster.until(() => leaving.dead, 5_000);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.scheduled, final.unreported, final.tally.counts.sent], [1500, 0, 1500]);
    assert.equal(cluster.decided.size, 1500);
    assert.deepEqual(
      final.workers.map(({ name, state }) => [name, state]),
      [
        ['worker-0', 'ended'],
        ['worker-1', 'ended'],
        ['worker-1.1', 'ended'],
      ],
    );
    assert.deepEqual(cluster.notes, []);
  });

  test('goes on until its successor can', async () => {
    const cluster = await running(
      runSpec({ durationMs: 15_000 }),
      { workers: ({ replacement }) => ({ prepareMs: replacement === 0 ? 10 : 3_000 }) },
      3_000,
    );
    const leaving = cluster.worker(1);
    leaving.leave();
    await cluster.pass(2_900);
    assert.equal(leaving.dead, false);
    assert.equal([...cluster.decided.values()].at(-1)?.at, cluster.now);
    const final = await cluster.end();
    assert.deepEqual([final.scheduled, final.unreported, final.tally.counts.sent], [1500, 0, 1500]);
    assert.deepEqual(cluster.broken, []);
  });

  test('before it has heard that the start is named goes on until its successor can, too', async () => {
    const cluster = new FakeCluster(runSpec());
    await cluster.until(() => cluster.coordinator.snapshot().startedAt !== null);
    const worker = cluster.worker(1);
    assert.equal(worker.assignment?.startAt, null);
    worker.leave();
    const final = await cluster.end();
    assert.deepEqual([final.scheduled, final.unreported, final.tally.counts.sent], [1000, 0, 1000]);
    assert.equal(cluster.decided.size, 1000);
    assert.deepEqual(cluster.broken, []);
  });

  test('before the start is named goes at once, and the start waits for its successor', async () => {
    const cluster = new FakeCluster(runSpec(), { workers: ({ index }) => ({ prepareMs: 10 + index * 500 }) });
    await cluster.until(() => cluster.worker(0).state === 'ready');
    const leaving = cluster.worker(0);
    leaving.leave();
    await cluster.until(() => leaving.dead, 200);
    const final = await cluster.end();
    assert.deepEqual([final.scheduled, final.unreported, final.tally.counts.sent], [1000, 0, 1000]);
    assert.equal(
      leaving.report().cursors.every((cursor) => cursor === 0),
      true,
    );
    assert.deepEqual(cluster.broken, []);
  });

  test('with all others hands over to all their successors', async () => {
    const cluster = await running(runSpec({ durationMs: 15_000 }), {}, 3_000);
    cluster.workers.forEach((worker) => worker.leave());
    const final = await cluster.end();
    assert.deepEqual([final.scheduled, final.unreported, final.tally.counts.sent], [1500, 0, 1500]);
    assert.equal(cluster.workers.length, 4);
    assert.deepEqual(cluster.broken, []);
  });
});

describe('a stop', () => {
  test('ends sending, waits for last words, and reports all', async () => {
    const cluster = await running(runSpec(), { workers: () => ({ serviceMs: () => 300 }) }, 4_000);
    cluster.coordinator.stop('StoppedByUser', 'interrupted by SIGINT');
    const stoppedAt = cluster.now;
    const final = await cluster.end(3_000);
    assert.deepEqual([final.verdict, final.reason], ['StoppedByUser', 'interrupted by SIGINT']);
    assert.deepEqual(cluster.broken, []);
    assert.equal(final.unreported, 0);
    assert.equal(final.tally.counts.sent, cluster.decided.size);
    assert.equal(final.tally.counts.succeeded, final.tally.counts.sent);
    assert.ok([...cluster.decided.values()].every(({ at }) => at <= stoppedAt + 50));
    assert.ok(Math.abs(final.elapsedMs - 4_000) < 150);
  });

  test('is final: a second reason changes nothing', async () => {
    const cluster = await running();
    cluster.coordinator.stop('StoppedByUser', 'first');
    cluster.coordinator.stop('Failed', 'second');
    const final = await cluster.end();
    assert.deepEqual([final.verdict, final.reason], ['StoppedByUser', 'first']);
  });

  test('does not wait for ever for a last word', async () => {
    const cluster = await running(runSpec(), {}, 4_000);
    cluster.worker(1).silentUntil = Infinity;
    cluster.coordinator.stop('StoppedByUser', 'enough');
    const stoppedAt = cluster.now;
    const final = await cluster.end(10_000);
    assert.ok(cluster.now - stoppedAt < 5_200, `${cluster.now - stoppedAt}`);
    assert.equal(final.workers[1]?.state, 'lost');
    assert.deepEqual(cluster.broken, []);
  });

  test('before the start ends without a hit', async () => {
    const cluster = new FakeCluster(runSpec(), { workers: () => ({ prepareMs: 5_000 }) });
    await cluster.pass(1_000);
    cluster.coordinator.stop('StoppedByUser', 'enough');
    const final = await cluster.end(6_000);
    assert.deepEqual([final.verdict, final.startedAt, final.scheduled], ['StoppedByUser', null, 0]);
    assert.equal(cluster.decided.size, 0);
  });

  test('ends all processes, asked first and killed after', async () => {
    const cluster = await running();
    cluster.coordinator.stop('StoppedByUser', 'enough');
    await cluster.end();
    assert.ok(cluster.closed);
    assert.ok(cluster.stops.every(([, graceMs]) => graceMs === 2_000));
  });
});

describe('votes', () => {
  const rows: [
    decidedBy: 'AnyWorker' | 'MajorityOfWorkers' | 'AllWorkers',
    atLimit: number,
    stops: boolean,
    reason?: string,
  ][] = [
    ['AnyWorker', 1, true, 'worker-0 reached 3 votes: window 4: slow'],
    ['AnyWorker', 2, true],
    ['MajorityOfWorkers', 1, false],
    ['MajorityOfWorkers', 2, false],
    ['MajorityOfWorkers', 3, true],
    ['AllWorkers', 3, false],
    ['AllWorkers', 4, true, 'worker-0 (and 3 more of 4 workers) reached 3 votes: window 4: slow'],
  ];
  for (const [decidedBy, atLimit, stops, reason] of rows) {
    test(`${atLimit} of 4 workers at the limit ${stops ? 'stop' : 'do not stop'} by ${decidedBy}`, async () => {
      const spec = runSpec({ workers: workers(4), stopWhen: stopSpec({ decidedBy }) });
      const cluster = await running(spec, {}, 2_000);
      for (let index = 0; index < 4; index++) {
        const votes = index < atLimit ? 3 : 2;
        cluster.worker(index).vote = { votes, voteReason: 'window 4: slow', wantsStop: votes === 3 };
        cluster.worker(index).call(true);
        await cluster.pass(10);
      }
      await cluster.pass(200);
      assert.equal(cluster.last.phase === 'Running', !stops);
      assert.deepEqual([cluster.last.votes.limit, cluster.last.votes.highest], [3, 3]);
      const final = await cluster.end();
      assert.equal(final.verdict, stops ? 'StoppedByVotes' : 'Completed');
      if (reason !== undefined) assert.equal(final.reason, reason);
      assert.deepEqual(cluster.broken, []);
    });
  }

  test('of a lost worker neither decide nor hinder', async () => {
    const spec = runSpec({
      durationMs: 20_000,
      workers: workers(2),
      stopWhen: stopSpec({ decidedBy: 'AllWorkers' }),
    });
    const cluster = await running(
      spec,
      { workers: ({ replacement }) => (replacement === 0 ? {} : { prepareMs: Infinity }) },
      2_000,
    );
    cluster.kill(cluster.worker(1));
    await cluster.pass(3_000);
    cluster.worker(0).vote = { votes: 3, voteReason: 'slow', wantsStop: true };
    const final = await cluster.end(5_000);
    assert.equal(final.verdict, 'StoppedByVotes');
  });

  test('of a worker that stopped itself at its limit count', async () => {
    const spec = runSpec({ stopWhen: stopSpec() });
    const cluster = await running(spec, {}, 2_000);
    const voter = cluster.worker(1);
    voter.vote = { votes: 3, voteReason: 'window 2: slow', wantsStop: true };
    voter.state = 'ended';
    const final = await cluster.end(5_000);
    assert.deepEqual(
      [final.verdict, final.reason],
      ['StoppedByVotes', 'worker-1 reached 3 votes: window 2: slow'],
    );
    assert.equal(cluster.workers.length, 2);
  });
});

describe('a call', () => {
  const dismissed = { dismissed: true, saved: true, assignment: null };

  for (const [what, differences] of [
    ['of another run', { run: 'r-2' }],
    ['of an unknown index', { worker: { index: 9, replacement: 0, incarnation: 'w9' } }],
    ['of an unknown replacement', { worker: { index: 0, replacement: 1, incarnation: 'w0' } }],
    ['of another incarnation', { worker: { index: 0, replacement: 0, incarnation: 'stranger' } }],
  ] as const) {
    test(`${what} is dismissed, and changes nothing`, async () => {
      const cluster = await running();
      const before = cluster.coordinator.snapshot().workers.map(({ state }) => state);
      const {
        dismissed: gone,
        saved,
        assignment,
      } = await cluster.coordinator.sync(call({ ...differences, state: 'failed', problem: 'x' }));
      assert.deepEqual({ dismissed: gone, saved, assignment }, dismissed);
      assert.deepEqual(
        cluster.coordinator.snapshot().workers.map(({ state }) => state),
        before,
      );
      assert.equal(cluster.coordinator.snapshot().phase, 'Running');
    });
  }

  test('is answered at once with news, else held for a while', async () => {
    const cluster = await running();
    const worker = { index: 0, replacement: 0, incarnation: 'w0.0' };
    const known = cluster.worker(0).assignment!.version;
    const ask = (received: typeof known | null, urgent = false) => {
      const answered: number[] = [];
      const report = cluster.worker(0).report();
      void cluster.coordinator
        .sync(call({ worker, received, urgent, report, lanes: 2, acknowledged: received }))
        .then((response) => answered.push(response.assignment?.version.n ?? 0, response.heldMs));
      return answered;
    };
    const [news, urgent, held] = [ask(null), ask(known, true), ask(known)];
    await cluster.pass(5);
    assert.deepEqual([news, urgent, held], [[known.n, 0], [0, 0], []]);
    await cluster.pass(490);
    assert.deepEqual(held, []);
    await cluster.pass(15);
    assert.deepEqual(held, [0, 500]);
  });

  test('that is held is answered when something happens', async () => {
    const cluster = await running();
    const worker = { index: 0, replacement: 0, incarnation: 'w0.0' };
    const known = cluster.worker(0).assignment!.version;
    let told = 0;
    const report = cluster.worker(0).report();
    void cluster.coordinator
      .sync(call({ worker, received: known, report, lanes: 2, acknowledged: known }))
      .then(({ assignment }) => (told = assignment?.version.n ?? -1));
    await cluster.pass(100);
    assert.equal(told, 0);
    cluster.coordinator.change(runSpec({ maxLagMs: 77 }));
    await cluster.pass(5);
    assert.equal(told, known.n + 1);
    await cluster.pass(10);
    assert.equal(cluster.worker(0).assignment?.maxLagMs, 77);
  });

  test('after the end is dismissed', async () => {
    const cluster = new FakeCluster(runSpec({ durationMs: 500 }));
    await cluster.end();
    const { dismissed: gone } = await cluster.coordinator.sync(
      call({ worker: { index: 0, replacement: 0, incarnation: 'w0.0' } }),
    );
    assert.equal(gone, true);
  });

  test('that overtook an earlier one stands: an old state comes back from nowhere', async () => {
    const cluster = await running();
    const worker = { index: 1, replacement: 0, incarnation: 'w1.0' };
    for (const state of ['starting', 'ready', 'leaving'] as const) {
      await cluster.coordinator.sync(call({ worker, state, lanes: 0, report: null, urgent: true }));
    }
    const { state, lanes } = cluster.coordinator.snapshot().workers[1]!;
    assert.deepEqual([state, lanes], ['running', 2]);
    const final = await cluster.end();
    assert.deepEqual([final.scheduled, final.unreported, cluster.workers.length], [1000, 0, 2]);
  });
});
