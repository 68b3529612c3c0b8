import { inSeconds } from '../../units/duration.ts';
import type { Run } from '../run/run.ts';

/** Gives up members that were silent for their lease or, while the run goes on, are not ready in time. @param now clock time, in ms */
export function endLeases(run: Run, now: number): void {
  const { spec, terms, life, crew } = run;
  const { startTimeoutMs } = spec;
  for (const member of crew.members) {
    if (!member.live) continue;
    if (member.answeredAt !== null && now - member.answeredAt > terms.leaseMs) {
      crew.lose(member, `gave no sign of life for ${inSeconds(terms.leaseMs)}`);
    } else if (member.state === 'starting' && now - member.startedAt > startTimeoutMs) {
      if (life.phase === 'Running') crew.lose(member, `was not ready within ${inSeconds(startTimeoutMs)}`);
    }
  }
}
