import { DROP_REASONS } from '../../metrics/outcome.ts';
import { formatCount, formatMs, formatRate, formatShare, formatSpan } from '../../report/format.ts';
import { printable } from '../../report/layout.ts';
import { styleFor } from '../../report/style.ts';
import { phaseText } from './frame.ts';
import { type DisplayState, shownCounts } from './state.ts';

const PLAIN = styleFor(false);

/** The figures of the live block on one line, for logs; empty while there is nothing to show. */
export function plainLine(state: DisplayState): string {
  const { snapshot, recent } = state;
  if (!snapshot) return '';
  const counts = shownCounts(snapshot);
  const answered = counts.succeeded + counts.failed;
  const { durationMs, votes, tally } = snapshot;
  const time = formatSpan(snapshot.elapsedMs) + (durationMs === null ? '' : ` of ${formatSpan(durationMs)}`);
  const drops = DROP_REASONS.filter((reason) => counts.drops[reason] > 0).map(
    (reason) => `${reason} ${formatCount(counts.drops[reason])}`,
  );
  const parts = [
    `${printable(snapshot.name)} ${phaseText(snapshot, PLAIN)} ${time}`,
    `rate ${formatRate(Math.round(recent.rate * 100) / 100)} of ${formatRate(snapshot.targetRate)}`,
    `sent ${formatCount(counts.sent)}`,
    `in flight ${formatCount(counts.inFlight)}`,
    `dropped ${formatCount(counts.dropped)}${drops.length > 0 ? ` (${drops.join(', ')})` : ''}`,
    `success ${formatShare(answered === 0 ? null : counts.succeeded / answered)}`,
    `p50 ${formatMs(recent.p50)}`,
    `p95 ${formatMs(recent.p95)}`,
    `p99 ${formatMs(recent.p99)}`,
    `lag p99 ${formatMs(tally.lag.total > 0 ? tally.lag.percentileUs(99) / 1000 : null)}`,
    ...(votes.limit > 0 ? [`votes ${votes.highest}/${votes.limit}`] : []),
  ];
  return parts.join('  ');
}
