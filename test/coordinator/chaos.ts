import assert from 'node:assert/strict';
import type { RunSpec } from '../../src/api/run-spec.ts';
import type { RunSnapshot } from '../../src/coordinator/snapshot.ts';
import { dropped } from '../../src/metrics/counts.ts';
import { randomRate, shown } from '../attack/schedule/schedules.ts';
import { randomStream } from '../metrics/random.ts';
import { type ClusterOptions, FakeCluster, type Network, type StoreBehaviour } from './fake-cluster.ts';
import type { FakeWorker, FakeWorkerOptions } from './fake-worker.ts';
import { content, runSpec, workers } from './run-spec.ts';

/** How many runs of each kind there are; more: `TAZ_TEST_SEEDS=500`. */
const SEEDS = Number(process.env['TAZ_TEST_SEEDS'] ?? 10);

/** From `first` on. */
export function seedsFrom(first: number): number[] {
  return Array.from({ length: SEEDS }, (_, index) => first + index);
}

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

function anyStore(random: () => number): StoreBehaviour {
  const [mostMs, failing] = [random() ** 3 * 1_000, random() ** 2 * 0.3];
  return { delayMs: () => random() * mostMs, fails: () => random() < failing };
}

export interface ChaosOptions {
  seed: number;
  /** The coordinator ends at any instants, and another takes its place some time later. */
  crashes: boolean;
}

/** One random run over a bad network, of which rate, suspension, contents and workers change now and then. */
class Chaos {
  readonly cluster: FakeCluster;
  readonly #random: () => number;
  readonly #spec: RunSpec;

  /** @param leaseMs null: as it is by default */
  constructor({ seed, crashes }: ChaosOptions, leaseMs: number | null) {
    const random = randomStream(seed);
    const spec = anySpec(random, 1 + Math.floor(random() * 4));
    spec.workers.leaseMs = leaseMs;
    const options: ClusterOptions = { random, network: badNetwork(random), workers: () => anyWorker(random) };
    this.#random = random;
    this.#spec = spec;
    this.cluster = new FakeCluster(spec, crashes ? { ...options, store: anyStore(random) } : options);
    if (crashes) this.#crash(1 + Math.floor(random() * 4));
  }

  /** What it was, for people. */
  get message(): string {
    return shown(this.#spec);
  }

  /** Lets it come to its end; nothing that must never happen has happened. @param disturb done now and then */
  async end(disturb: (pick: () => FakeWorker, random: () => number) => void): Promise<RunSnapshot> {
    const { cluster, message } = this;
    const random = this.#random;
    const count = this.#spec.workers.replicas;
    const pick = () => cluster.worker(Math.floor(random() * count));
    await this.#change(() => disturb(pick, random));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken.slice(0, 5), [], `${message}: ${final.reason}`);
    assert.deepEqual(goneBack(cluster), [], message);
    return final;
  }

  #crash(times: number): void {
    if (times === 0) return;
    const { cluster } = this;
    const random = this.#random;
    cluster.after(random() * 6_000, () => {
      if (cluster.final !== null) return;
      cluster.crash();
      cluster.after(random() ** 2 * 4_000, () => {
        cluster.restart();
        this.#crash(times - 1);
      });
    });
  }

  async #change(disturb: () => void): Promise<void> {
    const { cluster } = this;
    const random = this.#random;
    const spec = this.#spec;
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
}

/** While no lease runs out, each hit is decided once and none is missing, though workers leave. */
export async function assertNoneMissing(options: ChaosOptions): Promise<void> {
  const chaos = new Chaos(options, 60_000);
  const { cluster, message } = chaos;
  const final = await chaos.end((pick, random) => {
    const worker = pick();
    if (random() < 0.5) worker.leave();
  });
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
}

/** When workers are killed or out of sight, no hit is decided twice, and those missing are owed. */
export async function assertMissingAreOwed(options: ChaosOptions): Promise<void> {
  const chaos = new Chaos(options, null);
  const { cluster } = chaos;
  let disturbances = 0;
  const final = await chaos.end((pick, random) => {
    if (disturbances++ >= 3) return;
    const worker = pick();
    const dice = random();
    if (dice < 0.4) cluster.kill(worker);
    else if (dice < 0.6) worker.leave();
    else worker.silentUntil = cluster.now + random() * 9_000;
  });
  const message = `${chaos.message}: ${final.reason}`;
  const reported = final.tally.counts.sent + dropped(final.tally.counts);
  const inWarmup = final.warmup.counts.sent + dropped(final.warmup.counts);
  const unreported = final.unreported + final.warmup.unreported;
  // What lost workers decided after their last report is among what they owe.
  assert.ok(reported + inWarmup <= cluster.decided.size, message);
  assert.ok(cluster.decided.size <= reported + inWarmup + unreported, message);
  const lost = final.workers.filter(({ state }) => state === 'lost').length;
  if (lost === 0) assert.equal(unreported, 0, message);
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
