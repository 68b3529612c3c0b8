import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { RunSpec } from '../../src/api/run-spec.ts';
import { Coordinator, type CoordinatorOptions } from '../../src/coordinator/coordinator.ts';
import type { SyncRequest, SyncResponse } from '../../src/coordinator/protocol.ts';
import type { RunSnapshot } from '../../src/coordinator/snapshot.ts';
import { readSyncRequest } from '../../src/coordinator/sync-request.ts';
import {
  type PoolWorker,
  type WorkerEnd,
  type WorkerPool,
  workerName,
} from '../../src/coordinator/worker-pool.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import type { Content } from '../../src/template/content.ts';
import { FakeClock } from '../attack/fake-clock.ts';
import { MOST_LABELS } from './calls.ts';
import { FakeWorker, type FakeWorkerOptions, PROMPT } from './fake-worker.ts';
import { CONTENT } from './run-spec.ts';

/** What the network does with one message. */
export interface Network {
  delayMs: () => number;
  /** Share of messages lost. */
  lost: number;
  /** Share of requests that come a second time, later. */
  repeated: number;
}

const GOOD: Network = { delayMs: () => 1, lost: 0, repeated: 0 };
const STEP_MS = 5;
const SNAPSHOT_EVERY_MS = 100;

export interface ClusterOptions {
  network?: Network;
  random?: () => number;
  /** How the worker of that index and replacement behaves; null: its process never says anything. */
  workers?: (worker: PoolWorker) => Partial<FakeWorkerOptions> | null;
  coordinator?: Partial<CoordinatorOptions>;
  /** Processes cannot be killed: they stand on a machine that is out of sight. */
  unreachable?: boolean;
}

/** One hit that a worker decided. */
export interface Decided {
  worker: FakeWorker;
  /** Cluster time, and the run time at which it was due. */
  at: number;
  dueAt: number;
  dropped: boolean;
  /** Digest of the set that it was made from. */
  digest: string;
}

/**
 * A coordinator with fake workers, in virtual time. The laws of counts are checked in a snapshot each 100 ms; that no hit
 * is decided twice or before it is due, at each hit.
 */
export class FakeCluster implements WorkerPool {
  readonly run = 'r-1';
  readonly clock = new FakeClock(50_000);
  readonly coordinator: Coordinator;
  readonly workers: FakeWorker[] = [];
  readonly notes: string[] = [];
  /** Digests that were current, in their order. */
  readonly contents: string[] = [];
  readonly decided = new Map<number, Decided>();
  /** Each thing that must not happen, in words. */
  readonly broken: string[] = [];
  readonly stops: [name: string, graceMs: number][] = [];
  readonly random: () => number;
  network: Network;
  /** When the run started, in cluster time. */
  startAt: number | null = null;
  last: RunSnapshot;
  final: RunSnapshot | null = null;
  closed = false;
  readonly #options: ClusterOptions;
  readonly #later: { at: number; order: number; action: () => void }[] = [];
  readonly #ends = new Map<string, (end: WorkerEnd) => void>();
  #order = 0;

  constructor(spec: RunSpec, options: ClusterOptions = {}) {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    this.#options = options;
    this.random = options.random ?? (() => 0.5);
    this.network = options.network ?? GOOD;
    this.coordinator = new Coordinator({
      clock: this.clock,
      pool: this,
      run: this.run,
      spec,
      content: CONTENT,
      mostLabels: MOST_LABELS,
      lanes: 2,
      leaseMs: 5000,
      records: null,
      note: (line) => this.notes.push(line),
      ...options.coordinator,
    });
    this.last = this.coordinator.snapshot();
    this.coordinator.ended.then(
      (snapshot) => {
        this.final = snapshot;
      },
      (error: unknown) => this.broken.push(String(error)),
    );
    this.coordinator.start();
  }

  /** Must be called when a test is done with it. */
  static dispose(): void {
    mock.timers.reset();
  }

  get now(): number {
    return this.clock.now();
  }

  /** Run time now; before the start less than 0. */
  get runMs(): number {
    return this.startAt === null ? Number.NEGATIVE_INFINITY : this.now - this.startAt;
  }

  /** The newest worker of an index. */
  worker(index: number): FakeWorker {
    const worker = this.workers.findLast((each) => each.worker.index === index);
    assert.ok(worker !== undefined, `there is no worker ${index}`);
    return worker;
  }

  after(ms: number, action: () => void): void {
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#later.push({ at: this.now + ms, order: this.#order++, action });
  }

