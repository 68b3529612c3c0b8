import type { RunSpec } from '../api/run-spec.ts';
import type { Clock } from '../attack/clock.ts';
import type { Verdict } from '../stop/verdict.ts';
import type { Content } from '../template/content.ts';
import { MAX_LABELS } from '../template/content.ts';
import { Answers } from './answers.ts';
import { ContentChange } from './content-change.ts';
import { Course } from './course.ts';
import { Crew } from './crew.ts';
import { WantedGoal } from './goal.ts';
import type { Member } from './member.ts';
import { NotServing } from './not-serving.ts';
import { PlanChange } from './plan-change.ts';
import {
  type Assignment,
  type Finding,
  isNewer,
  type RecordOptions,
  type ScoutingOrder,
  type SyncRequest,
  type SyncResponse,
} from './protocol.ts';
import { rollOn } from './rolling.ts';
import { RunMemory } from './run-memory.ts';
import { type CourseRecord, RECORD_FORMAT, type RunRecord, type RunStore } from './run-record.ts';
import { Scouting } from './scouting.ts';
import type { RunOutline, RunSnapshot } from './snapshot.ts';
import { missingContent, missingMemory, missingWorkers } from './start-failure.ts';
import { stopByVotes } from './stop-by-votes.ts';
import { takeSnapshot } from './take-snapshot.ts';
import { tidy } from './tidy.ts';
import { LAST_WORD_MS, TIMING, type Timing } from './timing.ts';
import { laneCount, workerCount } from './worker-count.ts';
import type { PoolWorker, WorkerPool } from './worker-pool.ts';

export interface CoordinatorOptions {
  clock: Clock;
  pool: WorkerPool;
  /** Id of the run. */
  run: string;
  spec: RunSpec;
  /** null: a worker is to find it, see `lookAt`, or it is one that workers hold already. */
  content: Content | null;
  /** How many labels hits may ever be counted under, whatever contents come; default `MAX_LABELS`. */
  mostLabels?: number;
  /** Lanes of each worker; null: as many as its cores and its share of the rate ask for. */
  lanes: number | null;
  /** How long workers go on without an answer, where the spec does not say, in ms. */
  leaseMs: number;
  records: RecordOptions | null;
  /** Where the run is remembered; null (the default): nowhere, it ends with this process. */
  store?: RunStore | null;
  /** Grows with every coordinator of a run; default 1. */
  epoch?: number;
  /** What an earlier coordinator of this run has left; null (the default): there was none. */
  restored?: RunRecord | null;
  timing?: Partial<Timing>;
  /** Takes messages for people, one line each. */
  note: (line: string) => void;
}

const KILL_AFTER_MS = 2000;
/** A successor started within this time of the end would come too late, in ms. */
const NO_SUCCESSOR_MS = 1000;
/** Goodbyes of so long are saved together, in ms. */
const GOODBYES_MS = 50;
/** How long workers may take to find a coordinator that took another's place, in ms. */
const RETURN_MS = 15_000;
const TIDY_MS = 1000;
/** How long the run may take to be left in good order, and how often that is looked at, in ms. */
const RETIRE_MS = 2000;
const RETIRE_STEP_MS = 20;

/**
 * Brings one run to its end: starts workers, lets them begin together, gives them the plan, moves shares when workers
 * come and go, merges what they count, and decides the verdict.
 *
 * Level-triggered: `#review` looks at the whole state and does what is next; it is called after every event and from
 * time to time. Nothing is done in answer to one particular message.
 *
 * A run outlives its coordinator (`docs/decisions/0019-a-run-outlives-its-coordinator.md`): what workers may act on is
 * saved before any of them hears of it, and another coordinator goes on from there.
 */
