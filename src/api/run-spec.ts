import type { EventOptions } from '../template/content.ts';
import type { Protocol } from '../transport/protocol.ts';
import type { Rational } from '../units/rational.ts';

/**
 * A valid LoadTest in the units the machine works with: rates exact, durations in milliseconds, shares from 0 to 1,
 * every default filled in. The manifest's own form is `LoadTest`; `toRunSpec` is the only way from one to the other.
 */
export interface RunSpec {
  name: string;
  schedule: ScheduleSpec;
  /** How long hits are due, in ms; null: until it is stopped, or until the stages end. */
  durationMs: number | null;
  maxLagMs: number;
  startTimeoutMs: number;
  /** The first part of schedule and duration, in ms; 0: none. */
  warmupMs: number;
  suspend: boolean;
  protocol: Protocol;
  source: SourceSpec;
  variables: VariableSpec[];
  events: EventOptions;
  stopWhen: StopSpec | null;
  workers: WorkersSpec;
  /** How many single hits the result tells of, at most. */
  samples: number;
}

/** The rate curve, in hits per second. */
export type ScheduleSpec =
  | { kind: 'constant'; rate: Rational }
  | { kind: 'stages'; stages: StageSpec[] }
  | { kind: 'wave'; mean: Rational; amplitude: Rational; periodMs: number };

/** A straight line from one rate to another; a hold has both equal. The first line starts at 0/s unless it says `from`. */
export interface StageSpec {
  from: Rational;
  to: Rational;
  overMs: number;
}

/** Where templates or canned targets come from; later sources win by name. */
export type SourceSpec = {
  from: SourceItem[];
  /** How often they are looked at again, in ms; null: only when it is asked for. */
  reloadMs: number | null;
} & ({ kind: 'templates'; entry: string } | { kind: 'targets'; loop: boolean });

export type SourceItem =
  | { inline: Record<string, string> }
  | { configMap: { name: string } }
  | { directory: { path: string } }
  | { s3: S3Spec };

/** Objects of a bucket. */
export interface S3Spec {
  bucket: string;
  /** What the names of the objects begin with; empty: all are meant. */
  prefix: string;
  /** Null: that of the environment or of the shared profile. */
  region: string | null;
  /** Base URL of a service that speaks S3; null: the cloud's own. */
  endpoint: string | null;
  /** Whether the bucket stands in the path of the URL and not in its host. */
  pathStyle: boolean;
  /** Name of the Secret with the keys; null: the cloud's usual ways. */
  secret: string | null;
}

export type VariableSpec =
  | { name: string; value: string }
  | { name: string; values: string[] }
  | { name: string; secret: { name: string; key: string } }
  | { name: string; configMap: { name: string; key: string } };

export interface StopSpec {
  /** Share of successes under which a window is unhealthy, 0–1; null: not judged. */
  successBelow: number | null;
  /** Service time over which a window is unhealthy, in ms; null: not judged. */
  latencyAboveMs: number | null;
  /** Which percentile of service time is judged, 0–100. */
  percentile: number;
  windowMs: number;
  /** Votes at which a worker says stop. */
  votes: number;
  /** A window with fewer outcomes judges nothing. */
  minOutcomes: number;
  decidedBy: 'AnyWorker' | 'MajorityOfWorkers' | 'AllWorkers';
}

export interface WorkersSpec {
  /** The least number of workers. */
  replicas: number;
  /** The most one worker may be asked to send, in hits per second; null: no limit. May raise the number of workers. */
  maxRatePerWorker: Rational | null;
  onLoss: 'Rebalance' | 'Hold' | 'Stop';
  leaseMs: number | null;
  afterLease: 'Stop' | 'Continue';
}
