import type { News } from './answers.ts';
import type { Scouting } from './content/scouting.ts';
import type { PlanChange } from './course/plan-change.ts';
import type { Member } from './crew/member.ts';
import type { Assignment, RecordOptions, Version } from './protocol.ts';
import type { Run } from './run/run.ts';
import type { Tenure } from './tenure.ts';
import type { Timing } from './timing.ts';

export interface RunNewsOptions {
  run: Run;
  tenure: Tenure;
  planChange: PlanChange;
  scouting: Scouting;
  records: RecordOptions | null;
  timing: Timing;
}

/** What the coordinator of a run has to say to its workers. */
export class RunNews implements News {
  readonly #options: RunNewsOptions;

  constructor(options: RunNewsOptions) {
    this.#options = options;
  }

  holdMs(): number {
    const { planChange, timing } = this.#options;
    return planChange.fenceMs === null ? timing.holdMs : timing.holdWhileChangingMs;
  }

  leaseMs(): number {
    return this.#options.run.terms.leaseMs;
  }

  tells(): boolean {
    const { run, tenure } = this.#options;
    return tenure.isClaimed || run.life.ending !== null;
  }

  assignment(member: Member, version: Version): Assignment {
    const { run, planChange, records } = this.#options;
    const { spec, terms, course, content, life } = run;
    const { startAt } = course;
    return {
      version,
      content: content.order(),
      protocol: spec.protocol,
      lanes: terms.lanes ?? 1,
      workers: terms.workers,
      maxLagMs: spec.maxLagMs,
      warmupMs: spec.warmupMs,
      stopWhen: spec.stopWhen,
      afterLease: spec.workers.afterLease,
      records,
      samples: spec.samples,
      startAt: startAt === null ? null : startAt + run.wallOffset,
      segments: course.segmentsFor(member, run.clock.now(), terms.silentMs),
      endsAt: course.endsAtFor(member),
      fenceMs: planChange.fenceMs,
      stop: life.ending !== null,
    };
  }

  /** One that leaves and has no hits to hand over can go at once. */
  dismissed(member: Member): boolean {
    const { course, uncertainStart, life } = this.#options.run;
    const isIdle = member.state === 'leaving' && !course.concerns(member) && uncertainStart.course === null;
    return isIdle || member.state === 'lost' || life.phase === 'Ended';
  }

  /**
   * An answer moves a worker's fence on: not beyond an instant of which it is to hear, and none that an earlier
   * coordinator may have saved.
   */
  holdsBack(): boolean {
    const { run, tenure, planChange } = this.#options;
    if (run.life.ending !== null) return false;
    return !tenure.isClaimed || planChange.holdsBack(run.clock.now());
  }

  scouting(member: Member): string | null {
    return this.#options.scouting.orderFor(member);
  }

  wanted(member: Member): string | null {
    const { scouting, run } = this.#options;
    return scouting.wantedOf(member, run.crew.members);
  }
}
