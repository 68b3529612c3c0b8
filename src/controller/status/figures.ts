import { type LoadTestStatus, MAX_LISTED_VOTES } from '../../api/status.ts';
import { formatMs, formatRate, formatShare } from '../../report/format.ts';
import type { Summary } from '../../report/summary.ts';

/** The figures of a run as a status has them. @param achieved hits sent a second of late; null: over the whole run */
export function figuresOf(
  summary: Summary,
  achieved: number | null,
): Pick<LoadTestStatus, 'rate' | 'counts' | 'latency' | 'success' | 'templates'> {
  const { counts, serviceTimeMs, templates } = summary;
  const answered = counts.succeeded + counts.failed > 0;
  return {
    rate: { target: rateText(summary.rate.target), achieved: rateText(achieved ?? summary.rate.achieved) },
    counts: { ...counts },
    ...(answered
      ? {
          latency: {
            p50: timeText(serviceTimeMs.p50),
            p90: timeText(serviceTimeMs.p90),
            p95: timeText(serviceTimeMs.p95),
            p99: timeText(serviceTimeMs.p99),
            max: timeText(serviceTimeMs.max),
          },
          success: formatShare(summary.success),
        }
      : {}),
    templates: {
      ...(templates.digest === '' ? {} : { digest: templates.digest }),
      workersUpdated: templates.workersUpdated,
      ...(templates.lastError === '' ? {} : { lastError: templates.lastError.slice(0, 4096) }),
    },
  };
}

/** Those with most votes first. @param since worker to the instant at which it had its first vote */
export function votesOf(
  { votes }: Summary,
  since: ReadonlyMap<string, string>,
): NonNullable<LoadTestStatus['votes']> {
  const workers = [...votes.workers]
    .sort((a, b) => b.votes - a.votes || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_LISTED_VOTES)
    .map(({ name, votes: count, reason }) => {
      const at = since.get(name);
      return {
        name,
        votes: count,
        ...(at === undefined ? {} : { since: at }),
        reason: reason.slice(0, 1024),
      };
    });
  return { highest: votes.highest, limit: votes.limit, workers };
}

/** Without what only helps the eye, so that scripts can read it: `4999.8/s`. */
function rateText(perSecond: number): string {
  return formatRate(perSecond).replaceAll(',', '');
}

/** `12.3ms`. */
function timeText(ms: number): string {
  return formatMs(ms).replaceAll(' ', '');
}
