import { inSeconds } from '../units/duration.ts';
import type { Answers } from './answers.ts';
import type { PlanChange } from './course/plan-change.ts';
import type { Run } from './run/run.ts';
import type { RunMemory } from './run-memory.ts';

export interface NamingOptions {
  run: Run;
  memory: RunMemory;
  answers: Answers;
  planChange: PlanChange;
  /** From the barrier to the start, in ms. */
  leadMs: number;
  /** Takes messages for people, one line each. */
  note: (line: string) => void;
}

/** Names instants that are intended: what workers may act on is saved before any of them hears of it. */
export class Naming {
  readonly #options: NamingOptions;
  #isUnderWay = false;

  constructor(options: NamingOptions) {
    this.#options = options;
  }

  /** What is intended is being saved, to be named then. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** Names all that is intended, as soon as it is saved. */
  begin(): void {
    this.#isUnderWay = true;
    this.#options.memory.save(() => {
      if (this.#isUnderWay) this.#end();
    });
  }

  /** What was intended will not be. */
  drop(): void {
    this.#isUnderWay = false;
  }

  #end(): void {
    const { run, planChange, answers, leadMs, note } = this.#options;
    const { course, content, life } = run;
    this.#isUnderWay = false;
    if (life.phase === 'Preparing') {
      // Nobody has heard of it: where it took too long, another is named.
      if (course.intendedAt! - run.clock.now() < leadMs / 2) return course.drop();
      life.begin();
    }
    const hasJoin = course.intendedAt !== null;
    course.name();
    if (hasJoin) planChange.done();
    if (content.swap()) {
      const { kind, digest } = content.current!;
      const from = inSeconds(content.order().from);
      note(`${kind} have changed: from ${from} on hits come from set ${digest.slice(0, 12)}`);
    }
    answers.publish();
  }
}
