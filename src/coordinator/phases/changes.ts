import type { Answers } from '../answers.ts';
import type { PlanChange } from '../course/plan-change.ts';
import type { Naming } from '../naming.ts';
import type { Run } from '../run/run.ts';
import type { RunMemory } from '../run-memory.ts';
import type { Tenure } from '../tenure.ts';

export interface ChangesOptions {
  run: Run;
  tenure: Tenure;
  naming: Naming;
  planChange: PlanChange;
  memory: RunMemory;
  answers: Answers;
  /** From naming the instant of a swap to it, in ms. */
  leadMs: number;
}

/** Brings what a run sends to what is wanted, while it goes on: its plan, and the set that hits are made from. */
export class Changes {
  readonly #options: ChangesOptions;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** Does what is next, unless an instant is about to be named. @param now clock time, in ms */
  review(now: number): void {
    const { run, tenure, naming, planChange, memory, answers, leadMs } = this.#options;
    const { content, course } = run;
    if (naming.isUnderWay) return;
    const owners = run.wantedOwners;
    if (owners.length === 0 || content.current === null) return;
    if (memory.failing || tenure.isRetiring) {
      if (planChange.giveUp() === 'news') answers.publish();
      return;
    }
    const roomMs = memory.idle ? memory.roomMs : null;
    const isReady = content.isReady(run.crew.speaking);
    const goal = run.wantedGoal(isReady ? content.next! : content.current, owners);
    const plan = course.plan!;
    const step = planChange.bring(goal, now, roomMs, answers.version);
    // Where the number of hits depends on the set, both change at one instant.
    const joins = step === 'intended' ? course.intendedAt! - course.startAt! : null;
    const isSwap = isReady && (joins !== null || plan.goal.hitLimit === goal.hitLimit);
    if (isSwap && roomMs !== null) {
      const at = joins ?? now - course.startAt! + leadMs + roomMs;
      content.intend(Math.ceil(at));
    }
    if (step === 'intended' || (isSwap && roomMs !== null)) naming.begin();
    else if (step === 'news') answers.publish();
  }
}
