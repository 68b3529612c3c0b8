import { inSeconds } from '../../units/duration.ts';
import type { Answers } from '../answers.ts';
import type { Naming } from '../naming.ts';
import type { Ending } from '../run/life.ts';
import type { Run } from '../run/run.ts';
import type { RunMemory } from '../run-memory.ts';
import type { Tenure } from '../tenure.ts';
import { KILL_AFTER_MS } from '../timing.ts';
import type { WorkerPool } from '../worker-pool.ts';
import { replaceMissing } from './replace-missing.ts';
import { missingContent, missingMemory, missingWorkers } from './start-failure.ts';

export interface PreparingOptions {
  run: Run;
  tenure: Tenure;
  naming: Naming;
  memory: RunMemory;
  answers: Answers;
  pool: WorkerPool;
  /** From the barrier to the start, in ms. */
  leadMs: number;
}

/** The phase `Preparing`: all workers get ready, and there is something to send; then the start is named. */
export class Preparing {
  readonly #options: PreparingOptions;

  constructor(options: PreparingOptions) {
    this.#options = options;
  }

  /** Does what is next. @param now clock time, in ms; @returns why the run ends; null: it does not */
  review(now: number): Ending | null {
    const { run, naming, answers } = this.#options;
    const { uncertainStart, crew, content } = run;
    if (uncertainStart.course !== null) {
      if (uncertainStart.review()) answers.publish();
      return null;
    }
    if (naming.isUnderWay) return null;
    for (const member of crew.members.filter(({ live, outdated }) => live && outdated)) {
      crew.discard(member, KILL_AFTER_MS);
    }
    const ending = replaceMissing(run);
    if (ending !== null || run.life.ending !== null) return ending;
    if (content.isReady(crew.speaking)) {
      content.intend(0);
      content.swap();
      answers.publish();
    }
    return this.#nameStart(now) ? null : this.#failure(now);
  }

  /** @returns false: not everything that a start needs is there */
  #nameStart(now: number): boolean {
    const { run, tenure, naming, memory, leadMs } = this.#options;
    const owners = run.wantedOwners;
    const card = run.content.current;
    const allReady = owners.length === run.terms.workers && owners.every((member) => member.able);
    if (card === null || !allReady || memory.failing) return false;
    if (tenure.isRetiring) return true;
    run.course.intendStart(now + leadMs + memory.roomMs, run.wantedGoal(card, owners));
    naming.begin();
    return true;
  }

  #failure(now: number): Ending | null {
    const { run, memory, pool } = this.#options;
    const { startTimeoutMs, source } = run.spec;
    if (now - run.life.createdAt <= startTimeoutMs) return null;
    const { what, why } =
      missingContent(run.content, source.kind) ??
      missingMemory(memory) ??
      missingWorkers(run.crew, run.terms.workers, pool);
    return {
      verdict: 'Failed',
      reason: `${what} within startTimeout (${inSeconds(startTimeoutMs)}): ${why}`,
    };
  }
}
