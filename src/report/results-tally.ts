import { Histogram } from '../metrics/histogram.ts';
import { DROP_REASONS, LOCAL, SUCCEEDED } from '../metrics/outcome.ts';
import { Tally } from '../metrics/tally.ts';
import { MAX_LABELS } from '../template/content.ts';
import { INTERRUPTED, type ResultLine } from './result-line.ts';
import { times } from './summarize.ts';
import type { Summary, Times } from './summary.ts';
import type { VegetaFigures } from './vegeta-text.ts';

const LOCAL_DROP = DROP_REASONS.indexOf('local');
const MOST_ERRORS = 20;
const MOST_ATTACKS = 10_000;

/**
 * What result files tell about an attack: the `Summary` of a run with null for what only the run itself knows (the plan,
 * the drops, the verdict). Hits of a warm-up are in the file like all others.
 */
export interface ResultsReport {
  files: string[];
  /** How many attack names occur: lanes, as Taz writes them. At most 10,000 are told apart. */
  attacks: number;
  /** When the first hit was sent and when the last answer came, RFC 3339; null where there is none. */
  startedAt: string | null;
  finishedAt: string | null;
  /** `achieved`: hits a second between the first send and the last; null for fewer than two instants. */
  rate: { target: null; achieved: number | null };
  counts: {
    scheduled: null;
    sent: number;
    succeeded: number;
    failed: number;
    dropped: null;
    interrupted: number;
    unreported: null;
    inFlight: null;
  };
  success: number | null;
  serviceTimeMs: Times | null;
  /** null unless every line tells the lag. */
  responseTimeMs: Times | null;
  lagMs: { p50: number; p99: number; max: number } | null;
  bytes: { out: number; in: number };
  failures: Record<string, number>;
  /** Hits that could not leave this machine: the only drops that a file can know. */
  drops: { local: number };
  statuses: Record<string, number>;
  targets: Record<
    string,
    {
      counts: { sent: number; succeeded: number; failed: number; interrupted: number };
      serviceTimeMs: Times;
    }
  >;
  /** Texts of errors, each once, in the order in which they came; at most 20. */
  errors: string[];
}

/** Counts the lines of result files, in fixed memory for any number of them. */
export class ResultsTally {
  readonly #tally = new Tally(MAX_LABELS);
  readonly #labels = new Map<string, number>();
  readonly #attacks = new Set<string>();
  readonly #errors = new Set<string>();
  readonly #latencies = new Histogram();
  readonly #codes = new Map<number, number>();
  #requests = 0;
  #withLag = 0;
  #latencyNs = 0;
  #leastNs = Number.POSITIVE_INFINITY;
  #mostNs = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;
  #end = Number.NEGATIVE_INFINITY;
  #bytesOut = 0;
  #bytesIn = 0;

