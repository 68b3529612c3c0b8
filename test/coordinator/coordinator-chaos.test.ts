import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { RunSpec } from '../../src/api/run-spec.ts';
import { dropped } from '../../src/metrics/counts.ts';
import { randomRate, shown } from '../attack/schedule/schedules.ts';
import { randomStream } from '../metrics/random.ts';
import { type ClusterOptions, FakeCluster, type Network } from './fake-cluster.ts';
import type { FakeWorker, FakeWorkerOptions } from './fake-worker.ts';
import { content, runSpec, workers } from './run-spec.ts';

afterEach(() => FakeCluster.dispose());

const DURATION_MS = 12_000;

function badNetwork(random: () => number): Network {
  const mostMs = random() * 60;
  return { delayMs: () => random() * mostMs, lost: random() * 0.1, repeated: random() * 0.2 };
}

function anyWorker(random: () => number): Partial<FakeWorkerOptions> {
  const [compileMs, followMs, serviceMs] = [random() * 200, random() * 20, random() * 400];
  return {
    bootMs: random() * 300,
    prepareMs: random() * 300,
    compileMs: () => random() * compileMs,
    followMs: () => random() * followMs,
    serviceMs: () => random() * serviceMs,
    dropped: random() * 0.1,
    skewMs: (random() - 0.5) * 1e7,
  };
}

function anySpec(random: () => number, count: number): RunSpec {
  const schedule = { kind: 'constant', rate: randomRate(random, 300) } as const;
  return runSpec({
    schedule,
    durationMs: DURATION_MS,
    warmupMs: random() < 0.5 ? 0 : Math.floor(random() * 4_000),
    workers: workers(count),
  });
}

function chaos(seed: number): { random: () => number; spec: RunSpec; options: ClusterOptions } {
  const random = randomStream(seed);
  const spec = anySpec(random, 1 + Math.floor(random() * 4));
  return {
    random,
    spec,
    options: { random, network: badNetwork(random), workers: () => anyWorker(random) },
  };
}

/** Changes rate, suspension, contents and workers now and then, until the run ends. */
async function changing(
  cluster: FakeCluster,
  spec: RunSpec,
  random: () => number,
  disturb: () => void,
): Promise<void> {
  while (cluster.final === null) {
    await cluster.pass(100 + random() * 2_000);
    if (cluster.startAt === null || cluster.final !== null) continue;
    if (random() < 0.4) cluster.coordinator.offer(content(`d${Math.ceil(random() * 5)}`));
    const dice = random();
    const suspend = dice < 0.15;
    const schedule =
      dice < 0.6 ? ({ kind: 'constant', rate: randomRate(random, 300) } as const) : spec.schedule;
    if (dice < 0.7) cluster.coordinator.change({ ...spec, schedule, suspend });
    else disturb();
    if (suspend) {
      await cluster.pass(random() * 2_000);
      cluster.coordinator.change({ ...spec, schedule });
    }
  }
}

/** Hits of a worker that were made from an older set than one before them, or from one that was never current. */
function goneBack(cluster: FakeCluster): string[] {
  const wrong: string[] = [];
  const newest = new Map<FakeWorker, number>();
  const inOrder = [...cluster.decided.entries()].toSorted(([a], [b]) => a - b);
  for (const [hit, { worker, digest }] of inOrder) {
    const least = newest.get(worker) ?? 0;
    const found = cluster.contents.indexOf(digest, least);
    if (found === -1) wrong.push(`hit ${hit} from ${digest} after ${cluster.contents[least]}`);
    else newest.set(worker, found);
  }
  return wrong;
}

describe('over any network and any changes, while no lease runs out', () => {
  for (let seed = 1; seed <= 25; seed++) {
    test(`each hit is decided once and none is missing (seed ${seed})`, async () => {
      const { random, spec, options } = chaos(seed);
      spec.workers.leaseMs = 60_000;
      const cluster = new FakeCluster(spec, options);
      const leave = () => {
        const worker = cluster.worker(Math.floor(random() * spec.workers.replicas));
        if (random() < 0.5) worker.leave();
      };
      await changing(cluster, spec, random, leave);
      const final = await cluster.end();
      const message = shown(spec);
      assert.deepEqual(cluster.broken.slice(0, 5), [], message);
      assert.deepEqual(goneBack(cluster), [], message);
      if (final.verdict === 'Failed') {
        // Whoever leaves too often is not replaced for ever.
        assert.match(final.reason, /replaced 3 times/);
        return;
      }
      assert.equal(final.verdict, 'Completed', final.reason);
      const scheduled = final.scheduled + final.warmup.scheduled;
      assert.deepEqual([final.unreported, final.warmup.unreported], [0, 0], message);
      assert.equal(cluster.decided.size, scheduled, message);
      assert.equal(Math.max(-1, ...cluster.decided.keys()), scheduled - 1, message);
    });
  }
});

describe('when workers are killed or out of sight besides', () => {
  for (let seed = 101; seed <= 125; seed++) {
    test(`no hit is decided twice, and those missing are owed (seed ${seed})`, async () => {
      const { random, spec, options } = chaos(seed);
      const cluster = new FakeCluster(spec, options);
      let disturbances = 0;
      const disturb = () => {
        if (disturbances++ >= 3) return;
        const worker = cluster.worker(Math.floor(random() * spec.workers.replicas));
        const dice = random();
        if (dice < 0.4) cluster.kill(worker);
        else if (dice < 0.6) worker.leave();
        else worker.silentUntil = cluster.now + random() * 9_000;
      };
      await changing(cluster, spec, random, disturb);
      const final = await cluster.end();
      const message = `${shown(spec)}: ${final.reason}`;
      assert.deepEqual(cluster.broken.slice(0, 5), [], message);
      assert.deepEqual(goneBack(cluster), [], message);
      const reported = final.tally.counts.sent + dropped(final.tally.counts);
      const inWarmup = final.warmup.counts.sent + dropped(final.warmup.counts);
      const unreported = final.unreported + final.warmup.unreported;
      // What lost workers decided after their last report is among what they owe.
      assert.ok(reported + inWarmup <= cluster.decided.size, message);
      assert.ok(cluster.decided.size <= reported + inWarmup + unreported, message);
      const lost = final.workers.filter(({ state }) => state === 'lost').length;
      if (lost === 0) assert.equal(unreported, 0, message);
    });
  }
});
