import type { ChosenSample } from '../attack/hit-sample.ts';
import type { Counts, Tally } from '../metrics/tally.ts';
import type { Verdict } from '../stop/verdict.ts';
import type { PoolWorker } from './worker-pool.ts';

/** A run as the coordinator sees it at one instant: what displays, summaries and statuses are made from. */
export interface RunSnapshot {
  name: string;
  /** Id of this run. */
  run: string;
  phase: 'Preparing' | 'Running' | 'Draining' | 'Ended';
  verdict: Verdict | null;
  /** The verdict in words; empty while there is none. */
  reason: string;
  /** Wall clock, ms since 1970; null before the start or the end. */
  startedAt: number | null;
  finishedAt: number | null;
  /** Run time now, in ms since the start; 0 before it; stands still at the end. */
  elapsedMs: number;
  /** Schedule time now, in ms: run time without what was spent suspended. */
  scheduleMs: number;
  /** The first part of schedule time, in ms: what is due in it is the warm-up; 0: none. */
  warmupMs: number;
  /** Schedule time at which the last hit is due, in ms; null: never. */
  durationMs: number | null;
  suspended: boolean;
  /** True while hits of the warm-up are due. */
  warmingUp: boolean;
  /** Hits per second due now; of an ended run, the mean over its schedule. */
  targetRate: number;
  /** Of the main part (after the warm-up): from the plan, not from counters. */
  scheduled: number;
  unreported: number;
  tally: Tally;
  warmup: { scheduled: number; unreported: number; counts: Counts };
  /** Names of the label indexes in `tally`. */
  labels: string[];
  /** True when a window was void because the generator itself was too slow, at any time in this run. */
  generatorSaturated: boolean;
  votes: {
    highest: number;
    /** 0 where the test has no stop rule. */
    limit: number;
    workers: { name: string; votes: number; reason: string }[];
  };
  templates: TemplatesSnapshot;
  /** Of workers that send no more. */
  samples: ChosenSample[];
  workers: WorkerSnapshot[];
}

/** What of a run decides what people are told of it, without its counts. */
export interface RunOutline {
  phase: RunSnapshot['phase'];
  /** The verdict in words; empty while there is none. */
  reason: string;
  suspended: boolean;
  /** Wall clock, ms since 1970; null before the start is named. */
  startedAt: number | null;
  /** Of the set that hits are made from; null: there is none yet. */
  digest: string | null;
  /** Why there is no newer set, in words; empty while nothing is wrong. */
  contentError: string;
  /** An earlier coordinator may have named the start, and it is not known yet whether that was heard. */
  restoring: boolean;
  /** Why the run cannot be saved, in words; empty while it can. */
  saveError: string;
  /** Every worker that an earlier coordinator had has been heard: before, counts are not whole. */
  complete: boolean;
  /** How many workers could send now. */
  ready: number;
  /** Those that should be there and cannot send yet. */
  missing: PoolWorker[];
}

/** Which set of templates or targets is in use. */
export interface TemplatesSnapshot {
  digest: string;
  /** How many workers send from it, of how many. */
  updated: number;
  of: number;
  /** Sets that took the place of another while the run went on, and sets that were refused. */
  applied: number;
  refused: number;
  /** Why there is no newer set: the last one was refused, or cannot be read. In words; empty while nothing is wrong. */
  lastError: string;
}

export interface WorkerSnapshot {
  name: string;
  index: number;
  /** How often the worker of this index has been replaced before this one. */
  replacement: number;
  state: 'starting' | 'ready' | 'running' | 'leaving' | 'ended' | 'lost';
  lanes: number;
  /** Counts of the main part. */
  sent: number;
  dropped: number;
  unreported: number;
  /** What went wrong with it, in words; empty when nothing did. */
  problem: string;
}