export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #epoch: number;
  readonly #course = new Course();
  readonly #crew: Crew;
  readonly #answers: Answers;
  readonly #planChange: PlanChange;
  readonly #contentChange: ContentChange;
  readonly #wanted = new WantedGoal();
  readonly #scouting: Scouting;
  readonly #memory: RunMemory;
  readonly #ended = Promise.withResolvers<RunSnapshot>();
  readonly #wallOffset: number;
  #spec: RunSpec;
  #lanes: number | null = null;
  #phase: RunSnapshot['phase'] = 'Preparing';
  #verdict: { verdict: Verdict; reason: string } | null = null;
  /** A course of which it is not known whether any worker has heard; null: there is none. */
  #uncertain: CourseRecord | null = null;
  /** What is intended is being saved, to be named then. */
  #naming = false;
  /** This coordinator is written down as the one of the run: until then, workers hear nothing new from it. */
  #claimed: boolean;
  /** Another process is about to take the run over. */
  #retiring = false;
  #abandoned = false;
  /** Clock times, in ms. */
  #createdAt: number;
  readonly #restoredAt: number;
  #stoppedAt: number | null = null;
  #finishedAt: number | null = null;
  #tidiedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: CoordinatorOptions) {
    const { clock, pool, content, mostLabels = MAX_LABELS, note, epoch = 1, restored = null } = options;
    this.#options = options;
    this.#clock = clock;
    this.#timing = { ...TIMING, ...options.timing };
    this.#epoch = epoch;
    this.#spec = options.spec;
    this.#wallOffset = clock.wall() - clock.now();
    this.#createdAt = clock.now();
    this.#claimed = restored === null;
    this.#restoredAt = restored === null ? Number.NEGATIVE_INFINITY : clock.now();
    this.#contentChange =
      restored === null
        ? new ContentChange(content, mostLabels)
        : ContentChange.of(restored.content, content);
    this.#scouting = new Scouting(this.#contentChange, epoch);
    this.#memory = new RunMemory({
      clock,
      store: options.store ?? null,
      record: () => this.#record(),
      changed: () => this.#review(),
      note,
    });
    this.#crew = new Crew({
      clock,
      wallOffset: this.#wallOffset,
      pool,
      labels: this.#contentChange.labels.most,
      adopts: epoch > 1,
      events: {
        isOver: (member) => this.#course.plan !== null && !this.#course.owns(member),
        failed: (member, reason) => this.stop('Failed', `${member.name}: ${reason}`),
        lost: (member, reason, before) => this.#noteLoss(member, reason, before),
        ended: (member) => this.#saveGoodbye(member),
        note,
        changed: () => this.#memory.touch(),
        processEnded: () => this.#review(),
      },
    });
    this.#answers = new Answers({
      clock,
      epoch,
      wallOffset: this.#wallOffset,
      news: {
        holdMs: () => this.#holdMs,
        leaseMs: () => this.#leaseMs,
        tells: () => this.#claimed || this.#verdict !== null,
        assignment: (member) => this.#assignmentFor(member),
        dismissed: (member) => this.#dismisses(member),
        holdsBack: () => this.#holdsBack,
        scouting: (member) => this.#scouting.orderFor(member),
        wanted: (member) => this.#scouting.wantedOf(member, this.#crew.members),
      },
    });
    this.#planChange = new PlanChange(this.#course, this.#crew, this.#answers, this.#timing);
    if (restored !== null) this.#restore(restored);
  }

  /** Resolves with the final snapshot when the run has ended and all its processes are gone. */
  get ended(): Promise<RunSnapshot> {
    return this.#ended.promise;
  }

  /** Digest of what hits are made from, or will be at an instant that is named already; null: there is nothing yet. */
  get digest(): string | null {
    return this.#contentChange.current?.digest ?? null;
  }

  /** The text that workers fetch by its digest; null: none of them should want it any more, or it is not here yet. */
  contentOf(digest: string): Content | null {
    return this.#contentChange.find(digest);
  }

  /** Where a scouting worker is to look; null: the digest is not that of the newest order. */
  scoutingOf(digest: string): ScoutingOrder | null {
    return this.#scouting.find(digest);
  }

  start(): void {
    this.#timer = setInterval(() => this.#review(), this.#timing.reviewMs);
    if (this.#claimed) {
      this.#createdAt = this.#clock.now();
      this.#crew.startMissing(this.#workers);
      this.#memory.touch();
    } else {
      this.#memory.save(() => {
        this.#claimed = true;
        this.#answers.publish();
      });
      this.#crew.adopt();
    }
    this.#review();
  }

  /**
   * Leaves the run, which goes on, to another process in good order: begins no change any more, gives up one that is
   * being prepared, and abandons the run when all is saved and all workers have heard it, or 2 s later.
   */
  async retire(): Promise<void> {
    this.#retiring = true;
    this.#review();
    let isSaved = false;
    this.#memory.save(() => {
      isSaved = true;
    });
    const until = this.#clock.now() + RETIRE_MS;
    const isDone = (): boolean => isSaved && !this.#naming && this.#isHeard;
    while (!isDone() && this.#clock.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, RETIRE_STEP_MS));
    }
    this.abandon();
  }

  /** Forgets the run, which goes on: another process coordinates it from now on. Workers hear nothing of it. */
  abandon(): void {
    this.#abandoned = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#memory.close();
    this.#crew.close();
    this.#answers.close();
  }

  /**
   * Replaces the hot fields of the spec while the run goes on. Exact to the hit: what was due before the joining instant
   * belongs to the old spec, the rest to the new one. Warm-up and start deadline stay as they were; another protocol holds
   * for workers that are started afterwards, see `roll`.
   */
  change(spec: RunSpec): void {
    const { warmupMs, startTimeoutMs, samples } = this.#spec;
    this.#spec = { ...spec, warmupMs, startTimeoutMs, samples };
    this.#answers.publish();
    this.#review();
  }

  /**
   * Replaces workers, one after another while hits are due: a successor takes over before the old one leaves. What an
   * earlier call had begun is begun anew. @param keep those that may stay; left out: none
   */
  roll(keep: (worker: PoolWorker) => boolean = () => false): void {
    let changed = false;
    for (const member of this.#crew.members) {
      const outdated = member.live && !keep(member.worker);
      changed ||= outdated !== member.outdated;
      member.outdated = outdated;
    }
    if (!changed) return;
    this.#memory.save(() => {});
    this.#review();
  }

  /** Has a worker look for what is sent, as long as no later order comes. */
  lookAt(order: ScoutingOrder): void {
    if (this.#timer !== null) this.#review();
    if (this.#scouting.lookAt(order)) this.#answers.flush();
  }

  /**
   * Takes what a worker has found.
   * @throws NotServing when another coordinator has the run
   */
  finding(finding: Finding): void {
    if (this.#abandoned) throw new NotServing();
    const member = finding.run === this.#options.run ? this.#crew.find(finding.worker) : null;
    if (member === null) return;
    if (finding.kind === 'kept') {
      if (this.#contentChange.keep(finding.content)) this.#review();
      return;
    }
    if (finding.order !== this.#scouting.digest) return;
    if (finding.kind === 'offered') this.offer(finding.content);
    else if (finding.kind === 'refused') this.refuse(finding.reason);
    else this.trouble(finding.reason);
  }

  /**
   * Makes another set of templates or targets current while the run goes on: a set that was checked. Once all workers
   * hold it ready, hits due from one instant on are made from it. One offered in the meantime takes its place.
   */
  offer(content: Content): void {
    if (this.#verdict !== null || !this.#contentChange.offer(content)) return;
    this.#memory.save(() => {});
    this.#answers.publish();
    this.#review();
  }

  /** A set that should have become current is none: the last good one goes on. @param reason one line, for people */
  refuse(reason: string): void {
    if (this.#verdict !== null || !this.#contentChange.refuse(reason)) return;
    this.#options.note(`${this.#spec.source.kind} were refused, ${this.#goesOn}: ${reason}`);
    this.#memory.touch();
    this.#answers.publish();
  }

  /**
   * The sources cannot be read: the last good set goes on.
   * @param reason one line, for people; null: they can be read again, and hold what is sent
   */
  trouble(reason: string | null): void {
    this.#contentChange.trouble(reason ?? '');
    if (reason === null) return;
    this.#options.note(`the sources of ${this.#spec.source.kind} cannot be read, ${this.#goesOn}: ${reason}`);
  }

  /** Ends the run: nothing more is sent, and what is in flight is given a second. Workers are told at once. */
  stop(verdict: Verdict, reason: string): void {
    if (this.#verdict !== null) return;
    this.#verdict = { verdict, reason };
    this.#stoppedAt = this.#clock.now();
    this.#phase = 'Draining';
    if (this.#uncertain !== null) this.#holdStart();
    this.#course.drop();
    this.#contentChange.drop();
    this.#naming = false;
    this.#crew.replaceNoMore();
    this.#answers.publish();
    this.#memory.save(() => {});
    this.#review();
  }

  /**
   * Answers a worker: at once when there is something new for it, else after a while.
   * @throws NotServing when another coordinator has the run
   */
  async sync(request: SyncRequest): Promise<SyncResponse> {
    if (this.#abandoned) throw new NotServing();
    const member = request.run === this.#options.run ? this.#crew.find(request.worker) : null;
    if (member === null) return this.#answers.dismissal();
    this.#lanes ??= this.#options.lanes ?? laneCount(this.#spec, request.cores);
    const before = standing(member);
    const { received, acknowledged } = member;
    const usable = this.#crew.hear(member, request);
    const isNews = received !== member.received || acknowledged !== member.acknowledged;
    if (standing(member) !== before || (isNews && this.#awaitsNoMore)) this.#review();
    return this.#answers.give(member, request, usable);
  }

  /** What decides what people are told of the run, without its counts: cheap enough to be asked for often. */
  outline(): RunOutline {
    const { plan, startAt } = this.#course;
    const newest = Array.from({ length: this.#workers }, (_, index) => this.#crew.newest(index));
    const able = this.#crew.members.filter((member) => member.able);
    return {
      // A start that may have been heard is taken for one that was, until it is known that it was not.
      phase: this.#uncertain === null ? this.#phase : 'Running',
      reason: this.#verdict?.reason ?? '',
      suspended: plan?.suspendedAt(this.#course.runMs(this.#clock.now())) ?? this.#spec.suspend,
      startedAt: startAt === null ? (this.#uncertain?.startAt ?? null) : startAt + this.#wallOffset,
      digest: this.digest,
      contentError: this.#contentChange.lastError,
      restoring: this.#uncertain !== null,
      saveError: this.#memory.trouble,
      complete: this.#crew.members.every(
        ({ live, heard, incarnation }) => !live || heard || incarnation === null,
      ),
      ready: new Set(able.map(({ worker }) => worker.index)).size,
      missing: newest.flatMap((member) =>
        member === undefined || member.able || member.state === 'leaving' ? [] : [member.worker],
      ),
    };
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
      base: this.#crew.base,
      now: this.#stoppedAt ?? this.#clock.now(),
      finishedAt: this.#finishedAt,
      wallOffset: this.#wallOffset,
    });
  }

  /** What workers have taken over may decide what is next: not while a change waits for others among many. */
  get #awaitsNoMore(): boolean {
    return this.#phase !== 'Running' || this.#planChange.isTaken;
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

  /**
   * An answer moves a worker's fence on: not beyond an instant of which it is to hear, and none that an earlier
   * coordinator may have saved.
   */
  get #holdsBack(): boolean {
    if (this.#verdict !== null) return false;
    return !this.#claimed || this.#planChange.holdsBack(this.#clock.now());
  }

  /** Whether no worker stands behind a fence, as far as they have told. */
  get #isHeard(): boolean {
    const { version } = this.#answers;
    return this.#crew.speaking.every(({ acknowledged }) => !isNewer(version, acknowledged));
  }

  get #goesOn(): string {
    return this.#contentChange.current === null ? 'and there is none yet' : 'the last good set goes on';
  }

  /** How long a worker may be out of sight, behind its fence, and come back, in ms. */
  get #silentMs(): number {
    return this.#leaseMs + this.#spec.maxLagMs;
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
      samples: spec.samples,
      startAt: startAt === null ? null : startAt + this.#wallOffset,
      segments: course.segmentsFor(member, this.#clock.now(), this.#silentMs),
      endsAt: course.endsAtFor(member),
      fenceMs: this.#planChange.fenceMs,
      stop: this.#verdict !== null,
    };
  }

  /** One that leaves and has no hits to hand over can go at once. */
  #dismisses(member: Member): boolean {
    const isIdle = member.state === 'leaving' && !this.#course.concerns(member) && this.#uncertain === null;
    return isIdle || member.state === 'lost' || this.#phase === 'Ended';
  }

  // --- what is remembered ---

  #record(): RunRecord {
    const offset = this.#wallOffset;
    const { warmupMs, startTimeoutMs } = this.#spec;
    const verdict = this.#verdict && { ...this.#verdict, stoppedAt: this.#stoppedAt! + offset };
    return {
      format: RECORD_FORMAT,
      run: this.#options.run,
      epoch: this.#epoch,
      createdAt: this.#createdAt + offset,
      warmupMs,
      startTimeoutMs,
      lanes: this.#lanes,
      course: this.#uncertain ?? this.#course.record(offset),
      content: this.#contentChange.record(),
      ...this.#crew.record(),
      past: this.#crew.base.past,
      base: this.#crew.base.record(),
      verdict,
      finishedAt: this.#finishedAt === null ? null : this.#finishedAt + offset,
    };
  }

  #restore(record: RunRecord): void {
    if (record.format !== RECORD_FORMAT) {
      throw new RangeError(`the run's record has format ${record.format}, where ${RECORD_FORMAT} is known`);
    }
    if (record.epoch >= this.#epoch) {
      throw new RangeError(`epoch ${this.#epoch} is not above ${record.epoch}, which the run's record has`);
    }
    const offset = this.#wallOffset;
    const { warmupMs, startTimeoutMs, verdict, course, members } = record;
    this.#spec = { ...this.#spec, warmupMs, startTimeoutMs };
    this.#createdAt = record.createdAt - offset;
    this.#lanes = record.lanes;
    this.#crew.base.restore(record.base, record.past);
    this.#crew.restore(members, record.replacements);
    if (course !== null) {
      this.#uncertain = course;
      // Once a worker has begun, or the course has changed, the start was heard.
      const owners = members.filter(({ incarnation }) => course.incarnations.includes(incarnation ?? ''));
      const isReady = owners.every(({ state }) => state === 'starting' || state === 'ready');
      if (course.parts.length > 1 || !isReady || verdict !== null) this.#holdStart();
    }
    if (verdict !== null) {
      this.#verdict = { verdict: verdict.verdict, reason: verdict.reason };
      this.#stoppedAt = verdict.stoppedAt - offset;
      this.#phase = 'Draining';
      this.#crew.replaceNoMore();
    }
  }

  #saveGoodbye(member: Member): void {
    this.#memory.save(() => {
      member.saved = true;
      this.#answers.flush(member);
    }, GOODBYES_MS);
  }

  // --- what is next ---

  #review(): void {
    if (this.#phase === 'Ended' || this.#abandoned) return;
    const now = this.#clock.now();
    this.#endLeases(now);
    const scout = this.#scouting.choose(this.#crew.members);
    if (this.#scouting.forgetLost(this.#crew.members)) this.#answers.publish();
    else if (scout !== null) this.#answers.flush(scout);
    if (this.#phase === 'Preparing') this.#reviewStart(now);
    if (this.#phase === 'Running') this.#reviewRun(now);
    if (this.#phase === 'Draining') this.#reviewEnd(now);
    if (now - this.#tidiedAt < TIDY_MS) return;
    this.#tidiedAt = now;
    tidy(this.#course, this.#crew, this.#stoppedAt ?? now, this.#silentMs);
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
    this.#memory.touch();
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
    if (this.#uncertain !== null) return this.#reviewUncertainStart();
    if (this.#naming) return;
    for (const member of this.#crew.members.filter(({ live, outdated }) => live && outdated)) {
      this.#crew.discard(member, KILL_AFTER_MS);
    }
    this.#replaceMissing();
    if (this.#verdict !== null) return;
    if (this.#contentChange.isReady(this.#crew.speaking)) {
      this.#contentChange.intend(0);
      this.#contentChange.swap();
      this.#answers.publish();
    }
    const ready = this.#wantedOwners();
    const card = this.#contentChange.current;
    const allReady = card !== null && ready.length === this.#workers && ready.every((member) => member.able);
    if (allReady && !this.#memory.failing) {
      if (this.#retiring) return;
      const startAt = now + this.#timing.leadMs + this.#memory.roomMs;
      this.#course.intendStart(startAt, this.#wanted.of(this.#spec, card, ready));
      this.#name();
    } else if (now - this.#createdAt > this.#spec.startTimeoutMs) {
      const { startTimeoutMs, source } = this.#spec;
      const reason =
        missingContent(this.#contentChange, source.kind) ??
        missingMemory(this.#memory) ??
        missingWorkers(this.#crew, this.#workers, this.#options.pool);
      this.stop('Failed', `${reason.what} within startTimeout (${seconds(startTimeoutMs)}): ${reason.why}`);
    }
  }

  /**
   * The start was about to be named when the last coordinator ended. It holds if a worker may have heard of it. None has,
   * if each has taken an assignment of this coordinator over and is still waiting: it hears no earlier one any more.
   */
  #reviewUncertainStart(): void {
    const { incarnations } = this.#uncertain!;
    const owners = this.#crew.members.filter(({ incarnation }) => incarnations.includes(incarnation ?? ''));
    const waits = ({ state }: Member) => state === 'ready' || state === 'starting';
    if (owners.length < incarnations.length || !owners.every(waits)) {
      this.#holdStart();
      this.#answers.publish();
    } else if (owners.every(({ received }) => received?.epoch === this.#epoch)) {
      this.#uncertain = null;
    }
  }

  #holdStart(): void {
    this.#course.restore(this.#uncertain!, this.#wallOffset);
    this.#uncertain = null;
    if (this.#verdict === null) this.#phase = 'Running';
  }

  #reviewRun(now: number): void {
    const { stopWhen } = this.#spec;
    if (stopWhen !== null) {
      // One that has done its part, or has stopped by itself, still has its say.
      const voting = this.#crew.members.filter(
        (member) => this.#course.owns(member) && member.state !== 'lost',
      );
      const reason = stopByVotes(voting, stopWhen);
      if (reason !== null) return this.stop('StoppedByVotes', reason);
    }
    const runMs = now - this.#course.startAt!;
    const { endsAt } = this.#course.plan!;
    // Before an instant that is being saved, workers stand still: they are not at their end.
    if (endsAt !== null && runMs >= endsAt && this.#course.intendedAt === null) {
      // Who has handed its share over may not have come to the end of its part.
      const live = this.#crew.members.filter((member) => member.live && this.#course.hasServed(member));
      const patienceMs = this.#spec.protocol.timeoutMs + this.#spec.maxLagMs + LAST_WORD_MS;
      if (live.length > 0 && this.#since(this.#course.startAt! + endsAt, now) < patienceMs) return;
      for (const member of live) this.#crew.lose(member, 'did not come to an end');
      return this.stop('Completed', 'all hits of the schedule are done');
    }
    if (endsAt === null || runMs <= endsAt - NO_SUCCESSOR_MS) {
      this.#replaceMissing();
      if (this.#verdict === null) rollOn(this.#course, this.#crew, this.#workers, KILL_AFTER_MS);
    }
    if (this.#verdict === null && !this.#naming) this.#reviewChange(now);
  }

  #reviewChange(now: number): void {
    const owners = this.#wantedOwners();
    const contents = this.#contentChange;
    if (owners.length === 0 || contents.current === null) return;
    if (this.#memory.failing || this.#retiring) {
      if (this.#planChange.giveUp() === 'news') this.#answers.publish();
      return;
    }
    const roomMs = this.#memory.idle ? this.#memory.roomMs : null;
    const isReady = contents.isReady(this.#crew.speaking);
    const goal = this.#wanted.of(this.#spec, isReady ? contents.next! : contents.current, owners);
    const plan = this.#course.plan!;
    const step = this.#planChange.bring(goal, now, roomMs);
    // Where the number of hits depends on the set, both change at one instant.
    const joins = step === 'intended' ? this.#course.intendedAt! - this.#course.startAt! : null;
    const isSwap = isReady && (joins !== null || plan.goal.hitLimit === goal.hitLimit);
    if (isSwap && roomMs !== null) {
      const at = joins ?? now - this.#course.startAt! + this.#timing.leadMs + roomMs;
      contents.intend(Math.ceil(at));
    }
    if (step === 'intended' || (isSwap && roomMs !== null)) this.#name();
    else if (step === 'news') this.#answers.publish();
  }

  // --- naming instants: what workers may act on is saved before any of them hears of it ---

  #name(): void {
    this.#naming = true;
    this.#memory.save(() => {
      if (this.#naming) this.#named();
    });
  }

  #named(): void {
    const contents = this.#contentChange;
    const course = this.#course;
    this.#naming = false;
    if (this.#phase === 'Preparing') {
      // Nobody has heard of it: where it took too long, another is named.
      if (course.intendedAt! - this.#clock.now() < this.#timing.leadMs / 2) return course.drop();
      this.#phase = 'Running';
    }
    const hasJoin = course.intendedAt !== null;
    course.name();
    if (hasJoin) this.#planChange.done();
    if (contents.swap()) {
      const { kind, digest } = contents.current!;
      const from = seconds(contents.order().from);
      this.#options.note(`${kind} have changed: from ${from} on hits come from set ${digest.slice(0, 12)}`);
    }
    this.#answers.publish();
  }

  // --- the end ---

  /** How long ago something was, in ms; for what workers are to answer, not before they can have found this coordinator. */
  #since(at: number, now: number): number {
    return now - Math.max(at, this.#restoredAt + RETURN_MS);
  }

  #reviewEnd(now: number): void {
    const { speaking, members } = this.#crew;
    const isUnsaved = members.some(({ state, saved }) => state === 'ended' && !saved);
    if ((speaking.length > 0 || isUnsaved) && this.#since(this.#stoppedAt!, now) < LAST_WORD_MS) return;
    for (const member of speaking) this.#crew.lose(member, 'gave no last word');
    this.#finish(now);
  }

  #finish(now: number): void {
    this.#finishedAt ??= now;
    this.#phase = 'Ended';
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#memory.save(() => {});
    this.#answers.flush();
    const last = this.snapshot();
    this.#crew.disband(KILL_AFTER_MS).then(
      () => {
        this.#memory.close();
        this.#ended.resolve(last);
      },
      (error: unknown) => this.#ended.reject(error),
    );
  }
}

/** What of a member decides what is next, besides the assignment that it has. */
function standing({ state, lanes, content, votes, wantsStop, heard }: Member): string {
  return `${state} ${lanes} ${content.prepared} ${content.running} ${votes} ${wantsStop} ${heard}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
