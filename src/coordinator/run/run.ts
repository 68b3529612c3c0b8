import type { RunSpec } from '../../api/run-spec.ts';
import type { Clock } from '../../attack/clock.ts';
import { type Content, MAX_LABELS } from '../../template/content.ts';
import { ContentChange } from '../content/content-change.ts';
import { Course } from '../course/course.ts';
import { WantedGoal } from '../course/goal.ts';
import type { PlanGoal } from '../course/run-plan.ts';
import { Crew, type CrewEvents } from '../crew/crew.ts';
import type { Member } from '../crew/member.ts';
import { type ContentCard, RECORD_FORMAT, type RunRecord } from '../run-record.ts';
import type { WorkerPool } from '../worker-pool.ts';
import { type Ending, Life } from './life.ts';
import { Terms } from './terms.ts';
import { UncertainStart } from './uncertain-start.ts';

/** What a run begins with, or goes on from. */
export interface RunOptions {
  clock: Clock;
  pool: WorkerPool;
  /** Id of the run. */
  run: string;
  spec: RunSpec;
  /** null: a worker is to find it, or it is one that workers hold already. */
  content: Content | null;
  /** How many labels hits may ever be counted under, whatever contents come; default `MAX_LABELS`. */
  mostLabels?: number;
  /** Lanes of each worker; null: as many as its cores and its share of the rate ask for. */
  lanes: number | null;
  /** How long workers go on without an answer, where the spec does not say, in ms. */
  leaseMs: number;
  /** Grows with every coordinator of a run; default 1. */
  epoch?: number;
  /** What an earlier coordinator of this run has left; null (the default): there was none. */
  restored?: RunRecord | null;
}

/** One run as far as it has come: all of it that is written down, and that another coordinator goes on from. */
export class Run {
  readonly id: string;
  readonly clock: Clock;
  /** Wall clock minus clock, in ms. */
  readonly wallOffset: number;
  readonly terms: Terms;
  readonly life: Life;
  readonly course: Course;
  readonly uncertainStart: UncertainStart;
  readonly content: ContentChange;
  readonly crew: Crew;
  /** Of this coordinator. */
  readonly epoch: number;
  readonly #wanted = new WantedGoal();

  /** @throws RangeError for a record of another format, or of a coordinator that is not an earlier one */
  constructor(options: RunOptions, events: Omit<CrewEvents, 'isOver'>) {
    const { clock, pool, content, mostLabels = MAX_LABELS, epoch = 1, restored = null } = options;
    this.id = options.run;
    this.clock = clock;
    this.epoch = epoch;
    this.wallOffset = clock.wall() - clock.now();
    this.terms = new Terms(options.spec, options);
    this.life = new Life(clock.now());
    this.course = new Course();
    this.content =
      restored === null
        ? new ContentChange(content, mostLabels)
        : ContentChange.of(restored.content, content);
    this.crew = new Crew({
      clock,
      wallOffset: this.wallOffset,
      pool,
      labels: this.content.labels.most,
      adopts: epoch > 1,
      events: {
        ...events,
        isOver: (member) => this.course.plan !== null && !this.course.owns(member),
      },
    });
    const { course, crew, life, wallOffset } = this;
    this.uncertainStart = new UncertainStart({ course, crew, life, epoch, wallOffset });
    if (restored !== null) this.#restore(restored);
  }

  get spec(): RunSpec {
    return this.terms.spec;
  }

  /** The members that shall send. */
  get wantedOwners(): Member[] {
    const holds = this.spec.workers.onLoss === 'Hold';
    const keeps = (member: Member) => this.course.owns(member) && (holds || member.state === 'leaving');
    return this.crew.wanted(this.terms.workers, keeps);
  }

  /** What the spec and a content ask for of those members. */
  wantedGoal(content: ContentCard, owners: readonly Member[]): PlanGoal {
    return this.#wanted.of(this.spec, content, owners);
  }

  /** Nothing more is sent, and nothing more changes. @returns false: that was so before */
  stop(ending: Ending): boolean {
    if (!this.life.stop(ending, this.clock.now())) return false;
    this.uncertainStart.hold();
    this.course.drop();
    this.content.drop();
    this.crew.replaceNoMore();
    return true;
  }

  /** All there is to write down. */
  record(): RunRecord {
    const { base } = this.crew;
    return {
      format: RECORD_FORMAT,
      run: this.id,
      epoch: this.epoch,
      ...this.terms.record(),
      ...this.life.record(this.wallOffset),
      course: this.uncertainStart.course ?? this.course.record(this.wallOffset),
      content: this.content.record(),
      ...this.crew.record(),
      past: base.past,
      base: base.record(),
    };
  }

  #restore(record: RunRecord): void {
    if (record.format !== RECORD_FORMAT) {
      throw new RangeError(`the run's record has format ${record.format}, where ${RECORD_FORMAT} is known`);
    }
    if (record.epoch >= this.epoch) {
      throw new RangeError(`epoch ${this.epoch} is not above ${record.epoch}, which the run's record has`);
    }
    const { course, members, verdict } = record;
    this.terms.restore(record);
    this.crew.base.restore(record.base, record.past);
    this.crew.restore(members, record.replacements);
    this.life.restore(record, this.wallOffset);
    if (course !== null) this.uncertainStart.restore(course, members, verdict !== null);
    if (verdict !== null) this.crew.replaceNoMore();
  }
}
