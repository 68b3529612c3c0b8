import type { RunSpec } from '../../src/api/run-spec.ts';
import { randomRate } from '../attack/schedule/schedules.ts';
import { randomStream } from '../metrics/random.ts';
import type { ClusterOptions, FakeCluster, Network } from './fake-cluster.ts';
import type { FakeWorker, FakeWorkerOptions } from './fake-worker.ts';
import { content, runSpec, workers } from './run-spec.ts';

/** How many runs of each kind there are; more: `TAZ_TEST_SEEDS=500`. */
export const SEEDS = Number(process.env['TAZ_TEST_SEEDS'] ?? 10);

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

export function chaos(seed: number): { random: () => number; spec: RunSpec; options: ClusterOptions } {
  const random = randomStream(seed);
  const spec = anySpec(random, 1 + Math.floor(random() * 4));
  return {
    random,
    spec,
    options: { random, network: badNetwork(random), workers: () => anyWorker(random) },
  };
}

/** Changes rate, suspension, contents and workers now and then, until the run ends. */
export async function changing(
  cluster: FakeCluster,
  spec: RunSpec,
  random: () => number,
  disturb: () => void,
): Promise<void> {
  while (cluster.final === null) {
    await cluster.pass(100 + random() * 2_000);
    if (cluster.startAt === null || cluster.final !== null) continue;
    if (random() < 0.4 && cluster.up) cluster.coordinator.offer(content(`d${Math.ceil(random() * 5)}`));
    const dice = random();
    const suspend = dice < 0.15;
    const schedule =
      dice < 0.6 ? ({ kind: 'constant', rate: randomRate(random, 300) } as const) : spec.schedule;
    if (dice < 0.7) cluster.change({ ...spec, schedule, suspend });
    else disturb();
    if (suspend) {
      await cluster.pass(random() * 2_000);
      cluster.change({ ...spec, schedule });
    }
  }
}

/** Hits of a worker that were made from an older set than one before them, or from one that was never current. */
export function goneBack(cluster: FakeCluster): string[] {
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
