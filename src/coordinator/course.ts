import type { Segment } from '../attack/schedule/segment.ts';
import type { Member } from './member.ts';
import { type PlanGoal, RunPlan } from './run-plan.ts';

/** How long segments are repeated to workers after the last of their hits should be decided, in ms. */
const HISTORY_MS = 60_000;

/**
 * The course of a run as it was named so far: when it starts, and what is due from which instant on. All that workers
 * are ever told of it; nothing in it is taken back.
 */
export class Course {
  #startAt: number | null = null;
  #plan: RunPlan | null = null;

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

  /** Names the start. @param startAt clock time, in ms */
  begin(startAt: number, goal: PlanGoal): void {
    this.#startAt = startAt;
    this.#plan = new RunPlan(goal);
  }

  /** Names the run time, in ms, from which on `goal` holds. Only after the start was named. */
  join(runMs: number, goal: PlanGoal): void {
    this.#plan!.join(runMs, goal);
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
  hasServed({ incarnation }: Member): boolean {
    return this.segments.some(({ owners }) => owners[incarnation ?? ''] !== undefined);
  }

  /** Run time at which a member's part ends, in ms; null: open. */
  endsAtFor(member: Member): number | null {
    const plan = this.#plan;
    if (plan === null || this.owns(member)) return plan?.endsAt ?? null;
    return this.hasServed(member) ? plan.joinedAt : null;
  }

  /** The segments that a worker may still need that was last heard `silentMs` before clock time `now`. */
  recentSegments(now: number, silentMs: number): Segment[] {
    const { segments } = this;
    const oldest = this.#startAt === null ? 0 : now - this.#startAt - silentMs - HISTORY_MS;
    const first = segments.findIndex((_, index) => {
      const next = segments[index + 1];
      return next === undefined || next.from >= oldest;
    });
    return segments.slice(Math.max(0, first));
  }
}