  /** Lets time pass until `condition` holds. @throws AssertionError when it does not within `withinMs` */
  async until(condition: () => boolean, withinMs = 60_000): Promise<void> {
    const end = this.now + withinMs;
    while (!condition()) {
      assert.ok(this.now < end, `not within ${withinMs} ms: ${condition.toString()}`);
      await this.#step();
    }
  }

  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    while (this.now < end) await this.#step();
  }

  /** Lets the run come to its end. */
  async end(withinMs = 120_000): Promise<RunSnapshot> {
    await this.until(() => this.final !== null, withinMs);
    this.#checkLaws(this.final!);
    return this.final!;
  }

  // --- the pool ---

  start(worker: PoolWorker, onEnd: (end: WorkerEnd) => void): void {
    const behaviour = (this.#options.workers ?? (() => ({})))(worker);
    this.#ends.set(workerName(worker), onEnd);
    if (behaviour !== null) this.workers.push(new FakeWorker(this, worker, { ...PROMPT, ...behaviour }));
  }

  adopt(worker: PoolWorker, onEnd: (end: WorkerEnd) => void): void {
    this.#ends.set(workerName(worker), onEnd);
    const it = this.workers.find((each) => workerName(each.worker) === workerName(worker));
    if (it === undefined || it.dead) onEnd({ reason: 'is gone' });
  }

  trouble(): string {
    return '';
  }

  stop(worker: PoolWorker, graceMs: number): void {
    this.stops.push([workerName(worker), graceMs]);
    const it = this.workers.find((each) => workerName(each.worker) === workerName(worker));
    if (it === undefined || it.dead || this.#options.unreachable) return;
    if (graceMs === 0) return this.kill(it);
    it.leave();
    this.after(graceMs, () => this.kill(it));
  }

  /** Resolves when all processes have ended; those that stay are killed by `stop`. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        this.closed = this.workers.every(({ dead }) => dead);
        if (this.closed) resolve();
        else this.after(10, look);
      };
      look();
    });
  }

  /** Ends a process at once; the pool learns of it a moment later. */
  kill(worker: FakeWorker, reason = 'was killed by SIGKILL'): void {
    this.exit(worker, reason);
  }

  exit(worker: FakeWorker, reason: string): void {
    if (worker.dead) return;
    worker.dead = true;
    this.after(10, () => this.#ends.get(workerName(worker.worker))?.({ reason }));
  }

  // --- the network ---

  carry(from: FakeWorker, request: SyncRequest, answer: (response: SyncResponse) => void): void {
    const text = JSON.stringify(request);
    const { lost, repeated, delayMs } = this.network;
    if (this.random() >= lost) this.after(delayMs(), () => this.#deliver(from, text, answer));
    if (this.random() < repeated) {
      this.after(delayMs() + this.random() * 500, () => this.#deliver(from, text, () => {}));
    }
  }

  /** A worker gets a set. @param answer null: it came to nothing */
  carryContent(from: FakeWorker, digest: string, answer: (content: Content | null) => void): void {
    const { lost, delayMs } = this.network;
    const isLost = this.random() < lost;
    this.after(delayMs(), () => {
      const content = this.coordinator.contentOf(digest);
      this.after(delayMs(), () => answer(isLost || this.now < from.silentUntil ? null : content));
    });
  }

  #deliver(from: FakeWorker, text: string, answer: (response: SyncResponse) => void): void {
    if (this.now < from.silentUntil) return;
    const request = readSyncRequest(text);
    if (typeof request === 'string') {
      this.broken.push(request);
      return;
    }
    this.coordinator.sync(request).then(
      (response) => {
        const wire = JSON.stringify(response);
        if (this.random() < this.network.lost || this.now < from.silentUntil) return;
        this.after(this.network.delayMs(), () => {
          if (this.now >= from.silentUntil) answer(JSON.parse(wire) as SyncResponse);
        });
      },
      (error: unknown) => this.broken.push(String(error)),
    );
  }

  // --- what must not happen ---

  decide(hit: number, { worker, dueAt, dropped, digest }: Omit<Decided, 'at'>): void {
    const before = this.decided.get(hit);
    const name = workerName(worker.worker);
    if (before !== undefined) {
      this.broken.push(
        `hit ${hit}, due at ${dueAt}, was decided by ${workerName(before.worker.worker)} at ${before.dueAt} ` +
          `and by ${name} at ${this.runMs}`,
      );
    }
    // A clock is known to half a round trip.
    if (this.runMs < dueAt - 50)
      this.broken.push(`hit ${hit} of ${name} came at ${this.runMs}, due at ${dueAt}`);
    this.decided.set(hit, { worker, at: this.now, dueAt, dropped, digest });
  }

  #checkLaws(snapshot: RunSnapshot): void {
    const { tally, scheduled, unreported, warmup } = snapshot;
    const broken = [
      ...checkLaws(tally.counts, scheduled, unreported),
      ...checkLaws(warmup.counts, warmup.scheduled, warmup.unreported),
    ];
    for (const each of broken) this.broken.push(`at ${this.runMs} ms: ${each}`);
  }

  async #step(): Promise<void> {
    this.clock.by(STEP_MS);
    for (let next = this.#due(); next !== undefined; next = this.#due()) {
      next();
      await settled();
    }
    mock.timers.tick(STEP_MS);
    await settled();
    const { digest } = this.coordinator;
    if (digest !== null && this.contents.at(-1) !== digest) this.contents.push(digest);
    for (const worker of this.workers) worker.work();
    if ((this.now / STEP_MS) % (SNAPSHOT_EVERY_MS / STEP_MS) === 0) {
      this.last = this.coordinator.snapshot();
      this.startAt ??= this.last.startedAt === null ? null : this.last.startedAt - FakeClock.EPOCH;
      this.#checkLaws(this.last);
    }
  }

  /** What is due next, in order. */
  #due(): (() => void) | undefined {
    let first = -1;
    this.#later.forEach(({ at, order }, index) => {
      if (at > this.now) return;
      const best = this.#later[first];
      if (best === undefined || at < best.at || (at === best.at && order < best.order)) first = index;
    });
    return first === -1 ? undefined : this.#later.splice(first, 1)[0]!.action;
  }
}

/** Promises that can be settled are. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await Promise.resolve();
}
