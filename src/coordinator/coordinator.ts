import type { RunSpec } from '../api/run-spec.ts';
import type { Verdict } from '../stop/verdict.ts';
import type { Content } from '../template/content.ts';
import { Answers } from './answers.ts';
import { ContentIntake } from './content/content-intake.ts';
import { Scouting } from './content/scouting.ts';
import { PlanChange } from './course/plan-change.ts';
import type { Member } from './crew/member.ts';
import { outdate } from './crew/rolling.ts';
import { inGoodOrder } from './handing-over.ts';
import { Naming } from './naming.ts';
import { NotServing } from './not-serving.ts';
import { Changes } from './phases/changes.ts';
import { drain } from './phases/draining.ts';
import { endLeases } from './phases/leases.ts';
import { Preparing } from './phases/preparing.ts';
import { Running } from './phases/running.ts';
import {
  type Finding,
  type RecordOptions,
  type ScoutingOrder,
  type SyncRequest,
  type SyncResponse,
} from './protocol.ts';
import type { Ending } from './run/life.ts';
import { Run, type RunOptions } from './run/run.ts';
import { takeOutline } from './run/take-outline.ts';
import { takeSnapshot } from './run/take-snapshot.ts';
import { Tidying } from './run/tidying.ts';
import { RunMemory } from './run-memory.ts';
import { RunNews } from './run-news.ts';
import type { RunStore } from './run-record.ts';
import type { RunOutline, RunSnapshot } from './snapshot.ts';
import { Tenure } from './tenure.ts';
import { KILL_AFTER_MS, TIMING, type Timing } from './timing.ts';
import type { PoolWorker } from './worker-pool.ts';

export interface CoordinatorOptions extends RunOptions {
  records: RecordOptions | null;
  /** Where the run is remembered; null (the default): nowhere, it ends with this process. */
  store?: RunStore | null;
  timing?: Partial<Timing>;
  /** Takes messages for people, one line each. */
  note: (line: string) => void;
}

