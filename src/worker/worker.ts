import { randomUUID } from 'node:crypto';
import type { Clock } from '../attack/clock.ts';
import { rateOf, type Segment, scheduleTimeAt } from '../attack/schedule/segment.ts';
import {
  type Assignment,
  isNewer,
  type SyncRequest,
  type SyncResponse,
  type Version,
  type WorkerBootstrap,
} from '../coordinator/protocol.ts';
import { workerName } from '../coordinator/worker-pool.ts';
import type { MetricsView } from '../metrics/prometheus.ts';
import type { WindowTally } from '../metrics/window.ts';
import { Ballot } from './ballot.ts';
import { Conversation } from './conversation.ts';
import { LaneGroup } from './lane-group.ts';
import { collectGarbage } from './memory.ts';
import { Reporter } from './reporter.ts';
import { SetKeeper } from './set-keeper.ts';
import { SyncClient } from './sync-client.ts';

/** How often leases and lanes are looked at, in ms. */
const REVIEW_MS = 100;
/** A leaving worker that hears nothing stops after this, in ms. */
const LEAVE_MS = 5000;
/** How long a worker that has ended tries to give its last word, in ms. */
const LAST_WORD_MS = 10_000;
/** Without an answer for this long, a worker at its limit of votes stops by itself whoever should decide, in ms. */
const ALONE_AFTER_MS = 2000;
/** Below this limit of latency, sending up to 1 ms late on timers would be too slow to judge by, in ms. */
const PRECISE_BELOW_MS = 20;

/**
 * A worker: asks the coordinator what it should be doing, does it in its lanes, and says what came of it. It is safe
 * alone: without answers it stops at the end of its lease, and at its own limit of votes.
 */
export class Worker {
  readonly #bootstrap: WorkerBootstrap;
  readonly #clock: Clock;
  readonly #conversation: Conversation;
  readonly #incarnation: string;
  readonly #ballot = new Ballot();
  readonly #lanes: LaneGroup;
  readonly #sets: SetKeeper;
  readonly #reporter = new Reporter();
  readonly #done = Promise.withResolvers<number>();

  #state: SyncRequest['state'] = 'starting';
  #assignment: Assignment | null = null;
  /** How many assignments it has taken: lanes know plans by it, whichever coordinator they are from. */
  #taken = 0;
  #acknowledged: Version | null = null;
  #problem = '';
  /** Why it cannot go on; empty while it can. */
  #failure = '';
  /** The last failure of a template, in words. */
  #templateFailure = '';
  /** Clock times in ms. */
  #startAt: number | null = null;
  #leaseEnd = Number.POSITIVE_INFINITY;
  #leavingSince: number | null = null;
  #endedAt: number | null = null;

