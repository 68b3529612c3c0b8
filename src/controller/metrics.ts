import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { RunSnapshot } from '../coordinator/snapshot.ts';
import type { ApiCall } from '../kube/connection.ts';
import { type Counts, dropped } from '../metrics/counts.ts';
import { Rising, type Sample, Series } from '../metrics/series.ts';
import type { Verdict } from '../stop/verdict.ts';

/** A run that goes on, for a scrape. */
export interface RunningTest {
  namespace: string;
  name: string;
  snapshot: () => RunSnapshot;
}

/** What is read when the controller is scraped. */
export interface ControllerView {
  leads: boolean;
  /** Keys that wait to be reconciled. */
  queued: number;
  /** Watched resource to how long ago the API server was last heard of, in ms. */
  watchAgesMs: Record<string, number>;
  /** Watched resource to how many of its objects exist that there is no place for. */
  unseen: Record<string, number>;
  tests: number;
  /** How many tests run, and the first of them, at most `MOST_TOLD`. */
  running: number;
  told: readonly RunningTest[];
  eventsDropped: number;
}

/** The most running tests that have series of their own: beyond, only their number is told. */
export const MOST_TOLD = 200;

const SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

/** `/metrics` of the controller: its own work, and the merged figures of each test that runs. */
export class ControllerMetrics {
  readonly #registry = new Registry();
  readonly #reconciles: Counter<'result'>;
  readonly #reconcileTimes: Histogram;
  readonly #calls: Counter<'verb' | 'resource' | 'outcome'>;
  readonly #callTimes: Histogram<'verb'>;
  readonly #verdicts: Counter<'verdict'>;
  #view: ControllerView | null = null;
  #snapshots: TestSnapshot[] | null = null;

  constructor(read: () => ControllerView) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#reconciles = new Counter({
      name: 'taz_controller_reconciles_total',
      help: 'Times that a LoadTest was looked at, by how that ended.',
      labelNames: ['result'],
      registers,
    });
    this.#reconcileTimes = new Histogram({
      name: 'taz_controller_reconcile_seconds',
      help: 'How long one look at a LoadTest took.',
      buckets: SECONDS,
      registers,
    });
    this.#calls = new Counter({
      name: 'taz_controller_api_calls_total',
      help: 'Calls to the API server, by verb, resource and answer.',
      labelNames: ['verb', 'resource', 'outcome'],
      registers,
    });
    this.#callTimes = new Histogram({
      name: 'taz_controller_api_call_seconds',
      help: 'How long calls to the API server took, until its answer.',
      labelNames: ['verb'],
      buckets: SECONDS,
      registers,
    });
    this.#verdicts = new Counter({
      name: 'taz_controller_runs_total',
      help: 'Runs that ended, by verdict.',
      labelNames: ['verdict'],
      registers,
    });
    const view = (): ControllerView => (this.#view ??= read());
    const snapshots = (): TestSnapshot[] =>
      (this.#snapshots ??= view().told.map(({ namespace, name, snapshot }) => ({
        labels: { namespace, loadtest: name },
        snapshot: snapshot(),
      })));
    for (const series of [...ownSeries(view), ...testSeries(snapshots)]) {
      this.#registry.registerMetric(series.asMetric());
    }
  }

  reconciled(result: 'done' | 'failed', ms: number): void {
    this.#reconciles.inc({ result });
    this.#reconcileTimes.observe(ms / 1000);
  }

  called({ verb, resource, outcome, durationMs }: ApiCall): void {
    this.#calls.inc({ verb, resource, outcome });
    if (verb !== 'watch') this.#callTimes.observe({ verb }, durationMs / 1000);
  }

  ended(verdict: Verdict): void {
    this.#verdicts.inc({ verdict });
  }

  async text(): Promise<{ text: string; contentType: string }> {
    this.#forget();
    try {
      const text = await this.#registry.metrics();
      return { text: text.replace(/ Nan$/gm, ' NaN'), contentType: this.#registry.contentType };
    } finally {
      this.#forget();
    }
  }

  /** All series of a scrape are made from the same, which takes much memory. */
  #forget(): void {
    this.#view = null;
    this.#snapshots = null;
  }
}

interface TestSnapshot {
  labels: Labels;
  snapshot: RunSnapshot;
}

