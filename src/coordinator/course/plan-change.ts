import type { Crew } from '../crew/crew.ts';
import { isNewer, type Version } from '../protocol.ts';
import type { Timing } from '../timing.ts';
import type { Course } from './course.ts';
import { sameGoal } from './goal.ts';
import type { PlanGoal } from './run-plan.ts';

/**
 * Brings the plan of a run to what is wanted, in two steps: everybody takes the coming change over and stays behind a
 * fence; then its instant is named (`docs/decisions/0005-a-fence-before-every-change.md`).
 */
export class PlanChange {
  readonly #course: Course;
  readonly #crew: Crew;
  readonly #timing: Timing;
  /** Version that everybody must have taken over before the pending change gets its instant. */
  #version: Version | null = null;
  /** What was compared last. */
  #compared: { goal: PlanGoal; named: PlanGoal; isSame: boolean } | null = null;

  constructor(course: Course, crew: Crew, timing: Timing) {
    this.#course = course;
    this.#crew = crew;
    this.#timing = timing;
  }

  /** How far beyond their last answer workers may go, in ms; null: no change is being prepared. */
  get fenceMs(): number | null {
    return this.#version === null ? null : this.#timing.fenceMs;
  }

  /** A change is being prepared, and everybody has taken that over. */
  get isTaken(): boolean {
    return this.#version !== null && !this.#isAwaited(this.#version);
  }

  /** Whether an answer given at clock time `now` would let a worker go beyond the instant that is being saved. */
  holdsBack(now: number): boolean {
    const { intendedAt } = this.#course;
    if (this.#version === null || intendedAt === null) return false;
    return now + this.#timing.fenceMs + this.#timing.marginMs > intendedAt;
  }

  /**
   * Does the next step towards `goal`, if there is one to do at clock time `now`.
   * @param roomMs how far the instant is set off to be saved before it comes; null: it cannot be saved now
   * @param newest version of the newest assignment
   * @returns `news`: workers have something else to do, which is to be published; `intended`: the course is to be saved,
   *   and named; `nothing`
   */
  bring(
    goal: PlanGoal,
    now: number,
    roomMs: number | null,
    newest: Version,
  ): 'nothing' | 'news' | 'intended' {
    const { startAt, plan } = this.#course;
    const change = this.#version;
    const { fenceMs, marginMs } = this.#timing;
    const joinAt = Math.max(now - startAt! + fenceMs + marginMs + (roomMs ?? 0), plan!.joinedAt + 1);
    // What would join after the end comes too late for lanes that end with the plan.
    const isLate = plan!.endsAt !== null && joinAt >= plan!.endsAt;
    if (isLate || this.#isReached(goal)) return this.giveUp();
    if (change === null) {
      this.#version = { ...newest, n: newest.n + 1 };
      return 'news';
    }
    if (roomMs === null || this.#isAwaited(change)) return 'nothing';
    this.#course.intend(Math.ceil(joinAt), goal);
    return 'intended';
  }

  #isAwaited(change: Version): boolean {
    return this.#crew.members.some(
      ({ live, state, acknowledged }) => live && state !== 'starting' && isNewer(change, acknowledged),
    );
  }

  #isReached(goal: PlanGoal): boolean {
    const named = this.#course.plan!.goal;
    if (this.#compared?.goal !== goal || this.#compared.named !== named) {
      this.#compared = { goal, named, isSame: sameGoal(goal, named) };
    }
    return this.#compared.isSame;
  }

  /** The pending change will not be, or not now; not to be called once its instant is intended. */
  giveUp(): 'nothing' | 'news' {
    const isNews = this.#version !== null;
    this.#version = null;
    return isNews ? 'news' : 'nothing';
  }

  /** Its instant is named: the fence is lifted where that is known. */
  done(): void {
    this.#version = null;
  }
}
