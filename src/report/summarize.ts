import type { RunSnapshot } from '../coordinator/snapshot.ts';
import type { Distribution } from '../metrics/distribution.ts';
import { type Counts, dropped } from '../metrics/tally.ts';
import type { Summary, SummaryCounts, Times } from './summary.ts';

/** Makes the summary of a run, as it stands at the snapshot's instant. */
export function summarize(snapshot: RunSnapshot): Summary {
  const { tally, votes } = snapshot;
  const { counts } = tally;
  const answered = counts.succeeded + counts.failed;
  return {
    name: snapshot.name,
    run: snapshot.run,
    verdict: snapshot.verdict,
    reason: snapshot.reason,
    startedAt: rfc3339(snapshot.startedAt),
    finishedAt: rfc3339(snapshot.finishedAt),
    rate: { target: rounded(snapshot.targetRate), achieved: achievedRate(snapshot, counts) },
    counts: summaryCounts(counts, snapshot.scheduled, snapshot.unreported),
    warmup: {
      counts: summaryCounts(snapshot.warmup.counts, snapshot.warmup.scheduled, snapshot.warmup.unreported),
    },
    success: answered === 0 ? null : counts.succeeded / answered,
    serviceTimeMs: times(tally.service),
    responseTimeMs: times(tally.response),
    lagMs: {
      p50: toMs(tally.lag.percentileUs(50)),
      p99: toMs(tally.lag.percentileUs(99)),
      max: toMs(tally.lag.maxUs),
    },
    bytes: { out: tally.bytesOut, in: tally.bytesIn },
    failures: tally.failures(),
    drops: counts.drops,
    statuses: tally.statuses(),
    targets: targets(snapshot),
    votes: {
      highest: votes.highest,
      limit: votes.limit,
      workers: votes.workers.map((worker) => ({ ...worker })),
    },
    templates: templates(snapshot),
    generatorSaturated: snapshot.generatorSaturated,
    samples: samples(snapshot),
    workers: snapshot.workers.map(({ name, state, lanes, sent, dropped, unreported, problem }) => ({
      name,
      state,
      lanes,
      sent,
      dropped,
      unreported,
      problem,
    })),
  };
}

/**
 * Hits sent a second over the schedule time that the main part has had until now: without the warm-up, without what
 * was spent suspended, and not counting the wait for answers after the last due hit. 0 where it has had none.
 */
export function achievedRate(
  { scheduleMs, durationMs, warmupMs }: Pick<RunSnapshot, 'scheduleMs' | 'durationMs' | 'warmupMs'>,
  { sent }: Pick<Counts, 'sent'>,
): number {
  const mainMs = Math.min(scheduleMs, durationMs ?? Number.POSITIVE_INFINITY) - warmupMs;
  return mainMs > 0 ? rounded((sent * 1000) / mainMs) : 0;
}

function summaryCounts(counts: Counts, scheduled: number, unreported: number): SummaryCounts {
  const { sent, succeeded, failed, interrupted, inFlight } = counts;
  return { scheduled, sent, succeeded, failed, dropped: dropped(counts), interrupted, unreported, inFlight };
}

function templates({ templates }: RunSnapshot): Summary['templates'] {
  const { digest, updated, of, applied, refused, lastError } = templates;
  return { digest, workersUpdated: `${updated}/${of}`, applied, refused, lastError };
}

/** Only what occurred: a set of templates holds many that never make a target by themselves. */
function targets({ tally, labels }: RunSnapshot): Summary['targets'] {
  // A null prototype: a template may be called `__proto__`.
  const found: Summary['targets'] = Object.create(null);
  labels.forEach((name, index) => {
    const label = tally.label(index);
    const { counts } = label;
    const drops = dropped(counts);
    if (counts.sent === 0 && drops === 0) return;
    const { sent, succeeded, failed, interrupted, inFlight } = counts;
    found[name] = {
      counts: { sent, succeeded, failed, dropped: drops, interrupted, inFlight },
      serviceTimeMs: times(label.service),
    };
  });
  return found;
}

function samples({ samples, labels }: RunSnapshot): Summary['samples'] {
  return samples.map(({ chosen, sample }) => {
    const { label, method, url, outcome, status, error, sentAtWall, serviceMs, lagMs, hit } = sample;
    return {
      sentAt: rfc3339(sentAtWall)!,
      chosen,
      target: labels[label] ?? '',
      method,
      url,
      outcome,
      status,
      serviceTimeMs: rounded(serviceMs),
      lagMs: rounded(lagMs),
      error,
      hit,
    };
  });
}

export function times(distribution: Distribution): Times {
  const { mean, p50, p90, p95, p99, max } = distribution.timesMs();
  return {
    mean: rounded(mean),
    p50: rounded(p50),
    p90: rounded(p90),
    p95: rounded(p95),
    p99: rounded(p99),
    max: rounded(max),
  };
}

function toMs(us: number): number {
  return rounded(us / 1000);
}

/** Three decimals: microseconds in times, thousandths of a hit in rates. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function rfc3339(wallMs: number | null): string | null {
  return wallMs === null ? null : new Date(wallMs).toISOString();
}
