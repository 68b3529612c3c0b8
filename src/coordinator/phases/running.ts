import { rollOn } from '../crew/rolling.ts';
import type { Ending } from '../run/life.ts';
import type { Run } from '../run/run.ts';
import type { Tenure } from '../tenure.ts';
import { KILL_AFTER_MS, LAST_WORD_MS } from '../timing.ts';
import type { Changes } from './changes.ts';
import { replaceMissing } from './replace-missing.ts';
import { stopByVotes } from './stop-by-votes.ts';

/** A successor started within this time of the end would come too late, in ms. */
const NO_SUCCESSOR_MS = 1000;

export interface RunningOptions {
  run: Run;
  tenure: Tenure;
  changes: Changes;
}

/** The phase `Running`: workers are replaced and plans change, until votes or the schedule end it. */
export class Running {
  readonly #options: RunningOptions;

  constructor(options: RunningOptions) {
    this.#options = options;
  }

  /** Does what is next. @param now clock time, in ms; @returns why the run ends; null: it does not */
  review(now: number): Ending | null {
    const { run, changes } = this.#options;
    const { course, crew, terms } = run;
    const reason = this.#votes();
    if (reason !== null) return { verdict: 'StoppedByVotes', reason };
    const runMs = now - course.startAt!;
    const { endsAt } = course.plan!;
    // Before an instant that is being saved, workers stand still: they are not at their end.
    if (endsAt !== null && runMs >= endsAt && course.intendedAt === null) return this.#end(endsAt, now);
    if (endsAt === null || runMs <= endsAt - NO_SUCCESSOR_MS) {
      const ending = replaceMissing(run);
      if (ending !== null) return ending;
      if (run.life.ending === null) rollOn(course, crew, terms.workers, KILL_AFTER_MS);
    }
    if (run.life.ending === null) changes.review(now);
    return null;
  }

  #votes(): string | null {
    const { spec, course, crew } = this.#options.run;
    if (spec.stopWhen === null) return null;
    // One that has done its part, or has stopped by itself, still has its say.
    const voting = crew.members.filter((member) => course.owns(member) && member.state !== 'lost');
    return stopByVotes(voting, spec.stopWhen);
  }

  /** Nothing more is due from run time `endsAt` on, in ms: waits for the answers to what is in flight. */
  #end(endsAt: number, now: number): Ending | null {
    const { run, tenure } = this.#options;
    const { spec, course, crew } = run;
    // Who has handed its share over may not have come to the end of its part.
    const live = crew.members.filter((member) => member.live && course.hasServed(member));
    const patienceMs = spec.protocol.timeoutMs + spec.maxLagMs + LAST_WORD_MS;
    if (live.length > 0 && tenure.since(course.startAt! + endsAt, now) < patienceMs) return null;
    for (const member of live) crew.lose(member, 'did not come to an end');
    return { verdict: 'Completed', reason: 'all hits of the schedule are done' };
  }
}
