import type { Answers } from './answers.ts';
import type { Course } from './course.ts';
import type { Crew } from './crew.ts';
import { sameGoal } from './goal.ts';
import type { PlanGoal } from './run-plan.ts';
import type { Timing } from './timing.ts';

/**
 * Brings the plan of a run to what is wanted, in two steps: everybody takes the coming change over and stays behind a
 * fence; then its instant is named (`docs/decisions/0005-a-fence-before-every-change.md`).
 */
export class PlanChange {
  readonly #course: Course;
  readonly #crew: Crew;
  readonly #answers: Answers;
  readonly #timing: Timing;
  /** Version that everybody must have taken over before the pending change gets its instant. */
  #version: number | null = null;

  constructor(course: Course, crew: Crew, answers: Answers, timing: Timing) {
    this.#course = course;
    this.#crew = crew;
    this.#answers = answers;
    this.#timing = timing;
  }

  /** How far beyond their last answer workers may go, in ms; null: no change is being prepared. */
  get fenceMs(): number | null {
    return this.#version === null ? null : this.#timing.fenceMs;
  }

  /**
   * Does the next step towards `goal`, if there is one to do at clock time `now`.
   * @returns whether workers have something else to do, which is to be published
   */
  bring(goal: PlanGoal, now: number): boolean {
    const { startAt, plan } = this.#course;
    const change = this.#version;
    const { fenceMs, marginMs } = this.#timing;
    const joinAt = Math.max(now - startAt! + fenceMs + marginMs, plan!.joinedAt + 1);
    // What would join after the end comes too late for lanes that end with the plan.
    const isLate = plan!.endsAt !== null && joinAt >= plan!.endsAt;
    if (isLate || sameGoal(goal, plan!.goal)) {
      this.#version = null;
      return change !== null;
    }
    if (change === null) {
      this.#version = this.#answers.version.n + 1;
      return true;
    }
    if (!this.#crew.speaking.every((member) => (member.acknowledged?.n ?? 0) >= change)) return false;
    this.#course.join(Math.ceil(joinAt), goal);
    this.#version = null;
    return true;
  }
}
