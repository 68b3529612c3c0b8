import type { RunSpec } from '../api/run-spec.ts';
import type { Clock } from '../attack/clock.ts';
import { curveOf } from '../attack/schedule/curve.ts';
import { CountsBlock, Tally } from '../metrics/tally.ts';
import { decide } from '../stop/decide.ts';
import type { Verdict } from '../stop/verdict.ts';
import type { Content } from '../template/content.ts';
import { plannedHits } from './ledger.ts';
import { Member } from './member.ts';
import {
  type Assignment,
  isNewer,
  type RecordOptions,
  type SyncRequest,
  type SyncResponse,
} from './protocol.ts';
import { Replacements } from './replacements.ts';
import { type PlanGoal, RunPlan } from './run-plan.ts';
import type { RunSnapshot, WorkerSnapshot } from './snapshot.ts';
import { laneCount, workerCount } from './worker-count.ts';
import type { WorkerPool } from './worker-pool.ts';

export interface CoordinatorOptions {
  clock: Clock;
  pool: WorkerPool;
  /** Id of the run. */
  run: string;
  spec: RunSpec;
  content: Content;
  /** Lanes of each worker; null: as many as its cores and its share of the rate ask for. */
  lanes: number | null;
  /** How long workers go on without an answer, where the spec does not say, in ms. */
  leaseMs: number;
  records: RecordOptions | null;
  timing?: Partial<Timing>;
  /** Takes messages for people, one line each. */
  note: (line: string) => void;
}

/** How the coordinator spends time, in ms. */
export interface Timing {
  /** How long a call is held when there is nothing new. */
  holdMs: number;
  /** The same while a change is being prepared. Shorter than `fenceMs`, so that no worker ever stands at its fence. */
  holdWhileChangingMs: number;
  /** How far beyond their last answer workers go while a change is being prepared. */
  fenceMs: number;
  /** From naming an instant to it, so that every worker hears of it before. */
  marginMs: number;
  /** From the barrier to the start. */
  leadMs: number;
  /** How often leases and deadlines are looked at. */
  reviewMs: number;
}

const TIMING: Timing = {
  holdMs: 500,
  holdWhileChangingMs: 100,
  fenceMs: 500,
  marginMs: 50,
  leadMs: 250,
  reviewMs: 50,
};

/** How long stopped or finished workers may take to give their last word, in ms. */
const LAST_WORD_MS = 5000;
/** How long segments are repeated to workers after the last of their hits should be decided, in ms. */
const HISTORY_MS = 60_000;
const KILL_AFTER_MS = 2000;
/** A successor started within this time of the end would come too late, in ms. */
const NO_SUCCESSOR_MS = 1000;
const LONGEST_NOTE = 2000;

/**
 * Brings one run to its end: starts workers, lets them begin together, gives them the plan, moves shares when workers
 * come and go, merges what they count, and decides the verdict.
 *
 * Level-triggered: `#review` looks at the whole state and does what is next; it is called after every event and from
 * time to time. Nothing is done in answer to one particular message.
 */