function ownSeries(view: () => ControllerView): Series[] {
  const gauge = (name: string, help: string, value: (view: ControllerView) => number): Series =>
    new Series('gauge', name, help, () => [{ labels: {}, value: value(view()) }]);
  const dropped = new Rising();
  const ofResources = (
    name: string,
    help: string,
    values: (view: ControllerView) => Record<string, number>,
  ) =>
    new Series('gauge', name, help, () =>
      Object.entries(values(view())).map(([resource, value]) => ({ labels: { resource }, value })),
    );
  return [
    gauge('taz_controller_leader', '1 while this process leads.', ({ leads }) => Number(leads)),
    gauge('taz_controller_queue_depth', 'LoadTests that wait to be looked at.', ({ queued }) => queued),
    gauge('taz_controller_loadtests', 'LoadTests that there are.', ({ tests }) => tests),
    gauge('taz_controller_running_loadtests', 'LoadTests that run.', ({ running }) => running),
    ofResources(
      'taz_controller_watch_age_seconds',
      'How old what is known may be, by resource.',
      ({ watchAgesMs }) =>
        Object.fromEntries(Object.entries(watchAgesMs).map(([resource, ms]) => [resource, ms / 1000])),
    ),
    ofResources(
      'taz_controller_unseen_objects',
      'Objects beyond what the controller looks after, by resource.',
      ({ unseen }) => unseen,
    ),
    new Series('counter', 'taz_controller_events_dropped_total', 'Events that could not be written.', () => [
      dropped.sample({}, view().eventsDropped),
    ]),
  ];
}

/** The merged figures of each test that runs, all workers together. */
function testSeries(tests: () => TestSnapshot[]): Series[] {
  const each = (samples: (snapshot: RunSnapshot, labels: Labels) => Sample[]): (() => Sample[]) => {
    return () => tests().flatMap(({ labels, snapshot }) => samples(snapshot, labels));
  };
  const gauge = (name: string, help: string, value: (snapshot: RunSnapshot) => number): Series =>
    new Series(
      'gauge',
      name,
      help,
      each((snapshot, labels) => [{ labels, value: value(snapshot) }]),
    );
  const rising = new RisingRuns();
  const TIMES = 'taz_loadtest_service_time_seconds';
  return [
    new Series(
      'counter',
      'taz_loadtest_hits_total',
      'Hits of the run that goes on, by outcome; those of the warm-up are not among them.',
      each(({ run, tally }, labels) =>
        Object.entries(outcomes(tally.counts)).map(([outcome, value]) =>
          rising.of(labels, run).sample({ ...labels, outcome }, value),
        ),
      ),
    ),
    new Series(
      'histogram',
      TIMES,
      'From the sending of a hit to its outcome, of the run that goes on.',
      each(({ run, tally }, labels) => rising.of(labels, run).histogram(TIMES, labels, tally.service)),
    ),
    gauge('taz_loadtest_target_rate', 'Hits per second due now.', ({ targetRate }) => targetRate),
    gauge('taz_loadtest_votes', 'The most stop votes that one worker has.', ({ votes }) => votes.highest),
    gauge(
      'taz_loadtest_workers',
      'Workers that send or could.',
      ({ workers }) => workers.filter(({ state }) => state === 'ready' || state === 'running').length,
    ),
    gauge(
      'taz_loadtest_generator_saturated',
      '1: workers were too slow to judge by.',
      ({ generatorSaturated }) => Number(generatorSaturated),
    ),
  ];
}

/** Counters of a test only rise as long as one run goes on; another run begins anew. */
class RisingRuns {
  readonly #runs = new Map<string, { run: string; rising: Rising }>();

  of({ namespace, loadtest }: Labels, run: string): Rising {
    const key = `${namespace}/${loadtest}`;
    const known = this.#runs.get(key);
    if (known?.run === run) return known.rising;
    // The one that has waited longest to be scraped again has ended.
    if (this.#runs.size >= 2 * MOST_TOLD) this.#runs.delete(this.#runs.keys().next().value!);
    const rising = new Rising();
    this.#runs.delete(key);
    this.#runs.set(key, { run, rising });
    return rising;
  }
}

type Labels = { namespace: string; loadtest: string };

function outcomes(counts: Counts): Record<string, number> {
  const { succeeded, failed, interrupted } = counts;
  return { succeeded, failed, interrupted, dropped: dropped(counts) };
}
