import type { SampleReason } from '../attack/hit-sample.ts';
import type { DropReason } from '../metrics/outcome.ts';
import type { Verdict } from '../stop/verdict.ts';

/**
 * What a run returns: the JSON of `taz run --output json`, and what every report is made from.
 * Rates are hits per second, times milliseconds, shares 0–1. Two laws hold in each summary:
 * `scheduled = sent + dropped + unreported` and `sent = succeeded + failed + interrupted + inFlight`.
 */
export interface Summary {
  name: string;
  run: string;
  /** null while the run goes on. */
  verdict: Verdict | null;
  reason: string;
  /** RFC 3339; null before the start or the end. */
  startedAt: string | null;
  finishedAt: string | null;
  rate: { target: number; achieved: number };
  counts: SummaryCounts;
  warmup: { counts: SummaryCounts };
  /** `succeeded / (succeeded + failed)`; null where nothing was answered. */
  success: number | null;
  serviceTimeMs: Times;
  responseTimeMs: Times;
  lagMs: { p50: number; p99: number; max: number };
  /** Sizes of bodies, in bytes. */
  bytes: { out: number; in: number };
  /** Class of failure to count: `http_503`, `timeout`, … */
  failures: Record<string, number>;
  drops: Record<DropReason, number>;
  /** HTTP status to count, of successes and failures. */
  statuses: Record<string, number>;
  targets: Record<string, { counts: Omit<SummaryCounts, 'scheduled' | 'unreported'>; serviceTimeMs: Times }>;
  votes: { highest: number; limit: number; workers: { name: string; votes: number; reason: string }[] };
  templates: TemplatesSummary;
  generatorSaturated: boolean;
  /** Some of the hits of workers that send no more, in the order of sending: at most `spec.results.samples`. */
  samples: SampleSummary[];
  workers: {
    name: string;
    state: string;
    lanes: number;
    sent: number;
    dropped: number;
    unreported: number;
    problem: string;
  }[];
}

export interface TemplatesSummary {
  /** Of the set in use. */
  digest: string;
  /** How many workers send from it, of how many: `2/3`. */
  workersUpdated: string;
  /** Sets that took the place of another while the run went on, and sets that were refused. */
  applied: number;
  refused: number;
  /** Why there is no newer set: the last one was refused, or could not be read. Empty where nothing was wrong. */
  lastError: string;
}

/** One hit, without headers and bodies. */
export interface SampleSummary {
  /** RFC 3339. */
  sentAt: string;
  /** Why it was chosen: among those that failed, as one of the slowest that succeeded, or among all others. */
  chosen: SampleReason;
  /** Template or canned target. */
  target: string;
  method: string;
  /** Without its query. */
  url: string;
  /** `succeeded`, `interrupted` or the class of failure. */
  outcome: string;
  /** HTTP status; 0 where none came. */
  status: number;
  serviceTimeMs: number;
  lagMs: number;
  error: string;
  /** Index in the schedule. */
  hit: number;
}

export interface SummaryCounts {
  scheduled: number;
  sent: number;
  succeeded: number;
  failed: number;
  dropped: number;
  interrupted: number;
  unreported: number;
  inFlight: number;
}

export interface Times {
  mean: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  max: number;
}
