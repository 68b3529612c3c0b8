import type { RunSnapshot } from '../../coordinator/snapshot.ts';
import { HISTOGRAM_BUCKETS, Histogram } from '../../metrics/histogram.ts';
import { type Counts, dropped } from '../../metrics/tally.ts';

/** What "now" means in a display, in ms: figures of less are too jumpy to read. */
const RECENT_MS = 5000;
const SECOND_MS = 1000;
/** How many seconds of history are kept. */
const HISTORY = 120;

/** Figures of the last seconds, from the difference of two snapshots. */
export interface Recent {
  /** Hits sent a second. */
  rate: number;
  /** Service times in ms; null where nothing was answered. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** One second of a run. */
export interface HistoryPoint {
  rate: number;
  /** p99 of service time in ms; null where nothing was answered. */
  p99: number | null;
}

/** What was counted until an instant. */
interface Sample {
  atMs: number;
  /** Hits sent, with those of the warm-up. */
  sent: number;
  service: Float64Array;
}

/**
 * Turns the cumulative counts of snapshots into figures of the last seconds and a history of seconds. Its clock is the
 * run time in the snapshots; its memory is fixed.
 */
export class DisplayState {
  snapshot: RunSnapshot | null = null;
  /** One for each second that has passed, the newest last. */
  readonly history: HistoryPoint[] = [];
  /** One sample a second, the oldest just beyond the last seconds. */
  readonly #samples: Sample[] = [];
  #recent: Recent = { rate: 0, p50: null, p95: null, p99: null };

  get recent(): Recent {
    return this.#recent;
  }

  update(snapshot: RunSnapshot): void {
    const previous = this.snapshot;
    this.snapshot = snapshot;
    if (previous && (previous.run !== snapshot.run || snapshot.elapsedMs < previous.elapsedMs))
      this.#forget();
    if (snapshot.startedAt === null) return;
    const now = sampleOf(snapshot);
    const last = this.#samples.at(-1);
    if (!last) {
      this.#samples.push(now);
      return;
    }
    this.#recent = between(this.#oldestRecent(now.atMs), now);
    if (now.atMs - last.atMs >= SECOND_MS) this.#keep(last, now);
  }

  /** A gap between snapshots of several seconds is that many equal points. */
  #keep(last: Sample, now: Sample): void {
    const { rate, p99 } = between(last, now);
    const seconds = Math.min(HISTORY, Math.round((now.atMs - last.atMs) / SECOND_MS));
    for (let i = 0; i < seconds; i++) this.history.push({ rate, p99 });
    this.history.splice(0, this.history.length - HISTORY);
    this.#samples.push({ ...now, service: now.service.slice() });
    while (this.#samples.length > 2 && now.atMs - this.#samples[1]!.atMs >= RECENT_MS) this.#samples.shift();
  }

  /** The newest sample that is as old as the last seconds are long, or the oldest there is. */
  #oldestRecent(nowMs: number): Sample {
    return this.#samples.findLast((sample) => nowMs - sample.atMs >= RECENT_MS) ?? this.#samples[0]!;
  }

  #forget(): void {
    this.history.length = 0;
    this.#samples.length = 0;
    this.#recent = { rate: 0, p50: null, p95: null, p99: null };
  }
}

/** Hits of the main part and of the warm-up together, as a display counts them while both may go on. */
export function shownCounts(snapshot: RunSnapshot): Counts & { dropped: number } {
  const main = snapshot.tally.counts;
  const warmup = snapshot.warmup.counts;
  const sum = (key: 'sent' | 'succeeded' | 'failed' | 'interrupted' | 'inFlight') => main[key] + warmup[key];
  return {
    sent: sum('sent'),
    succeeded: sum('succeeded'),
    failed: sum('failed'),
    interrupted: sum('interrupted'),
    inFlight: sum('inFlight'),
    dropped: dropped(main) + dropped(warmup),
    drops: {
      busy: main.drops.busy + warmup.drops.busy,
      late: main.drops.late + warmup.drops.late,
      local: main.drops.local + warmup.drops.local,
      template: main.drops.template + warmup.drops.template,
    },
  };
}

function sampleOf(snapshot: RunSnapshot): Sample {
  return {
    atMs: snapshot.elapsedMs,
    sent: shownCounts(snapshot).sent,
    service: snapshot.tally.service.histogram.counts.slice(),
  };
}

/** Counts only grow, but a lost worker's may be told late: never below 0. */
function between(from: Sample, to: Sample): Recent {
  const times = new Histogram();
  let answered = 0;
  for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    const count = Math.max(0, to.service[bucket]! - from.service[bucket]!);
    times.counts[bucket] = count;
    answered += count;
  }
  const spanMs = to.atMs - from.atMs;
  const time = (p: number) => (answered === 0 ? null : times.percentile(p) / 1000);
  return {
    rate: spanMs > 0 ? (Math.max(0, to.sent - from.sent) * 1000) / spanMs : 0,
    p50: time(50),
    p95: time(95),
    p99: time(99),
  };
}
