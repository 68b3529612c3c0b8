import type { Summary } from '../report/summary.ts';
import type { Verdict } from '../stop/verdict.ts';

/** A run that has come to its end, as far as what comes after depends on it. */
export interface Ended {
  /** Id of the run. */
  run: string;
  /** Key of the spec that it had taken over, see `runKey`. */
  key: string;
  verdict: Verdict;
  reason: string;
  /** RFC 3339. */
  finishedAt: string;
  /** null: what the status has of it is all that is left. */
  summary: Summary | null;
}

/** Of a summary whose run has ended. */
export function endedOf(summary: Summary, key: string): Ended {
  const { run, verdict, reason, finishedAt } = summary;
  return { run, key, verdict: verdict!, reason, finishedAt: finishedAt!, summary };
}
