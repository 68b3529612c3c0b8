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
  /** Nobody knows what it has sent, since what was kept of it is gone. */
  lost: boolean;
}

/** A run of which nobody knows what it has sent: it is ended, and not made up for, as it may have sent all it should. */
export function lostEnd(run: string, key: string, why: string, now: Date): Ended {
  const reason = `what was kept of the run is lost (${why}): it was ended, as nobody knows what it has sent`;
  return { run, key, verdict: 'Failed', reason, finishedAt: now.toISOString(), summary: null, lost: true };
}

/** Of a summary whose run has ended. */
export function endedOf(summary: Summary, key: string): Ended {
  const { run, verdict, reason, finishedAt } = summary;
  // What is kept of them stands in the result; here they would fill the memory with every test that ended.
  const figures = { ...summary, samples: [] };
  return { run, key, verdict: verdict!, reason, finishedAt: finishedAt!, summary: figures, lost: false };
}
