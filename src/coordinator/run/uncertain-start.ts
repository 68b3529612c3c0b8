import type { Course } from '../course/course.ts';
import type { Crew } from '../crew/crew.ts';
import type { Member } from '../crew/member.ts';
import type { CourseRecord, MemberRecord } from '../run-record.ts';
import type { Life } from './life.ts';

export interface UncertainStartOptions {
  course: Course;
  crew: Pick<Crew, 'members'>;
  life: Life;
  /** Of this coordinator. */
  epoch: number;
  /** Wall clock minus clock, in ms. */
  wallOffset: number;
}

/**
 * A start that may have been named when the last coordinator ended: whether any worker has heard of it has to be found
 * out first (`docs/decisions/0019-a-run-outlives-its-coordinator.md`).
 */
export class UncertainStart {
  readonly #options: UncertainStartOptions;
  #course: CourseRecord | null = null;

  constructor(options: UncertainStartOptions) {
    this.#options = options;
  }

  /** The course that it would begin; null: there is no such start, or not any more. */
  get course(): CourseRecord | null {
    return this.#course;
  }

  /** Takes in what an earlier coordinator has left. @param isStopped the run had its ending */
  restore(course: CourseRecord, members: readonly MemberRecord[], isStopped: boolean): void {
    this.#course = course;
    // Once a worker has begun, or the course has changed, the start was heard.
    const owners = members.filter(({ incarnation }) => course.incarnations.includes(incarnation ?? ''));
    if (course.parts.length > 1 || isStopped || !owners.every(waits)) this.hold();
  }

  /** It holds, where there is one: a worker may have heard of it. */
  hold(): void {
    if (this.#course === null) return;
    const { course, life, wallOffset } = this.#options;
    course.restore(this.#course, wallOffset);
    this.#course = null;
    life.begin();
  }

  /**
   * Looks whether it is known by now; only while there is one. None has heard of it, if each has taken an assignment of
   * this coordinator over and is still waiting: it hears no earlier one any more.
   * @returns whether it holds from now on
   */
  review(): boolean {
    const { crew, epoch } = this.#options;
    const { incarnations } = this.#course!;
    const owners = crew.members.filter(({ incarnation }) => incarnations.includes(incarnation ?? ''));
    if (owners.length < incarnations.length || !owners.every(waits)) {
      this.hold();
      return true;
    }
    if (owners.every(({ received }) => received?.epoch === epoch)) this.#course = null;
    return false;
  }
}

function waits({ state }: Pick<Member, 'state'>): boolean {
  return state === 'starting' || state === 'ready';
}
