import type { ScheduleSpec } from '../api/run-spec.ts';
import type { Verdict } from '../stop/verdict.ts';
import type { PlannedCounts } from './course/ledger.ts';
import type { MemberState } from './crew/member.ts';
import type { SparseVector } from './crew/sparse-vector.ts';
import type { WorkerSnapshot } from './snapshot.ts';
import type { PoolWorker } from './worker-pool.ts';

/** Another format has another number; a record of a format that is not known is refused. */
export const RECORD_FORMAT = 1;

/**
 * What a coordinator must know to go on with a run that another one had begun: all that workers were told and may act on,
 * and the counts of those that can tell them no more. Plain JSON; instants are wall-clock times, ms since 1970.
 */
export interface RunRecord {
  format: number;
  run: string;
  /** Of the coordinator that wrote it. */
  epoch: number;
  createdAt: number;
  /** Fields of the spec that hold for a whole run, whatever was edited since. */
  warmupMs: number;
  startTimeoutMs: number;
  /** Missing where an earlier version wrote it. */
  samples?: number;
  /** Lanes of each worker; null: not known yet. */
  lanes: number | null;
  /** null before the start is named. */
  course: CourseRecord | null;
  content: ContentRecord;
  members: MemberRecord[];
  /** The newest of those that are no members any more, for people. */
  past: WorkerSnapshot[];
  base: BaseRecord;
  replacements: ReplacementsRecord[];
  verdict: { verdict: Verdict; reason: string; stoppedAt: number } | null;
  /** null before the end. */
  finishedAt: number | null;
}

/** Where a run's record is kept. */
export interface RunStore {
  /**
   * Keeps it in place of the one before; resolves when it would be found again. Never called before the call before has
   * been settled.
   * @throws Error when it is not known to be kept, after 10 s at the latest; also when another process has written since
   */
  save(record: RunRecord): Promise<void>;
}

export interface CourseRecord {
  startAt: number;
  /** What several parts have in common. */
  goals: GoalRecord[];
  incarnations: string[];
  parts: PartRecord[];
}

/** A fraction as `numerator/denominator`. */
export type RationalRecord = string;

export interface GoalRecord {
  schedule: Exact<ScheduleSpec>;
  durationMs: number | null;
  warmupMs: number;
  suspended: boolean;
  hitLimit: number | null;
}

export interface PartRecord {
  /** Index into `goals`. */
  goal: number;
  stripes: number;
  /** Index into `incarnations`, and the stripe of each of its lanes. */
  owners: [incarnation: number, stripes: number[]][];
  scheduleMs: number;
  runMs: number;
  hits: RationalRecord;
}

/** The same with fractions written out. */
export type Exact<T> = T extends { numerator: bigint }
  ? RationalRecord
  : T extends object
    ? { [Key in keyof T]: Exact<T[Key]> }
    : T;

/** What is to be known of a set besides its text. */
export interface ContentCard {
  digest: string;
  kind: 'templates' | 'targets';
  /** How many hits can be made from it; null: no limit. */
  hitLimit: number | null;
}

export interface ContentRecord {
  current: ContentCard | null;
  from: number;
  next: ContentCard | null;
  labels: string[];
  mostLabels: number;
  applied: number;
  refused: number;
  lastError: string;
}

export interface MemberRecord {
  worker: PoolWorker;
  incarnation: string | null;
  state: MemberState;
  lanes: number;
  startedAt: number;
  /** When it ended or was lost; null: it is live. */
  endedAt: number | null;
  /** Its process has ended. */
  gone: boolean;
  /** Another shall take its place. */
  outdated: boolean;
  /** Its part was over when it ended. */
  released: boolean;
  /** A successor was about to be started. */
  succeeding: boolean;
  /** It had a share in a part that is not in the course any more. */
  served: boolean;
  problem: string;
  saturated: boolean;
  votes: number;
  voteReason: string;
  sent: number;
  dropped: number;
  /** Planned hits of its share in parts that are not in the course any more. */
  settled: PlannedCounts;
  cursors: number[];
  /** What it had counted when it was lost; null: it can tell that itself, or it is in the base. */
  counts: SparseVector | null;
}

/** What can not change any more. */
export interface BaseRecord {
  planned: PlannedCounts;
  saturated: boolean;
  /** A tally, followed by the counts of the warm-up. */
  counts: SparseVector;
}

export interface ReplacementsRecord {
  index: number;
  /** The newest replacement that there ever was. */
  newest: number;
  /** When workers of this index were lately replaced because they were lost. */
  at: number[];
}