export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #members: Member[] = [];
  readonly #replacements: Replacements;
  readonly #waiting = new Set<Waiter>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #ended = Promise.withResolvers<RunSnapshot>();
  readonly #wallOffset: number;
  #spec: RunSpec;
  #version = 1;
  #lanes: number | null = null;
  #phase: RunSnapshot['phase'] = 'Preparing';
  #verdict: { verdict: Verdict; reason: string } | null = null;
  #plan: RunPlan | null = null;
  /** Clock times, in ms. */
  #createdAt: number;
  #startAt: number | null = null;
  #stoppedAt: number | null = null;
  #finishedAt: number | null = null;
  /** Version that everybody must have taken over before the pending change gets its instant. */
  #change: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#timing = { ...TIMING, ...options.timing };
    this.#spec = options.spec;
    this.#replacements = new Replacements(options.clock);
    this.#wallOffset = options.clock.wall() - options.clock.now();
    this.#createdAt = options.clock.now();
  }

  /** Resolves with the final snapshot when the run has ended and all its processes are gone. */
  get ended(): Promise<RunSnapshot> {
    return this.#ended.promise;
  }

  /** The text that workers fetch by its digest. */
  get content(): Content {
    return this.#options.content;
  }

  start(): void {
    this.#createdAt = this.#clock.now();
    for (let index = 0; index < this.#workers; index++) this.#startWorker(index, 0);
    this.#timer = setInterval(() => this.#review(), this.#timing.reviewMs);
  }

  /**
   * Replaces the hot fields of the spec while the run goes on. Exact to the hit: what was due before the joining instant
   * belongs to the old spec, the rest to the new one.
   */
  change(spec: RunSpec): void {
    this.#spec = spec;
    this.#publish();
    this.#review();
  }

  /** Ends the run: nothing more is sent, and what is in flight is given a second. */
  stop(verdict: Verdict, reason: string): void {
    if (this.#verdict !== null) return;
    this.#verdict = { verdict, reason };
    this.#stoppedAt = this.#clock.now();
    this.#phase = 'Draining';
    this.#publish();
    this.#review();
  }

  /** Answers a worker: at once when there is something new for it, else after a while. */
  sync(request: SyncRequest): Promise<SyncResponse> {
    const member = this.#memberOf(request);
    if (member === null) return Promise.resolve(this.#dismissal());
    const usable = this.#hear(member, request);
    this.#review();
    const atOnce = request.urgent || !usable || !member.live || this.#newsFor(member, request);
    if (atOnce) return Promise.resolve(this.#answer(member, request, 0, usable));
    return this.#hold(member, request);
  }

  snapshot(): RunSnapshot {
    const now = this.#stoppedAt ?? this.#clock.now();
    const elapsedMs = this.#startAt === null ? 0 : Math.max(0, now - this.#startAt);
    const plan = this.#plan;
    const labels = this.#options.content.labels;
    const tally = new Tally(labels.length);
    const warmup = new CountsBlock();
    for (const member of this.#members) {
      tally.add(member.tally);
      warmup.add(member.warmup);
    }
    const lostBelow = plan === null ? 0 : plan.dueBefore(elapsedMs);
    const segments = plan?.segments ?? [];
    const planned = plannedHits(
      segments,
      this.#members.map((member) => member.progress(lostBelow)),
    );
    const durationMs = plan?.durationMs ?? curveOf(this.#spec.schedule, this.#spec.durationMs).endMs;
    const scheduleMs = Math.min(plan?.scheduleAt(elapsedMs) ?? 0, durationMs ?? Number.POSITIVE_INFINITY);
    const meanRate = scheduleMs === 0 ? 0 : (lostBelow / scheduleMs) * 1000;
    return {
      name: this.#spec.name,
      run: this.#options.run,
      phase: this.#phase,
      verdict: this.#phase === 'Ended' ? (this.#verdict?.verdict ?? null) : null,
      reason: this.#verdict?.reason ?? '',
      startedAt: this.#startAt === null ? null : this.#startAt + this.#wallOffset,
      finishedAt: this.#finishedAt === null ? null : this.#finishedAt + this.#wallOffset,
      elapsedMs,
      scheduleMs,
      warmupMs: this.#spec.warmupMs,
      durationMs,
      suspended: plan?.suspendedAt(elapsedMs) ?? this.#spec.suspend,
      warmingUp: scheduleMs < this.#spec.warmupMs,
      targetRate: this.#verdict === null ? (plan?.rateAt(elapsedMs) ?? 0) : meanRate,
      scheduled: planned.main.scheduled,
      unreported: planned.main.unreported,
      tally,
      warmup: { ...planned.warmup, counts: warmup.counts },
      labels,
      generatorSaturated: this.#members.some((member) => member.saturated),
      votes: {
        highest: Math.max(0, ...this.#members.map((member) => member.votes)),
        limit: this.#spec.stopWhen?.votes ?? 0,
        workers: this.#members
          .filter((member) => member.votes > 0)
          .map((member) => ({ name: member.name, votes: member.votes, reason: member.voteReason })),
      },
      digest: this.#options.content.digest,
      workers: this.#members.map((member) => this.#describe(member, lostBelow)),
    };
  }

  // --- who is there ---

  get #workers(): number {
    return workerCount(this.#spec);
  }

  get #leaseMs(): number {
    return this.#spec.workers.leaseMs ?? this.#options.leaseMs;
  }

  #startWorker(index: number, replacement: number): void {
    const worker = { index, replacement };
    const member = new Member(worker, this.#options.content.labels.length, this.#clock.now());
    this.#members.push(member);
    this.#options.pool.start(worker, (end) => {
      if (member.live) this.#lose(member, end.reason);
      this.#review();
    });
  }

  #memberOf(request: SyncRequest): Member | null {
    const { index, replacement, incarnation } = request.worker;
    const member = this.#members.find(
      ({ worker }) => worker.index === index && worker.replacement === replacement,
    );
    if (request.run !== this.#options.run || member === undefined) return null;
    member.incarnation ??= incarnation;
    return member.incarnation === incarnation ? member : null;
  }

  #hear(member: Member, request: SyncRequest): boolean {
    this.#lanes ??= this.#options.lanes ?? laneCount(this.#spec, request.cores);
    const heard = member.hear(request);
    if (heard === 'late') return true;
    const usable = heard === 'ok';
    for (const note of member.notes.splice(0)) {
      this.#options.note(`${member.name}: ${note.slice(0, LONGEST_NOTE)}`);
    }
    if (member.state === 'lost') {
      // It was only out of sight. Its last word still counts, but its share is somebody else's by now.
      if (usable && request.state === 'ended' && request.report !== null) member.state = 'ended';
    } else if (request.state === 'failed') {
      if (usable) member.state = 'ended';
      this.stop('Failed', `${member.name}: ${request.problem}`);
    } else if (member.live && (usable || request.state !== 'ended')) {
      member.state = request.state;
    }
    return usable;
  }

  #lose(member: Member, reason: string): void {
    const before = member.state;
    member.lose(reason);
    this.#options.pool.stop(member.worker, 0);
    if (this.#verdict !== null) return;
    this.#options.note(`${member.name} ${reason}`);
    if (before !== 'starting' && this.#spec.workers.onLoss === 'Stop' && this.#plan !== null) {
      this.stop('Failed', `${member.name} ${reason}, and workers.onLoss is Stop`);
    }
  }

  /** The members that shall send: for each index the newest that can, else the one that still does. */
  #wantedOwners(): Member[] {
    const wanted: Member[] = [];
    for (let index = 0; index < this.#workers; index++) {
      const all = this.#members.filter(({ worker }) => worker.index === index);
      const able = all.findLast((member) => member.able) ?? all.findLast(({ state }) => state === 'leaving');
      const held =
        this.#spec.workers.onLoss === 'Hold' ? all.findLast((member) => this.#owns(member)) : undefined;
      const owner = able ?? held;
      if (owner !== undefined) wanted.push(owner);
    }
    return wanted;
  }

  #owns(member: Member): boolean {
    return member.incarnation !== null && this.#plan?.goal.owners[member.incarnation] !== undefined;
  }

  /** Starts workers that are missing: successors where one left, ended early or was lost, and more where more are wanted. */
  #replaceMissing(): void {
    for (let index = 0; index < this.#workers; index++) {
      const newest = this.#members.findLast(({ worker }) => worker.index === index);
      if (newest === undefined) this.#startWorker(index, 0);
      if (newest === undefined || newest.state === 'starting' || newest.able) continue;
      const { replacement } = newest.worker;
      if (this.#successors.has(index)) continue;
      const waitMs = this.#replacements.next(index);
      if (waitMs === null) {
        // A persistent test keeps trying, as often as the limit lets it.
        if (this.#plan !== null && this.#plan.durationMs === null) continue;
        const why = newest.problem === '' ? '' : ` (${newest.problem})`;
        this.stop('Failed', `worker-${index} was replaced 3 times within 5 minutes and is gone again${why}`);
        return;
      }
      this.#successors.add(index);
      const timer = setTimeout(() => {
        this.#restarts.delete(timer);
        this.#successors.delete(index);
        if (this.#verdict === null) this.#startWorker(index, replacement + 1);
      }, waitMs);
      this.#restarts.add(timer);
    }
  }

  /** Indexes for which a successor is about to be started. */
  readonly #successors = new Set<number>();

  // --- what is next ---

  #review(): void {
    if (this.#phase === 'Ended') return;
    const now = this.#clock.now();
    this.#endLeases(now);
    if (this.#phase === 'Preparing') this.#reviewStart(now);
    if (this.#phase === 'Running') this.#reviewRun(now);
    if (this.#phase === 'Draining') this.#reviewEnd(now);
  }

  #endLeases(now: number): void {
    for (const member of this.#members) {
      if (!member.live) continue;
      if (member.answeredAt !== null && now - member.answeredAt > this.#leaseMs) {
        this.#lose(member, `gave no sign of life for ${seconds(this.#leaseMs)}`);
      } else if (member.state === 'starting' && now - member.startedAt > this.#spec.startTimeoutMs) {
        if (this.#phase === 'Running')
          this.#lose(member, `was not ready within ${seconds(this.#spec.startTimeoutMs)}`);
      }
    }
  }

  #reviewStart(now: number): void {
    this.#replaceMissing();
    if (this.#verdict !== null) return;
    const ready = this.#wantedOwners();
    if (ready.length === this.#workers && ready.every((member) => member.able)) {
      this.#startAt = now + this.#timing.leadMs;
      this.#plan = new RunPlan(this.#goalFor(ready));
      this.#phase = 'Running';
      this.#publish();
    } else if (now - this.#createdAt > this.#spec.startTimeoutMs) {
      const missing = this.#members
        .filter((member) => member.state === 'starting')
        .map((member) => `${member.name} is not ready${member.problem === '' ? '' : ` (${member.problem})`}`);
      const limit = seconds(this.#spec.startTimeoutMs);
      this.stop('Failed', `not all workers were ready within startTimeout (${limit}): ${missing.join(', ')}`);
    }
  }

  #reviewRun(now: number): void {
    const plan = this.#plan!;
    const runMs = now - this.#startAt!;
    const live = this.#members.filter((member) => member.live && this.#owns(member));
    const stop = this.#spec.stopWhen;
    if (stop !== null) {
      // One that has done its part, or has stopped by itself, still has its say.
      const voting = this.#members.filter((member) => this.#owns(member) && member.state !== 'lost');
      const ballot = voting.map(({ name, votes }) => ({ name, votes, limit: stop.votes }));
      const decision = decide(ballot, stop.decidedBy);
      if (decision !== null) {
        const reason = voting.find(({ name }) => name === decision.worker)?.voteReason ?? '';
        const others = decision.atLimit.length - 1;
        const also = others > 0 ? ` (and ${others} more of ${decision.live} workers)` : '';
        return this.stop(
          'StoppedByVotes',
          `${decision.worker}${also} reached ${stop.votes} votes: ${reason}`,
        );
      }
    }
    if (plan.endsAt !== null && runMs >= plan.endsAt) {
      if (live.length === 0) return this.#complete();
      if (runMs >= plan.endsAt + this.#spec.protocol.timeoutMs + this.#spec.maxLagMs + LAST_WORD_MS) {
        for (const member of live) this.#lose(member, 'did not come to an end');
        return this.#complete();
      }
      return;
    }
    const tooLate = plan.endsAt !== null && runMs > plan.endsAt - NO_SUCCESSOR_MS;
    if (!tooLate) this.#replaceMissing();
    if (this.#verdict === null) this.#reviewChange(now);
  }

  /** Two steps: everybody takes the coming change over and stays behind a fence; then its instant is named. */
  #reviewChange(now: number): void {
    const plan = this.#plan!;
    const owners = this.#wantedOwners();
    if (owners.length === 0) return;
    const goal = this.#goalFor(owners);
    if (sameGoal(goal, plan.goal)) {
      if (this.#change !== null) {
        this.#change = null;
        this.#publish();
      }
      return;
    }
    if (this.#change === null) {
      this.#change = this.#version + 1;
      this.#publish();
    }
    const change = this.#change;
    const speaking = this.#members.filter((member) => member.live && member.state !== 'starting');
    if (!speaking.every((member) => (member.acknowledged?.n ?? 0) >= change)) return;
    const { fenceMs, marginMs } = this.#timing;
    const joinAt = Math.max(now - this.#startAt! + fenceMs + marginMs, plan.joinedAt + 1);
    plan.join(Math.ceil(joinAt), goal);
    this.#change = null;
    this.#publish();
  }

  #goalFor(owners: Member[]): PlanGoal {
    const spec = this.#spec;
    const { content } = this.#options;
    const stripes: Record<string, number[]> = {};
    let next = 0;
    const most = Math.max(...owners.map((member) => member.lanes));
    for (let lane = 0; lane < most; lane++) {
      for (const member of owners) {
        if (lane < member.lanes) (stripes[member.incarnation!] ??= []).push(next++);
      }
    }
    return {
      schedule: spec.schedule,
      durationMs: spec.durationMs,
      warmupMs: spec.warmupMs,
      suspended: spec.suspend,
      hitLimit: content.kind === 'targets' && !content.loop ? content.count : null,
      stripes: next,
      owners: stripes,
    };
  }

  #complete(): void {
    this.#verdict = { verdict: 'Completed', reason: 'all hits of the schedule are done' };
    this.#stoppedAt = this.#clock.now();
    this.#phase = 'Draining';
    this.#publish();
  }

  #reviewEnd(now: number): void {
    const waited = now - this.#stoppedAt!;
    const started = this.#members.filter((member) => member.live && member.state !== 'starting');
    if (started.length > 0 && waited < LAST_WORD_MS) return;
    for (const member of started) this.#lose(member, 'gave no last word');
    this.#finish(now);
  }

  #finish(now: number): void {
    this.#finishedAt = now;
    this.#phase = 'Ended';
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const timer of this.#restarts) clearTimeout(timer);
    for (const member of this.#members) this.#options.pool.stop(member.worker, KILL_AFTER_MS);
    this.#flush();
    const last = this.snapshot();
    this.#options.pool.close().then(
      () => this.#ended.resolve(last),
      (error: unknown) => this.#ended.reject(error),
    );
  }

  // --- answers ---

  #publish(): void {
    this.#version++;
    this.#flush();
  }

  /** Answers every call that is being held. */
  #flush(): void {
    for (const waiter of this.#waiting) waiter.answer();
  }

  #hold(member: Member, request: SyncRequest): Promise<SyncResponse> {
    const since = this.#clock.now();
    const holdMs = this.#change === null ? this.#timing.holdMs : this.#timing.holdWhileChangingMs;
    return new Promise((resolve) => {
      const waiter: Waiter = {
        member,
        answer: () => {
          clearTimeout(timer);
          this.#waiting.delete(waiter);
          resolve(this.#answer(member, request, this.#clock.now() - since, true));
        },
      };
      const timer = setTimeout(waiter.answer, holdMs);
      this.#waiting.add(waiter);
    });
  }

  #newsFor(member: Member, request: SyncRequest): boolean {
    return member.live && isNewer({ epoch: 1, n: this.#version }, request.received);
  }

  #answer(member: Member, request: SyncRequest, heldMs: number, usable: boolean): SyncResponse {
    const now = this.#clock.now();
    member.answeredAt = now;
    const version = { epoch: 1, n: this.#version };
    return {
      now: now + this.#wallOffset,
      heldMs,
      leaseMs: this.#leaseMs,
      acknowledged: member.reported,
      resync: !usable,
      assignment: isNewer(version, request.received) ? this.#assignmentFor(member) : null,
      dismissed: member.state === 'lost' || this.#phase === 'Ended',
      saved: member.state === 'ended',
    };
  }

  #dismissal(): SyncResponse {
    return {
      now: this.#clock.now() + this.#wallOffset,
      heldMs: 0,
      leaseMs: this.#leaseMs,
      acknowledged: 0,
      resync: false,
      assignment: null,
      dismissed: true,
      saved: true,
    };
  }

  #assignmentFor(member: Member): Assignment {
    const spec = this.#spec;
    return {
      version: { epoch: 1, n: this.#version },
      content: this.#options.content.digest,
      protocol: spec.protocol,
      lanes: this.#lanes ?? 1,
      workers: this.#workers,
      maxLagMs: spec.maxLagMs,
      warmupMs: spec.warmupMs,
      stopWhen: spec.stopWhen,
      afterLease: spec.workers.afterLease,
      records: this.#options.records,
      startAt: this.#startAt === null ? null : this.#startAt + this.#wallOffset,
      segments: this.#recentSegments(),
      endsAt: this.#endsAtFor(member),
      fenceMs: this.#change === null ? null : this.#timing.fenceMs,
      stop: this.#verdict !== null,
    };
  }

  #recentSegments() {
    const segments = this.#plan?.segments ?? [];
    // A worker out of sight, behind its fence, may come back until its lease has run out.
    const neededMs = this.#leaseMs + this.#spec.maxLagMs + HISTORY_MS;
    const oldest = this.#startAt === null ? 0 : this.#clock.now() - this.#startAt - neededMs;
    const first = segments.findIndex((_, index) => {
      const next = segments[index + 1];
      return next === undefined || next.from >= oldest;
    });
    return segments.slice(Math.max(0, first));
  }

  #endsAtFor(member: Member): number | null {
    const plan = this.#plan;
    if (plan === null || this.#owns(member)) return plan?.endsAt ?? null;
    const served = plan.segments.some((segment) => segment.owners[member.incarnation ?? ''] !== undefined);
    return served ? plan.joinedAt : null;
  }

  #describe(member: Member, lostBelow: number): WorkerSnapshot {
    const { main } = plannedHits(this.#plan?.segments ?? [], [member.progress(lostBelow)]);
    const { counts } = member.tally;
    return {
      name: member.name,
      index: member.worker.index,
      replacement: member.worker.replacement,
      state: member.state,
      lanes: member.lanes,
      sent: counts.sent,
      dropped: Object.values(counts.drops).reduce((sum, count) => sum + count, 0),
      unreported: main.unreported,
      problem: member.problem,
    };
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

/** A call that is being held. */
interface Waiter {
  member: Member;
  answer: () => void;
}

/** Whether two goals ask for the same hits from the same lanes. */
function sameGoal(a: PlanGoal, b: PlanGoal): boolean {
  return JSON.stringify(a, bigints) === JSON.stringify(b, bigints);
}

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