  add(line: ResultLine): void {
    const label = this.#labelOf(line.target);
    const serviceUs = line.latencyNs / 1000;
    const lagUs = (line.lagNs ?? 0) / 1000;
    // That of a message only stands for its acknowledgement.
    const status = line.method === 'PUBLISH' ? 0 : line.code;
    if (line.outcome === LOCAL) {
      this.#tally.drop(label, LOCAL_DROP);
    } else {
      if (line.lagNs !== null) this.#withLag++;
      this.#tally.send(label, lagUs);
      if (line.outcome === INTERRUPTED) this.#tally.interrupt(label);
      else if (line.outcome === SUCCEEDED)
        this.#tally.succeed(label, status, serviceUs, serviceUs + lagUs, line.bytesOut, line.bytesIn);
      else
        this.#tally.fail(
          label,
          line.outcome,
          status,
          serviceUs,
          serviceUs + lagUs,
          line.bytesOut,
          line.bytesIn,
        );
    }
    this.#addAsVegeta(line);
  }

  report(files: string[]): ResultsReport {
    const tally = this.#tally;
    const { sent, succeeded, failed, interrupted, drops } = tally.counts;
    const answered = succeeded + failed;
    const lagKnown = sent > 0 && this.#withLag === sent;
    const spanMs = this.#last - this.#first;
    return {
      files,
      attacks: this.#attacks.size,
      startedAt: rfc3339(this.#first),
      finishedAt: rfc3339(this.#end),
      rate: { target: null, achieved: spanMs > 0 ? rounded((sent * 1000) / spanMs) : null },
      counts: {
        scheduled: null,
        sent,
        succeeded,
        failed,
        dropped: null,
        interrupted,
        unreported: null,
        inFlight: null,
      },
      success: answered === 0 ? null : succeeded / answered,
      serviceTimeMs: answered === 0 ? null : times(tally.service),
      responseTimeMs: lagKnown && answered > 0 ? times(tally.response) : null,
      lagMs: lagKnown ? lagTimes(tally) : null,
      bytes: { out: this.#bytesOut, in: this.#bytesIn },
      failures: tally.failures(),
      drops: { local: drops.local },
      statuses: tally.statuses(),
      targets: this.#targets(),
      errors: [...this.#errors],
    };
  }

  /** The same lines in Vegeta's own figures, to compare with its report. */
  vegeta(): VegetaFigures {
    const requests = this.#requests;
    return {
      requests,
      succeeded: [...this.#codes].reduce((sum, [code, n]) => (code >= 200 && code < 400 ? sum + n : sum), 0),
      attackNs: requests === 0 ? 0 : (this.#last - this.#first) * 1e6,
      waitNs: requests === 0 ? 0 : (this.#end - this.#last) * 1e6,
      latencyNs: {
        min: requests === 0 ? 0 : this.#leastNs,
        mean: requests === 0 ? 0 : this.#latencyNs / requests,
        max: this.#mostNs,
        percentile: (p) =>
          Math.max(this.#leastNs, Math.min(this.#latencies.percentile(p) * 1000, this.#mostNs)),
      },
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      codes: [...this.#codes].sort(([a], [b]) => a - b),
      errors: [...this.#errors],
    };
  }

  #addAsVegeta(line: ResultLine): void {
    const { latencyNs, sentAtWall, code, error } = line;
    this.#requests++;
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1);
    this.#latencies.record(latencyNs / 1000);
    this.#latencyNs += latencyNs;
    if (latencyNs < this.#leastNs) this.#leastNs = latencyNs;
    if (latencyNs > this.#mostNs) this.#mostNs = latencyNs;
    if (sentAtWall < this.#first) this.#first = sentAtWall;
    if (sentAtWall > this.#last) this.#last = sentAtWall;
    if (sentAtWall + latencyNs / 1e6 > this.#end) this.#end = sentAtWall + latencyNs / 1e6;
    this.#bytesOut += line.bytesOut;
    this.#bytesIn += line.bytesIn;
    if (this.#attacks.size < MOST_ATTACKS) this.#attacks.add(line.attack);
    if (error !== '' && this.#errors.size < MOST_ERRORS) this.#errors.add(error);
  }

  /** Beyond the most labels, and where the file does not say, hits are counted under the last one. */
  #labelOf(target: string | null): number {
    const rest = MAX_LABELS - 1;
    if (target === null) return rest;
    const known = this.#labels.get(target);
    if (known !== undefined) return known;
    if (this.#labels.size === rest) return rest;
    const label = this.#labels.size;
    this.#labels.set(target, label);
    return label;
  }

  #targets(): ResultsReport['targets'] {
    const found: ResultsReport['targets'] = Object.create(null);
    if (this.#labels.size === 0) return found;
    for (const [name, index] of [...this.#labels, ['other', MAX_LABELS - 1] as const]) {
      const label = this.#tally.label(index);
      const { sent, succeeded, failed, interrupted } = label.counts;
      if (sent === 0) continue;
      found[name] = { counts: { sent, succeeded, failed, interrupted }, serviceTimeMs: times(label.service) };
    }
    return found;
  }
}

function lagTimes({ lag }: Tally): Summary['lagMs'] {
  const { p50, p99, max } = times(lag);
  return { p50, p99, max };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function rfc3339(wallMs: number): string | null {
  return Number.isFinite(wallMs) ? new Date(wallMs).toISOString() : null;
}
