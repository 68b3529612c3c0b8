import type { Run } from '../run/run.ts';
import type { Tenure } from '../tenure.ts';
import { LAST_WORD_MS } from '../timing.ts';

/**
 * The phase `Draining`: waits for the last words of all workers, and gives up those that do not come.
 * @param now clock time, in ms
 * @returns whether all is said
 */
export function drain({ crew, life }: Run, tenure: Tenure, now: number): boolean {
  const { speaking, members } = crew;
  const isUnsaved = members.some(({ state, saved }) => state === 'ended' && !saved);
  if ((speaking.length > 0 || isUnsaved) && tenure.since(life.stoppedAt!, now) < LAST_WORD_MS) return false;
  for (const member of speaking) crew.lose(member, 'gave no last word');
  return true;
}
