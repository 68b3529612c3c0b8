import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { RunSpec } from '../../src/api/run-spec.ts';
import { Coordinator, type CoordinatorOptions } from '../../src/coordinator/coordinator.ts';
import { NotServing } from '../../src/coordinator/not-serving.ts';
import type { Finding, SyncRequest, SyncResponse } from '../../src/coordinator/protocol.ts';
import type { RunRecord } from '../../src/coordinator/run-record.ts';
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
import { CONTENT, scoutingOrder } from './run-spec.ts';

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
  /** How the store behaves that remembers the run; left out: there is none. */
  store?: StoreBehaviour;
  /** `silent`: workers that are to look for what is sent find nothing. */
  scouts?: 'silent';
}

export interface StoreBehaviour {
  /** How long a save takes. */
  delayMs: () => number;
  /** Whether a save fails, which may have been done all the same. */
  fails: () => boolean;
}

const ORDER = scoutingOrder('order');

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
  coordinator!: Coordinator;
  /** What an API server, say, would hold at this moment; null: nothing yet. */
  kept: string | null = null;
  /** The same, read. */
  #read: { text: string | null; course: RunRecord['course']; content: RunRecord['content'] | null } | null =
    null;
  /** The largest record so far, in characters. */
  largest = 0;
  saves = 0;
  /** Whether there is a coordinator at this moment. */
  up = false;
  epoch = 0;
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
  readonly #texts = new Map<string, Content>([[CONTENT.digest, CONTENT]]);
  last: RunSnapshot;
  final: RunSnapshot | null = null;
  closed = false;
  readonly #options: ClusterOptions;
  readonly #later: { at: number; order: number; action: () => void }[] = [];
  readonly #ends = new Map<string, (end: WorkerEnd) => void>();
  /** Saves that are under way and will be done. */
  readonly #landing: (() => void)[] = [];
  #spec: RunSpec;
  #order = 0;

  constructor(spec: RunSpec, options: ClusterOptions = {}) {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    this.#options = options;
    this.random = options.random ?? (() => 0.5);
    this.network = options.network ?? GOOD;
    this.#spec = spec;
    this.#launch(null);
    this.last = this.coordinator.snapshot();
  }

  /** Ends the coordinator's process, wherever it stands. What it was saving is saved, or is not. */
  crash(): void {
    this.up = false;
    this.coordinator.abandon();
    this.#ends.clear();
    for (const land of this.#landing.splice(0)) if (this.random() < 0.5) land();
  }

  /** Another process takes the run over, with what is remembered of it. */
  restart(): void {
    this.#launch(this.kept === null ? null : (JSON.parse(this.kept) as RunRecord));
  }

  /** Changes the spec, for this coordinator and those after it. */
  change(spec: RunSpec): void {
    this.#spec = spec;
    if (this.up) this.coordinator.change(spec);
  }

  #launch(restored: RunRecord | null): void {
    this.epoch++;
    const { content: first = CONTENT } = this.#options.coordinator ?? {};
    const coordinator = new Coordinator({
      clock: this.clock,
      pool: this,
      run: this.run,
      spec: this.#spec,
      mostLabels: MOST_LABELS,
      lanes: 2,
      leaseMs: 5000,
      records: null,
      store: this.#options.store === undefined ? null : { save: (record) => this.#save(record) },
      epoch: this.epoch,
      restored,
      note: (line) => this.notes.push(line),
      ...this.#options.coordinator,
      content: restored === null ? first : null,
    });
    coordinator.ended.then(
      (snapshot) => {
        if (this.coordinator === coordinator && this.up) this.final = snapshot;
      },
      (error: unknown) => this.broken.push(String(error)),
    );
    this.coordinator = coordinator;
    this.up = true;
    if (this.#options.store !== undefined) coordinator.lookAt(ORDER);
    coordinator.start();
  }

  #save(record: RunRecord): Promise<void> {
    const text = JSON.stringify(record);
    const { delayMs, fails } = this.#options.store!;
    const isLost = fails();
    const isDone = !isLost || this.random() < 0.5;
    if (this.#landing.length > 0) this.broken.push('a save was begun before the last one was settled');
    const land = () => {
      this.kept = text;
      this.largest = Math.max(this.largest, text.length);
    };
    return new Promise((resolve, reject) => {
      this.saves++;
      if (isDone) this.#landing.push(land);
      this.after(delayMs(), () => {
        const at = this.#landing.indexOf(land);
        if (at !== -1) this.#landing.splice(at, 1)[0]!();
        if (isLost) reject(new Error('the store does not answer'));
        else resolve();
      });
    });
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

  /** Lets the run come to its end, with each of so many hits once. */
  async endWith(hits: number): Promise<RunSnapshot> {
    const final = await this.end();
    assert.deepEqual(this.broken, []);
    assert.deepEqual(
      [final.verdict, final.scheduled, final.unreported, final.tally.counts.sent],
      ['Completed', hits, 0, hits],
    );
    assert.equal(this.decided.size, hits);
    return final;
  }

  // --- the pool ---

  start(worker: PoolWorker, onEnd: (end: WorkerEnd) => void): void {
    this.#ends.set(workerName(worker), onEnd);
    // What an earlier coordinator had started, and had no time to write down, is taken over.
    if (this.workers.some((each) => !each.dead && workerName(each.worker) === workerName(worker))) return;
    const behaviour = (this.#options.workers ?? (() => ({})))(worker);
    if (behaviour !== null) this.workers.push(new FakeWorker(this, worker, { ...PROMPT, ...behaviour }));
  }

  adopt(worker: PoolWorker, onEnd: (end: WorkerEnd) => void): void {
    this.#ends.set(workerName(worker), onEnd);
    const it = this.workers.find((each) => workerName(each.worker) === workerName(worker));
    if (it === undefined || it.dead) onEnd({ reason: 'is gone' });
  }

  /** What keeps a worker from coming up. */
  trouble: (worker: PoolWorker) => string = () => '';

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
      const strangers = this.workers.filter(({ worker }) => !this.#ends.has(workerName(worker)));
      for (const stranger of strangers) this.kill(stranger);
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
      const content = this.up ? this.coordinator.contentOf(digest) : null;
      if (content !== null) this.#texts.set(digest, content);
      this.after(delayMs(), () => answer(isLost || this.now < from.silentUntil ? null : content));
    });
  }

  /** A worker tells a set that it holds, which the coordinator has lost. */
  carryKept(from: FakeWorker, digest: string): void {
    const { worker, incarnation } = from;
    const content = this.#texts.get(digest);
    if (content === undefined) return;
    this.after(this.network.delayMs(), () => {
      if (!this.up) return;
      const finding: Finding = { kind: 'kept', run: this.run, worker: { ...worker, incarnation }, content };
      this.coordinator.finding(finding);
    });
  }

  /** A worker looks for what is sent: it finds what was current at first, unless that is known. */
  carryScouting(from: FakeWorker, digest: string): void {
    if (this.#options.scouts === 'silent') return;
    const { worker, incarnation } = from;
    this.after(this.network.delayMs(), () => {
      const order = this.up ? this.coordinator.scoutingOf(digest) : null;
      if (order === null || order.known !== null) return;
      this.after(this.network.delayMs(), () => {
        if (!this.up || from.dead) return;
        const who = { run: this.run, worker: { ...worker, incarnation } };
        this.coordinator.finding({ ...who, kind: 'offered', order: digest, content: CONTENT });
      });
    });
  }

  #deliver(from: FakeWorker, text: string, answer: (response: SyncResponse) => void): void {
    if (this.now < from.silentUntil || !this.up) return;
    const request = readSyncRequest(text);
    if (typeof request === 'string') {
      this.broken.push(request);
      return;
    }
    this.coordinator.sync(request).then(
      (response) => {
        const wire = JSON.stringify(response);
        this.#checkIsSaved(response);
        if (this.random() < this.network.lost || this.now < from.silentUntil) return;
        this.after(this.network.delayMs(), () => {
          if (this.now >= from.silentUntil) answer(JSON.parse(wire) as SyncResponse);
        });
      },
      (error: unknown) => {
        if (!(error instanceof NotServing)) this.broken.push(String(error));
      },
    );
  }

  // --- what must not happen ---

  /** Whoever takes the run over must know what workers have heard. */
  #checkIsSaved({ assignment, saved, dismissed }: SyncResponse): void {
    if (this.#options.store === undefined) return;
    if (this.#read?.text !== this.kept) {
      const record = this.kept === null ? null : (JSON.parse(this.kept) as RunRecord);
      this.#read = { text: this.kept, course: record?.course ?? null, content: record?.content ?? null };
    }
    const { course, content } = this.#read;
    if (assignment !== null && assignment.startAt !== null) {
      if (course === null || Math.abs(course.startAt - assignment.startAt) > 0.01) {
        this.broken.push(`the start was told at ${this.now} before it was saved`);
      }
      for (const { from } of assignment.segments) {
        if (course?.parts.some(({ runMs }) => runMs === from) === true) continue;
        this.broken.push(`that hits join at ${from} was told at ${this.runMs} before it was saved`);
      }
      const { current, from } = assignment.content;
      if (from > 0 && (content?.from ?? 0) < from) {
        this.broken.push(`the swap to ${current} was told at ${this.runMs} before it was saved`);
      }
    }
    if (saved && !dismissed && !this.kept!.includes('"ended"') && !this.kept!.includes('"past":[{')) {
      this.broken.push(`a last word counted as saved at ${this.runMs} that was not`);
    }
  }

  decide(hit: number, { worker, dueAt, dropped, digest }: Omit<Decided, 'at'>): void {
    this.startAt ??= worker.assignment!.startAt! - FakeClock.EPOCH;
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
    const digest = this.up ? this.coordinator.digest : null;
    if (digest !== null && this.contents.at(-1) !== digest) this.contents.push(digest);
    for (const worker of this.workers) worker.work();
    if (this.up && (this.now / STEP_MS) % (SNAPSHOT_EVERY_MS / STEP_MS) === 0) {
      this.last = this.coordinator.snapshot();
      // A start of which no worker has heard may be named anew.
      if (this.decided.size === 0) {
        this.startAt = this.last.startedAt === null ? null : this.last.startedAt - FakeClock.EPOCH;
      }
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