/** Goodbyes of so long are saved together, in ms. */
const GOODBYES_MS = 50;

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
  readonly #note: (line: string) => void;
  readonly #reviewMs: number;
  readonly #run: Run;
  readonly #tenure: Tenure;
  readonly #memory: RunMemory;
  readonly #scouting: Scouting;
  readonly #planChange: PlanChange;
  readonly #answers: Answers;
  readonly #naming: Naming;
  readonly #intake: ContentIntake;
  readonly #preparing: Preparing;
  readonly #running: Running;
  readonly #tidying: Tidying;
  readonly #ended = Promise.withResolvers<RunSnapshot>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: CoordinatorOptions) {
    const { clock, pool, records, store = null, restored = null, note } = options;
    const timing = { ...TIMING, ...options.timing };
    const { leadMs } = timing;
    const changed = (): void => this.#review();
    const run = new Run(options, {
      failed: (member, reason) => this.stop('Failed', `${member.name}: ${reason}`),
      lost: (member, reason, before) => this.#noteLoss(member, reason, before),
      ended: (member) => this.#saveGoodbye(member),
      note,
      changed: () => memory.touch(),
      processEnded: changed,
    });
    const tenure = new Tenure(run.epoch, restored === null ? null : clock.now());
    const memory = new RunMemory({ clock, store, record: () => run.record(), changed, note });
    const scouting = new Scouting(run.content, run.epoch);
    const planChange = new PlanChange(run.course, run.crew, timing);
    const news = new RunNews({ run, tenure, planChange, scouting, records, timing });
    const answers = new Answers({ clock, epoch: run.epoch, wallOffset: run.wallOffset, news });
    const naming = new Naming({ run, memory, answers, planChange, leadMs, note });
    const changes = new Changes({ run, tenure, naming, planChange, memory, answers, leadMs });
    this.#note = note;
    this.#reviewMs = timing.reviewMs;
    this.#run = run;
    this.#tenure = tenure;
    this.#memory = memory;
    this.#scouting = scouting;
    this.#planChange = planChange;
    this.#answers = answers;
    this.#naming = naming;
    this.#intake = new ContentIntake({ run, scouting, memory, answers, changed, note });
    this.#preparing = new Preparing({ run, tenure, naming, memory, answers, pool, leadMs });
    this.#running = new Running({ run, tenure, changes });
    this.#tidying = new Tidying(run);
  }

  /** Resolves with the final snapshot when the run has ended and all its processes are gone. */
  get ended(): Promise<RunSnapshot> {
    return this.#ended.promise;
  }

  /** Digest of what hits are made from, or will be at an instant that is named already; null: there is nothing yet. */
  get digest(): string | null {
    return this.#run.content.current?.digest ?? null;
  }

  /** The text that workers fetch by its digest; null: none of them should want it any more, or it is not here yet. */
  contentOf(digest: string): Content | null {
    return this.#run.content.find(digest);
  }

  /** Where a scouting worker is to look; null: the digest is not that of the newest order. */
  scoutingOf(digest: string): ScoutingOrder | null {
    return this.#scouting.find(digest);
  }

  start(): void {
    this.#timer = setInterval(() => this.#review(), this.#reviewMs);
    const { clock, life, crew, terms } = this.#run;
    if (this.#tenure.isClaimed) {
      life.create(clock.now());
      crew.startMissing(terms.workers);
      this.#memory.touch();
    } else {
      this.#memory.save(() => {
        this.#tenure.claim();
        this.#answers.publish();
      });
      crew.adopt();
    }
    this.#review();
  }

  /**
   * Leaves the run, which goes on, to another process in good order: begins no change any more, gives up one that is
   * being prepared, and abandons the run when all is saved and all workers have heard it, or 2 s later.
   */
  async retire(): Promise<void> {
    this.#tenure.retire();
    this.#review();
    await inGoodOrder(this.#run, this.#memory, this.#naming, this.#answers);
    this.abandon();
  }

  /** Forgets the run, which goes on: another process coordinates it from now on. Workers hear nothing of it. */
  abandon(): void {
    this.#tenure.end();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#memory.close();
    this.#run.crew.close();
    this.#answers.close();
  }

  /**
   * Replaces the hot fields of the spec while the run goes on. Exact to the hit: what was due before the joining instant
   * belongs to the old spec, the rest to the new one. Warm-up and start deadline stay as they were; another protocol holds
   * for workers that are started afterwards, see `roll`.
   */
  change(spec: RunSpec): void {
    this.#run.terms.change(spec);
    this.#answers.publish();
    this.#review();
  }

  /**
   * Replaces workers, one after another while hits are due: a successor takes over before the old one leaves. What an
   * earlier call had begun is begun anew. @param keep those that may stay; left out: none
   */
  roll(keep: (worker: PoolWorker) => boolean = () => false): void {
    if (!outdate(this.#run.crew.members, keep)) return;
    this.#memory.save(() => {});
    this.#review();
  }

  /** Has a worker look for what is sent, as long as no later order comes. */
  lookAt(order: ScoutingOrder): void {
    if (this.#timer !== null) this.#review();
    this.#intake.lookAt(order);
  }

  /**
   * Takes what a worker has found.
   * @throws NotServing when another coordinator has the run
   */
  finding(finding: Finding): void {
    if (this.#tenure.isOver) throw new NotServing();
    if (this.#memberOf(finding) !== null) this.#intake.take(finding);
  }

  /**
   * Makes another set of templates or targets current while the run goes on: a set that was checked. Once all workers
   * hold it ready, hits due from one instant on are made from it. One offered in the meantime takes its place.
   */
  offer(content: Content): void {
    this.#intake.offer(content);
  }

  /** A set that should have become current is none: the last good one goes on. @param reason one line, for people */
  refuse(reason: string): void {
    this.#intake.refuse(reason);
  }

  /**
   * The sources cannot be read: the last good set goes on.
   * @param reason one line, for people; null: they can be read again, and hold what is sent
   */
  trouble(reason: string | null): void {
    this.#intake.trouble(reason);
  }

  /** Ends the run: nothing more is sent, and what is in flight is given a second. Workers are told at once. */
  stop(verdict: Verdict, reason: string): void {
    if (!this.#run.stop({ verdict, reason })) return;
    this.#naming.drop();
    this.#answers.publish();
    this.#memory.save(() => {});
    this.#review();
  }

  /**
   * Answers a worker: at once when there is something new for it, else after a while.
   * @throws NotServing when another coordinator has the run
   */
  async sync(request: SyncRequest): Promise<SyncResponse> {
    if (this.#tenure.isOver) throw new NotServing();
    const member = this.#memberOf(request);
    if (member === null) return this.#answers.dismissal();
    this.#run.terms.countLanes(request.cores);
    const before = standing(member);
    const { received, acknowledged } = member;
    const usable = this.#run.crew.hear(member, request);
    const isNews = received !== member.received || acknowledged !== member.acknowledged;
    if (standing(member) !== before || (isNews && this.#awaitsNoMore)) this.#review();
    return this.#answers.give(member, request, usable);
  }

  /** What decides what people are told of the run, without its counts: cheap enough to be asked for often. */
  outline(): RunOutline {
    return takeOutline(this.#run, this.#memory.trouble);
  }

  snapshot(): RunSnapshot {
    return takeSnapshot(this.#run);
  }

  /** null: it is none of this run, or not any more. */
  #memberOf({ run, worker }: Pick<SyncRequest, 'run' | 'worker'>): Member | null {
    return run === this.#run.id ? this.#run.crew.find(worker) : null;
  }

  /** What workers have taken over may decide what is next: not while a change waits for others among many. */
  get #awaitsNoMore(): boolean {
    return this.#run.life.phase !== 'Running' || this.#planChange.isTaken;
  }

  #noteLoss(member: Member, reason: string, before: Member['state']): void {
    const { life, spec, course } = this.#run;
    this.#memory.touch();
    if (life.ending !== null) return;
    this.#note(`${member.name} ${reason}`);
    if (before !== 'starting' && spec.workers.onLoss === 'Stop' && course.plan !== null) {
      this.stop('Failed', `${member.name} ${reason}, and workers.onLoss is Stop`);
    }
  }

  #saveGoodbye(member: Member): void {
    this.#memory.save(() => {
      member.saved = true;
      this.#answers.flush(member);
    }, GOODBYES_MS);
  }

  #review(): void {
    const run = this.#run;
    const { life } = run;
    if (life.phase === 'Ended' || this.#tenure.isOver) return;
    const now = run.clock.now();
    endLeases(run, now);
    this.#intake.review();
    if (life.phase === 'Preparing') this.#stopFor(this.#preparing.review(now));
    if (life.phase === 'Running') this.#stopFor(this.#running.review(now));
    if (life.phase === 'Draining' && drain(run, this.#tenure, now)) this.#finish(now);
    this.#tidying.review(now);
  }

  #stopFor(ending: Ending | null): void {
    if (ending !== null) this.stop(ending.verdict, ending.reason);
  }

  #finish(now: number): void {
    this.#run.life.finish(now);
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#memory.save(() => {});
    this.#answers.flush();
    const last = this.snapshot();
    this.#run.crew.disband(KILL_AFTER_MS).then(
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
