import type { Ending } from '../run/life.ts';
import type { Run } from '../run/run.ts';

/** Starts workers that are missing. @returns why the run cannot go on without one; null: it can */
export function replaceMissing({ crew, course, terms }: Run): Ending | null {
  const { plan } = course;
  const keepTrying = plan !== null && plan.durationMs === null;
  const reason = crew.replaceMissing(terms.workers, keepTrying);
  return reason === null ? null : { verdict: 'Failed', reason };
}
