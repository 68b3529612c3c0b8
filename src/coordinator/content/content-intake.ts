import type { ContentTaker } from '../../source/scout.ts';
import type { Content } from '../../template/content.ts';
import type { Answers } from '../answers.ts';
import type { Finding, ScoutingOrder } from '../protocol.ts';
import type { Run } from '../run/run.ts';
import type { RunMemory } from '../run-memory.ts';
import type { Scouting } from './scouting.ts';

export interface ContentIntakeOptions {
  run: Run;
  scouting: Scouting;
  memory: RunMemory;
  answers: Answers;
  /** There may be something to do next. */
  changed: () => void;
  /** Takes messages for people, one line each. */
  note: (line: string) => void;
}

/** Takes in what hits are to be made from: what is offered here, and what a scouting worker finds. */
export class ContentIntake implements ContentTaker {
  readonly #options: ContentIntakeOptions;

  constructor(options: ContentIntakeOptions) {
    this.#options = options;
  }

  offer(content: Content): void {
    const { run, memory, answers, changed } = this.#options;
    if (run.life.ending !== null || !run.content.offer(content)) return;
    memory.save(() => {});
    answers.publish();
    changed();
  }

  refuse(reason: string): void {
    const { run, memory, answers, note } = this.#options;
    if (run.life.ending !== null || !run.content.refuse(reason)) return;
    note(`${run.spec.source.kind} were refused, ${this.#goesOn}: ${reason}`);
    memory.touch();
    answers.publish();
  }

  trouble(reason: string | null): void {
    const { run, note } = this.#options;
    run.content.trouble(reason ?? '');
    if (reason === null) return;
    note(`the sources of ${run.spec.source.kind} cannot be read, ${this.#goesOn}: ${reason}`);
  }

  /** Has a worker look, as long as no later order comes. */
  lookAt(order: ScoutingOrder): void {
    if (this.#options.scouting.lookAt(order)) this.#options.answers.flush();
  }

  /** Takes what a member of the run has found; what it found by an older order is of no use. */
  take(finding: Finding): void {
    const { run, scouting, changed } = this.#options;
    if (finding.kind === 'kept') {
      if (run.content.keep(finding.content)) changed();
      return;
    }
    if (finding.order !== scouting.digest) return;
    if (finding.kind === 'offered') this.offer(finding.content);
    else if (finding.kind === 'refused') this.refuse(finding.reason);
    else this.trouble(finding.reason);
  }

  /** Has somebody look in place of a scout that is gone, and for a set that is lost. */
  review(): void {
    const { run, scouting, answers } = this.#options;
    const { members } = run.crew;
    const scout = scouting.choose(members);
    if (scouting.forgetLost(members)) answers.publish();
    else if (scout !== null) answers.flush(scout);
  }

  get #goesOn(): string {
    return this.#options.run.content.current === null ? 'and there is none yet' : 'the last good set goes on';
  }
}
