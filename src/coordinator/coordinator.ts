import type { RunSpec } from '../api/run-spec.ts';
import type { Clock } from '../attack/clock.ts';
import type { Verdict } from '../stop/verdict.ts';
import type { Content } from '../template/content.ts';
import { MAX_LABELS } from '../template/content.ts';
import { Answers } from './answers.ts';
import { ContentChange } from './content-change.ts';
import { Course } from './course.ts';
import { Crew } from './crew.ts';
import { goalOf } from './goal.ts';
import type { Member } from './member.ts';
import { PlanChange } from './plan-change.ts';
import type { Assignment, RecordOptions, SyncRequest, SyncResponse } from './protocol.ts';
import type { RunSnapshot } from './snapshot.ts';
import { stopByVotes } from './stop-by-votes.ts';
import { takeSnapshot } from './take-snapshot.ts';
import { LAST_WORD_MS, TIMING, type Timing } from './timing.ts';
import { laneCount, workerCount } from './worker-count.ts';
import type { WorkerPool } from './worker-pool.ts';

export interface CoordinatorOptions {
  clock: Clock;
  pool: WorkerPool;
  /** Id of the run. */
  run: string;
  spec: RunSpec;
  content: Content;
  /** How many labels hits may ever be counted under, whatever contents come; default `MAX_LABELS`. */
  mostLabels?: number;
  /** Lanes of each worker; null: as many as its cores and its share of the rate ask for. */
  lanes: number | null;
  /** How long workers go on without an answer, where the spec does not say, in ms. */
  leaseMs: number;
  records: RecordOptions | null;
  timing?: Partial<Timing>;
  /** Takes messages for people, one line each. */
  note: (line: string) => void;
}

