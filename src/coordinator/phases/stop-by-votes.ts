import type { StopSpec } from '../../api/run-spec.ts';
import { decide } from '../../stop/decide.ts';
import type { Member } from '../crew/member.ts';

/** Why the votes of these members end the run, in words; null: they do not. */
export function stopByVotes(members: readonly Member[], stop: StopSpec): string | null {
  const ballot = members.map(({ name, votes }) => ({ name, votes, limit: stop.votes }));
  const decision = decide(ballot, stop.decidedBy);
  if (decision === null) return null;
  const reason = members.find(({ name }) => name === decision.worker)?.voteReason ?? '';
  const others = decision.atLimit.length - 1;
  const also = others > 0 ? ` (and ${others} more of ${decision.live} workers)` : '';
  return `${decision.worker}${also} reached ${stop.votes} votes: ${reason}`;
}
