import type { Segment } from '../../attack/schedule/segment.ts';
import type { Member } from '../crew/member.ts';
import type { CourseRecord } from '../run-record.ts';
import { fromCourseRecord, toCourseRecord } from './course-record.ts';
import { addHits, plannedHits } from './ledger.ts';
import { type PlanGoal, RunPlan } from './run-plan.ts';

/** How long segments are repeated to workers after the last of their hits should be decided, in ms. */
const HISTORY_MS = 60_000;

/** What is about to be named, once it is saved: the start, or what joins at a run time. */
type Intent =
  | { kind: 'start'; startAt: number; goal: PlanGoal }
  | { kind: 'join'; runMs: number; goal: PlanGoal };

/**
 * The course of a run as it was named so far: when it starts, and what is due from which instant on. All that workers
 * are ever told of it; nothing in it is taken back. What is to be named is intended first, so that it can be saved before
 * any worker hears of it.
 */
export class Course {
  #startAt: number | null = null;
  #plan: RunPlan | null = null;
  #intent: Intent | null = null;

  /** Clock time of the start, in ms; null before it is named. */
  get startAt(): number | null {
    return this.#startAt;
  }

  /** null before the start is named. */
  get plan(): RunPlan | null {
    return this.#plan;
  }

  get segments(): Segment[] {
    return this.#plan?.segments ?? [];
  }

  /** Clock time of the instant that is intended, in ms; null: none is. */
  get intendedAt(): number | null {
    const intent = this.#intent;
    if (intent === null) return null;
    return intent.kind === 'start' ? intent.startAt : this.#startAt! + intent.runMs;
  }

  /** Intends the start. @param startAt clock time, in ms */
  intendStart(startAt: number, goal: PlanGoal): void {
    this.#intent = { kind: 'start', startAt, goal };
  }

  /** Intends that `goal` holds from run time `runMs` on. Only after the start was named. */
  intend(runMs: number, goal: PlanGoal): void {
    this.#intent = { kind: 'join', runMs, goal };
  }

  /** What is intended is named from now on. */
  name(): void {
    const intent = this.#intent;
    this.#intent = null;
    if (intent?.kind === 'start') {
      this.#startAt = intent.startAt;
      this.#plan = new RunPlan(intent.goal);
    } else if (intent?.kind === 'join') {
      this.#plan!.join(intent.runMs, intent.goal);
    }
  }

  /** What was intended will not be: no worker has heard of it, and none will. */
  drop(): void {
    this.#intent = null;
  }

  /** With what is intended. @param wallOffset wall clock minus clock, in ms */
  record(wallOffset: number): CourseRecord | null {
    const intent = this.#intent;
    if (this.#plan === null) {
      if (intent?.kind !== 'start') return null;
      return toCourseRecord(intent.startAt + wallOffset, new RunPlan(intent.goal).parts);
    }
    const plan = RunPlan.of(this.#plan.parts);
    if (intent?.kind === 'join') plan.join(intent.runMs, intent.goal);
    return toCourseRecord(this.#startAt! + wallOffset, plan.parts);
  }

  restore(record: CourseRecord, wallOffset: number): void {
    this.#startAt = record.startAt - wallOffset;
    this.#plan = RunPlan.of(fromCourseRecord(record));
  }

  /** Run time at clock time `now`, in ms; 0 before the start. */
  runMs(now: number): number {
    return this.#startAt === null ? 0 : Math.max(0, now - this.#startAt);
  }

  /** Whether hits fall to a member by the last goal named. */
  owns(member: Member): boolean {
    return member.incarnation !== null && this.#plan?.goal.owners[member.incarnation] !== undefined;
  }

  /** Whether hits fell or fall to a member by any goal named. */
  hasServed(member: Member): boolean {
    return member.served || this.names(member);
  }

  /** Whether hits fell or fall to a member, or are about to. */
  concerns(member: Member): boolean {
    return this.hasServed(member) || this.#intent?.goal.owners[member.incarnation ?? ''] !== undefined;
  }

  /** Whether a part that is not forgotten yet gives hits to a member. */
  names({ incarnation }: Member): boolean {
    return this.segments.some(({ owners }) => owners[incarnation ?? ''] !== undefined);
  }

  /** Run time at which a member's part ends, in ms; null: open. */
  endsAtFor(member: Member): number | null {
    const plan = this.#plan;
    if (plan === null || this.owns(member)) return plan?.endsAt ?? null;
    return this.hasServed(member) ? plan.joinedAt : null;
  }

  /**
   * The segments that a worker may still need that was last heard `silentMs` before clock time `now`, each with its own
   * share alone.
   */
  segmentsFor({ incarnation }: Member, now: number, silentMs: number): Segment[] {
    return this.segments.slice(this.#outdated(now, silentMs)).map((segment) => {
      const own = segment.owners[incarnation ?? ''];
      return { ...segment, owners: own === undefined ? {} : { [incarnation!]: own } };
    });
  }

  /**
   * Forgets segments of which no worker will hear again, once it is settled whose their hits were.
   * @param isFinal whether a member that is not live can say nothing more
   */
  settle(
    members: readonly Member[],
    now: number,
    silentMs: number,
    isFinal: (member: Member) => boolean,
  ): void {
    const plan = this.#plan;
    if (plan === null) return;
    const runMs = this.runMs(now);
    for (let left = this.#outdated(now, silentMs); left > 0; left--) {
      const segment = plan.segments[0]!;
      const owners = members.filter(({ incarnation }) => segment.owners[incarnation ?? ''] !== undefined);
      const { endHit } = segment;
      if (endHit === null || plan.dueBefore(runMs) < endHit) return;
      const isSettled = (member: Member) =>
        member.live ? hasPassed(member, segment, endHit) : isFinal(member);
      if (!owners.every(isSettled)) return;
      for (const member of owners) {
        addHits(member.settled, plannedHits([segment], [member.progress(endHit)]));
        member.served = true;
      }
      plan.forgetFirst();
    }
  }

  /** How many segments are too old to be told of. */
  #outdated(now: number, silentMs: number): number {
    const { segments } = this;
    const oldest = this.#startAt === null ? 0 : now - this.#startAt - silentMs - HISTORY_MS;
    const first = segments.findIndex((_, index) => {
      const next = segments[index + 1];
      return next === undefined || next.from >= oldest;
    });
    return Math.max(0, first);
  }
}

/** Whether each of a member's hits in a segment is decided, as far as it has told. */
function hasPassed(member: Member, segment: Segment, endHit: number): boolean {
  const { warmup, main } = plannedHits([segment], [{ ...member.progress(endHit), lostBelow: endHit }]);
  return warmup.unreported + main.unreported === 0;
}