const KILL_AFTER_MS = 2000;
/** A successor started within this time of the end would come too late, in ms. */
const NO_SUCCESSOR_MS = 1000;

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
  readonly #course = new Course();
  readonly #crew: Crew;
  readonly #answers: Answers;
  readonly #planChange: PlanChange;
  readonly #contentChange: ContentChange;
  readonly #ended = Promise.withResolvers<RunSnapshot>();
  readonly #wallOffset: number;
  #spec: RunSpec;
  #lanes: number | null = null;
  #phase: RunSnapshot['phase'] = 'Preparing';
  #verdict: { verdict: Verdict; reason: string } | null = null;
  /** Clock times, in ms. */
  #createdAt: number;
  #stoppedAt: number | null = null;
  #finishedAt: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: CoordinatorOptions) {
    const { clock, pool, content, mostLabels = MAX_LABELS, note } = options;
    this.#options = options;
    this.#clock = clock;
    this.#timing = { ...TIMING, ...options.timing };
    this.#spec = options.spec;
    this.#wallOffset = clock.wall() - clock.now();
    this.#createdAt = clock.now();
    this.#crew = new Crew({
      clock,
      pool,
      labels: mostLabels,
      events: {
        failed: (member, reason) => this.stop('Failed', `${member.name}: ${reason}`),
        lost: (member, reason, before) => this.#noteLoss(member, reason, before),
        note,
        processEnded: () => this.#review(),
      },
    });
    this.#answers = new Answers({
      clock,
      wallOffset: this.#wallOffset,
      news: {
        holdMs: () => this.#holdMs,
        leaseMs: () => this.#leaseMs,
        assignment: (member) => this.#assignmentFor(member),
        dismissed: (member) => this.#dismisses(member),
      },
    });
    this.#planChange = new PlanChange(this.#course, this.#crew, this.#answers, this.#timing);
    this.#contentChange = new ContentChange(content, mostLabels);
  }

  /** Resolves with the final snapshot when the run has ended and all its processes are gone. */
  get ended(): Promise<RunSnapshot> {
    return this.#ended.promise;
  }

  /** What hits are made from, or will be at an instant that is named already. */
  get content(): Content {
    return this.#contentChange.current;
  }

  /** The text that workers fetch by its digest; null: none of them should want it any more. */
  contentOf(digest: string): Content | null {
    return this.#contentChange.find(digest);
  }

  start(): void {
    this.#createdAt = this.#clock.now();
    this.#crew.startMissing(this.#workers);
    this.#timer = setInterval(() => this.#review(), this.#timing.reviewMs);
  }

  /**
   * Replaces the hot fields of the spec while the run goes on. Exact to the hit: what was due before the joining instant
   * belongs to the old spec, the rest to the new one. Warm-up and start deadline stay as they were.
   */
  change(spec: RunSpec): void {
    const { warmupMs, startTimeoutMs } = this.#spec;
    this.#spec = { ...spec, warmupMs, startTimeoutMs };
    this.#answers.publish();
    this.#review();
  }

  /**
   * Makes another set of templates or targets current while the run goes on: a set that was checked. Once all workers
   * hold it ready, hits due from one instant on are made from it. One offered in the meantime takes its place.
   */
  offer(content: Content): void {
    if (this.#verdict !== null || !this.#contentChange.offer(content)) return;
    this.#answers.publish();
    this.#review();
  }

  /** A set that should have become current is none: the last good one goes on. @param reason one line, for people */
  refuse(reason: string): void {
    if (this.#verdict !== null || !this.#contentChange.refuse(reason)) return;
    this.#options.note(`${this.content.kind} were refused, the last good set goes on: ${reason}`);
    this.#answers.publish();
  }

  /**
   * The sources cannot be read: the last good set goes on.
   * @param reason one line, for people; null: they can be read again, and hold what is sent
   */
  trouble(reason: string | null): void {
    this.#contentChange.trouble(reason ?? '');
    if (reason === null) return;
    this.#options.note(
      `the sources of ${this.content.kind} cannot be read, the last good set goes on: ${reason}`,
    );
  }

  /** Ends the run: nothing more is sent, and what is in flight is given a second. */
  stop(verdict: Verdict, reason: string): void {
    if (this.#verdict !== null) return;
    this.#verdict = { verdict, reason };
    this.#stoppedAt = this.#clock.now();
    this.#phase = 'Draining';
    this.#crew.replaceNoMore();
    this.#answers.publish();
    this.#review();
  }

  /** Answers a worker: at once when there is something new for it, else after a while. */
  sync(request: SyncRequest): Promise<SyncResponse> {
    const member = request.run === this.#options.run ? this.#crew.find(request.worker) : null;
    if (member === null) return Promise.resolve(this.#answers.dismissal());
    this.#lanes ??= this.#options.lanes ?? laneCount(this.#spec, request.cores);
    const usable = this.#crew.hear(member, request);
    this.#review();
    return this.#answers.give(member, request, usable);
  }

  snapshot(): RunSnapshot {
    return takeSnapshot({
      run: this.#options.run,
      spec: this.#spec,
      content: this.#contentChange,
      phase: this.#phase,
      verdict: this.#verdict,
      course: this.#course,
      members: this.#crew.members,
      now: this.#stoppedAt ?? this.#clock.now(),
      finishedAt: this.#finishedAt,
      wallOffset: this.#wallOffset,
    });
  }

  // --- what is said to workers ---

  get #workers(): number {
    return workerCount(this.#spec);
  }

  get #leaseMs(): number {
    return this.#spec.workers.leaseMs ?? this.#options.leaseMs;
  }

  get #holdMs(): number {
    return this.#planChange.fenceMs === null ? this.#timing.holdMs : this.#timing.holdWhileChangingMs;
  }

  #assignmentFor(member: Member): Assignment {
    const spec = this.#spec;
    const course = this.#course;
    const { startAt } = course;
    return {
      version: this.#answers.version,
      content: this.#contentChange.order(),
      protocol: spec.protocol,
      lanes: this.#lanes ?? 1,
      workers: this.#workers,
      maxLagMs: spec.maxLagMs,
      warmupMs: spec.warmupMs,
      stopWhen: spec.stopWhen,
      afterLease: spec.workers.afterLease,
      records: this.#options.records,
      startAt: startAt === null ? null : startAt + this.#wallOffset,
      // A worker out of sight, behind its fence, may come back until its lease has run out.
      segments: course.recentSegments(this.#clock.now(), this.#leaseMs + spec.maxLagMs),
      endsAt: course.endsAtFor(member),
      fenceMs: this.#planChange.fenceMs,
      stop: this.#verdict !== null,
    };
  }

  /** One that leaves and has no hits to hand over can go at once. */
  #dismisses(member: Member): boolean {
    const isIdle = member.state === 'leaving' && !this.#course.hasServed(member);
    return isIdle || member.state === 'lost' || this.#phase === 'Ended';
  }

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
    const { startTimeoutMs } = this.#spec;
    for (const member of this.#crew.members) {
      if (!member.live) continue;
      if (member.answeredAt !== null && now - member.answeredAt > this.#leaseMs) {
        this.#crew.lose(member, `gave no sign of life for ${seconds(this.#leaseMs)}`);
      } else if (member.state === 'starting' && now - member.startedAt > startTimeoutMs) {
        if (this.#phase === 'Running')
          this.#crew.lose(member, `was not ready within ${seconds(startTimeoutMs)}`);
      }
    }
  }

  #noteLoss(member: Member, reason: string, before: Member['state']): void {
    if (this.#verdict !== null) return;
    this.#options.note(`${member.name} ${reason}`);
    if (before !== 'starting' && this.#spec.workers.onLoss === 'Stop' && this.#course.plan !== null) {
      this.stop('Failed', `${member.name} ${reason}, and workers.onLoss is Stop`);
    }
  }

  /** The members that shall send. */
  #wantedOwners(): Member[] {
    const holds = this.#spec.workers.onLoss === 'Hold';
    const keeps = (member: Member) => this.#course.owns(member) && (holds || member.state === 'leaving');
    return this.#crew.wanted(this.#workers, keeps);
  }

  #replaceMissing(): void {
    const { plan } = this.#course;
    const keepTrying = plan !== null && plan.durationMs === null;
    const reason = this.#crew.replaceMissing(this.#workers, keepTrying);
    if (reason !== null) this.stop('Failed', reason);
  }

  #reviewStart(now: number): void {
    this.#replaceMissing();
    if (this.#verdict !== null) return;
    if (this.#contentChange.isReady(this.#crew.speaking)) {
      this.#contentChange.swap(0);
      this.#answers.publish();
    }
    const ready = this.#wantedOwners();
    const { startTimeoutMs } = this.#spec;
    if (ready.length === this.#workers && ready.every((member) => member.able)) {
      this.#course.begin(now + this.#timing.leadMs, goalOf(this.#spec, this.content, ready));
      this.#phase = 'Running';
      this.#answers.publish();
    } else if (now - this.#createdAt > startTimeoutMs) {
      const missing = this.#crew.members
        .filter((member) => member.state === 'starting')
        .map((member) => `${member.name} is not ready${member.problem === '' ? '' : ` (${member.problem})`}`);
      const limit = seconds(startTimeoutMs);
      this.stop('Failed', `not all workers were ready within startTimeout (${limit}): ${missing.join(', ')}`);
    }
  }

  #reviewRun(now: number): void {
    const { members } = this.#crew;
    const { stopWhen } = this.#spec;
    const owning = members.filter((member) => this.#course.owns(member));
    if (stopWhen !== null) {
      // One that has done its part, or has stopped by itself, still has its say.
      const voting = owning.filter(({ state }) => state !== 'lost');
      const reason = stopByVotes(voting, stopWhen);
      if (reason !== null) return this.stop('StoppedByVotes', reason);
    }
    const runMs = now - this.#course.startAt!;
    const { endsAt } = this.#course.plan!;
    if (endsAt !== null && runMs >= endsAt) {
      const live = owning.filter((member) => member.live);
      const patienceMs = this.#spec.protocol.timeoutMs + this.#spec.maxLagMs + LAST_WORD_MS;
      if (live.length > 0 && runMs < endsAt + patienceMs) return;
      for (const member of live) this.#crew.lose(member, 'did not come to an end');
      return this.stop('Completed', 'all hits of the schedule are done');
    }
    if (endsAt === null || runMs <= endsAt - NO_SUCCESSOR_MS) this.#replaceMissing();
    if (this.#verdict === null) this.#reviewChange(now);
  }

  #reviewChange(now: number): void {
    const owners = this.#wantedOwners();
    if (owners.length === 0) return;
    const contents = this.#contentChange;
    const isReady = contents.isReady(this.#crew.speaking);
    const goal = goalOf(this.#spec, isReady ? contents.next! : contents.current, owners);
    const plan = this.#course.plan!;
    const { joinedAt } = plan;
    let isNews = this.#planChange.bring(goal, now);
    // Where the number of hits depends on the set, both change at one instant.
    if (isReady && plan.goal.hitLimit === goal.hitLimit) {
      const at = plan.joinedAt > joinedAt ? plan.joinedAt : now - this.#course.startAt! + this.#timing.leadMs;
      this.#swapAt(Math.ceil(at));
      isNews = true;
    }
    if (isNews) this.#answers.publish();
  }

  #swapAt(runMs: number): void {
    const contents = this.#contentChange;
    const from = contents.swap(runMs);
    const { kind, digest } = contents.current;
    this.#options.note(
      `${kind} have changed: from ${seconds(from)} on hits come from set ${digest.slice(0, 12)}`,
    );
  }

  #reviewEnd(now: number): void {
    const { speaking } = this.#crew;
    if (speaking.length > 0 && now - this.#stoppedAt! < LAST_WORD_MS) return;
    for (const member of speaking) this.#crew.lose(member, 'gave no last word');
    this.#finish(now);
  }

  #finish(now: number): void {
    this.#finishedAt = now;
    this.#phase = 'Ended';
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#answers.flush();
    const last = this.snapshot();
    this.#crew.disband(KILL_AFTER_MS).then(
      () => this.#ended.resolve(last),
      (error: unknown) => this.#ended.reject(error),
    );
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