  constructor(bootstrap: WorkerBootstrap, clock: Clock) {
    this.#bootstrap = bootstrap;
    this.#incarnation = `${workerName(bootstrap)}-${randomUUID()}`;
    this.#clock = clock;
    const client = new SyncClient(bootstrap.coordinator, bootstrap.token);
    this.#conversation = new Conversation(client, clock, {
      request: (urgent) => this.#request(urgent),
      hear: (response) => this.#hear(response),
      isUrgent: () => this.#over,
    });
    this.#lanes = new LaneGroup(clock, {
      ready: () => this.#lookAtSets(),
      failed: (reason) => this.#fail(reason),
      followed: () => this.#acknowledge(),
      setChanged: () => this.#lookAtSets(),
      window: (index, window) => this.#judge(index, window),
      templateFailed: (reason) => this.#noteTemplateFailure(reason),
      finished: () => this.#endWhenFinished(),
      note: (text) => this.#reporter.note(text),
    });
    this.#sets = new SetKeeper({
      clock,
      lanes: this.#lanes,
      fetch: (digest) => client.content(digest),
      changed: () => this.#conversation.callAtOnce(),
      // Nobody waits for this thread while it looks for what is left of the old set.
      swapped: collectGarbage,
      failed: (reason) => this.#fail(reason),
    });
    this.#ballot.note = (line) => this.#reporter.note(line);
  }

  /** Works until its last word is saved. @returns the exit code of the process */
  async run(): Promise<number> {
    const timer = setInterval(() => this.#review(), REVIEW_MS);
    void this.#conversation.keepUp();
    const code = await this.#done.promise;
    this.#conversation.end();
    clearInterval(timer);
    await this.#lanes.end();
    return code;
  }

  /** Wants to go: works on until a successor has taken over, or stops after 5 s without an answer. */
  leave(): void {
    if (this.#leavingSince !== null || this.#over) return;
    this.#leavingSince = this.#clock.now();
    // The start may be named already, and hits given to it, before it hears of that.
    if (this.#state === 'ready' || this.#state === 'running') this.#state = 'leaving';
    else this.#stop();
    this.#conversation.callAtOnce();
  }

  /** Nobody is there to answer any more: stops, and goes. */
  abandon(): void {
    this.#stop();
    setTimeout(() => this.#done.resolve(1), 1500).unref();
  }

  /** For probes: whether it has lanes that could attack. */
  get ready(): boolean {
    return this.#state === 'ready' || this.#state === 'running' || this.#state === 'leaving';
  }

  /** What a scrape shows. */
  metrics(): MetricsView {
    const { tally, warmup } = this.#lanes.counts();
    const { labels, refused } = this.#assignment?.content ?? { labels: [], refused: 0 };
    return {
      labels,
      tally,
      warmup: warmup.counts,
      topics: this.#lanes.topics(),
      targetRate: this.#over ? 0 : rateOf(this.#segments, this.#incarnation, this.#runMs),
      votes: { votes: this.#ballot.votes, limit: this.#assignment?.stopWhen?.votes ?? 0 },
      digest: this.#sets.report.running ?? '',
      reloads: { applied: this.#sets.swaps, refused },
      generatorSaturated: this.#ballot.saturated,
    };
  }

  /** Run time now, in ms; less than 0 before the start is known. */
  get #runMs(): number {
    return this.#startAt === null ? -1 : this.#clock.now() - this.#startAt;
  }

  get #segments(): readonly Segment[] {
    return this.#assignment?.segments ?? [];
  }

  get #over(): boolean {
    return this.#state === 'ended' || this.#state === 'failed';
  }

  // --- talking to the coordinator ---

  #request(urgent: boolean): SyncRequest {
    const { run, index, replacement, cores } = this.#bootstrap;
    return {
      run,
      worker: { index, replacement, incarnation: this.#incarnation },
      state: this.#state,
      received: this.#assignment?.version ?? null,
      acknowledged: this.#acknowledged,
      content: this.#sets.report,
      cores,
      lanes: this.#lanes.size,
      report: this.#reporter.report(this.#lanes.counts(), this.#ballot),
      problem: this.#problem,
      urgent,
    };
  }

  #hear(response: SyncResponse): void {
    this.#reporter.acknowledge(response.acknowledged, response.resync);
    const { assignment } = response;
    if (assignment !== null && isNewer(assignment.version, this.#assignment?.version ?? null)) {
      this.#take(assignment);
    }
    this.#renewLease(response.leaseMs);
    if (response.dismissed) this.#stop();
    if (response.saved && (this.#over || response.dismissed))
      this.#done.resolve(this.#state === 'failed' ? 1 : 0);
  }

  #renewLease(leaseMs: number): void {
    const forever = this.#assignment?.afterLease === 'Continue';
    this.#leaseEnd = forever ? Number.POSITIVE_INFINITY : this.#conversation.answeredAt + leaseMs;
    this.#lanes.setLease(this.#leaseEnd);
    this.#setFence();
  }

  #setFence(): void {
    const assignment = this.#assignment;
    if (assignment === null) return;
    this.#lanes.setFence(this.#conversation.answeredAt, assignment.fenceMs, this.#taken);
  }

  // --- doing what it is told ---

  #take(assignment: Assignment): void {
    const first = this.#assignment === null;
    this.#assignment = assignment;
    this.#taken++;
    const scheduleMs = scheduleTimeAt(assignment.segments, this.#runMs);
    this.#ballot.follow(assignment.stopWhen, assignment.warmupMs, scheduleMs);
    this.#sets.follow(assignment.content, this.#startAt);
    if (first) {
      this.#prepare(assignment).catch((error: unknown) => {
        this.#fail(error instanceof Error ? error.message : String(error));
      });
    } else if (this.#state !== 'starting') {
      this.#followPlan();
    }
    if (assignment.stop) this.#stop();
  }

  async #prepare(assignment: Assignment): Promise<void> {
    const set = await this.#sets.first();
    if (this.#over) return;
    const { index, replacement } = this.#bootstrap;
    const { lanes } = assignment;
    const labels = assignment.content.mostLabels;
    this.#reporter.start(labels);
    const works = Array.from({ length: lanes }, (_, lane) => ({
      owner: this.#incarnation,
      index: lane,
      identity: { lane: index * lanes + lane, lanes: assignment.workers * lanes, replacement },
      set,
      labels,
      protocol: assignment.protocol,
      records: assignment.records,
    }));
    this.#lanes.start(works);
    this.#sets.begin(set);
  }

  #lookAtSets(): void {
    this.#sets.look();
    this.#getReady();
  }

  #getReady(): void {
    if (this.#state !== 'starting' || !this.#lanes.ready || !this.#sets.isCurrent) return;
    collectGarbage();
    this.#state = 'ready';
    this.#followPlan();
  }

  /** Gives the newest plan to the lanes, once there is a start to count from. */
  #followPlan(): void {
    const assignment = this.#assignment!;
    if (this.#over) return;
    if (assignment.startAt === null) {
      this.#acknowledged = assignment.version;
      this.#conversation.callAtOnce();
      return;
    }
    this.#startAt ??= this.#conversation.toLocal(assignment.startAt);
    this.#sets.follow(assignment.content, this.#startAt);
    if (this.#state === 'ready') this.#state = 'running';
    const latencyAboveMs = assignment.stopWhen?.latencyAboveMs ?? Number.POSITIVE_INFINITY;
    this.#lanes.follow({
      version: this.#taken,
      plan: {
        startAt: this.#startAt,
        segments: assignment.segments,
        endsAt: assignment.endsAt,
        maxLagMs: assignment.maxLagMs,
        latencyAboveMs,
        windows: this.#ballot.windows,
      },
      precise: latencyAboveMs < PRECISE_BELOW_MS,
    });
  }

  /** Every lane follows the newest plan: so says the worker. */
  #acknowledge(): void {
    if (!this.#lanes.follows(this.#taken)) return;
    this.#acknowledged = this.#assignment!.version;
    this.#setFence();
    this.#conversation.callAtOnce();
  }

  #judge(index: number, window: WindowTally): void {
    const before = this.#ballot.votes;
    if (this.#ballot.count(index, window)) {
      return this.#fail(`every hit of a window failed in its template: ${this.#templateFailure}`);
    }
    if (this.#ballot.votes === before) return;
    if (this.#ballot.atLimit && this.#assignment?.stopWhen?.decidedBy === 'AnyWorker') this.#stop();
    this.#conversation.callAtOnce();
  }

  #noteTemplateFailure(reason: string): void {
    if (reason !== this.#templateFailure) this.#reporter.note(`a target could not be rendered: ${reason}`);
    this.#templateFailure = reason;
  }

  #stop(): void {
    this.#lanes.stop();
    this.#endWhenFinished();
  }

  #endWhenFinished(): void {
    if (this.#over || !this.#lanes.finished) return;
    this.#state = this.#failure === '' ? 'ended' : 'failed';
    this.#endedAt = this.#clock.now();
    this.#conversation.callAtOnce();
  }

  #fail(reason: string): void {
    if (this.#failure !== '') return;
    this.#failure = reason;
    this.#problem = reason;
    this.#stop();
  }

  // --- watching over itself ---

  #review(): void {
    const now = this.#clock.now();
    const { answeredAt } = this.#conversation;
    this.#lanes.look(REVIEW_MS);
    if (this.#lanes.size > 0) this.#lookAtSets();
    const alone = now - answeredAt;
    if (!this.#over && now > this.#leaseEnd && this.#problem === '') {
      this.#problem = `stopped by itself: no answer from the coordinator for ${Math.round(alone / 100) / 10} s`;
      this.#stop();
    }
    if (this.#ballot.atLimit && alone > ALONE_AFTER_MS) this.#stop();
    if (this.#leavingSince !== null && now - Math.max(this.#leavingSince, answeredAt) > LEAVE_MS)
      this.#stop();
    if (this.#assignment === null && alone > LAST_WORD_MS * 6) this.#done.resolve(1);
    if (this.#endedAt !== null && now - this.#endedAt > LAST_WORD_MS) this.#done.resolve(1);
  }
}
