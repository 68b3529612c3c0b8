import { collectDefaultMetrics, Registry } from 'prom-client';
import { type Counts, dropped } from './counts.ts';
import type { Distribution } from './distribution.ts';
import { DROP_REASONS } from './outcome.ts';
import { Rising, type Sample, Series } from './series.ts';
import type { Tally } from './tally.ts';
import { TOPIC_OUTCOMES, type TopicCounts } from './topic-counts.ts';

/** What a scrape shows: one consistent picture of a worker. */
export interface MetricsView {
  /** Names of the tally's first labels, all different: the values of the label `template`. */
  labels: readonly string[];
  /** Of the main part. */
  tally: Tally;
  /** Of the warm-up. */
  warmup: Counts;
  /** Messages by topic, those of the warm-up among them; nothing for HTTP. */
  topics: readonly TopicCounts[];
  /** Hits per second due from this worker now. */
  targetRate: number;
  votes: { votes: number; limit: number };
  /** Of the templates or targets in use; empty while there are none. */
  digest: string;
  /** Sets of templates or targets that came while the run went on, by what became of them. */
  reloads: { applied: number; refused: number };
  /** The generator itself was too slow to judge by. */
  generatorSaturated: boolean;
}

/** `/metrics` of one worker. */
export interface Metrics {
  /** For the answer's `content-type` header. */
  readonly contentType: string;
  /** The exposition in Prometheus' text format. The view is read once for it. */
  text(): Promise<string>;
}

/**
 * Makes the exposition of one incarnation of a worker: hits, times, rate and votes, and the process's own metrics.
 * Its series are made from counted arrays when they are scraped; counting costs nothing more for it. No counter ever
 * goes down (`Rising`).
 *
 * @param read gives the picture of now; what it throws rejects the scrape
 */
export function createMetrics(read: () => MetricsView): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let view = read();
  for (const series of seriesOf(() => view)) {
    registry.registerMetric(series.asMetric());
  }
  return {
    contentType: registry.contentType,
    async text() {
      // The registry asks all its metrics before it first awaits, so one view serves the whole scrape.
      view = read();
      const text = await registry.metrics();
      // prom-client writes NaN, which an idle process's event loop metrics are, in a way that the format does not know.
      return text.replace(/ Nan$/gm, ' NaN');
    },
  };
}

function seriesOf(read: () => MetricsView): Series[] {
  const counter = (name: string, help: string, collect: (view: MetricsView) => [Labels, number][]) => {
    const rising = new Rising();
    return new Series('counter', name, help, () =>
      collect(read()).map(([labelSet, value]) => rising.sample(labelSet, value)),
    );
  };
  const gauge = (name: string, help: string, collect: (view: MetricsView) => [Labels, number][]) =>
    new Series('gauge', name, help, () =>
      collect(read()).map(([labelSet, value]): Sample => ({ labels: labelSet, value })),
    );
  const histogram = (
    name: string,
    help: string,
    collect: (view: MetricsView) => [Labels, Distribution][],
  ) => {
    const rising = new Rising();
    return new Series('histogram', name, help, () =>
      collect(read()).flatMap(([labelSet, times]) => rising.histogram(name, labelSet, times)),
    );
  };

  return [
    counter('taz_hits_sent_total', 'Hits sent.', ({ tally }) => [[{}, tally.counts.sent]]),
    counter('taz_hits_total', 'Hits whose fate is decided, by outcome and target template.', hitsByTemplate),
    counter('taz_failures_total', 'Failed hits, by class: http_STATUS or a kind of error.', ({ tally }) =>
      Object.entries(tally.failures()).map(([name, count]) => [{ class: name }, count]),
    ),
    counter('taz_drops_total', 'Hits never sent, by reason.', ({ tally: { drops } }) =>
      DROP_REASONS.map((reason) => [{ reason }, drops[reason]]),
    ),
    counter('taz_responses_total', 'Answers that came, by status.', ({ tally }) =>
      Object.entries(tally.statuses()).map(([status, count]) => [{ status }, count]),
    ),
    counter('taz_sent_bytes_total', 'Bytes of the bodies sent.', ({ tally }) => [[{}, tally.bytesOut]]),
    counter('taz_received_bytes_total', 'Bytes of the bodies received.', ({ tally }) => [
      [{}, tally.bytesIn],
    ]),
    counter('taz_warmup_hits_total', 'Hits of the warm-up whose fate is decided, by outcome.', ({ warmup }) =>
      outcomesOf(warmup).map(([outcome, count]) => [{ outcome }, count]),
    ),
    counter(
      'taz_topic_messages_total',
      'Messages whose fate is decided, by topic and outcome.',
      ({ topics }) =>
        topics.flatMap((counts) =>
          TOPIC_OUTCOMES.map((outcome): [Labels, number] => [
            { topic: counts.topic, outcome },
            counts[outcome],
          ]),
        ),
    ),
    gauge('taz_in_flight', 'Hits in flight, those of the warm-up among them.', ({ tally, warmup }) => [
      [{}, tally.counts.inFlight + warmup.inFlight],
    ]),
    histogram('taz_service_time_seconds', 'Completion minus send, by target template.', ({ tally, labels }) =>
      labels.map((template, index) => [{ template }, tally.label(index).service]),
    ),
    histogram('taz_response_time_seconds', 'Completion minus the instant the hit was due.', ({ tally }) => [
      [{}, tally.response],
    ]),
    histogram('taz_lag_seconds', 'Send minus the instant the hit was due.', ({ tally }) => [[{}, tally.lag]]),
    gauge('taz_target_rate', 'Hits per second due now.', ({ targetRate }) => [[{}, targetRate]]),
    gauge('taz_stop_votes', 'Stop votes.', ({ votes }) => [[{}, votes.votes]]),
    gauge(
      'taz_stop_votes_limit',
      'Votes at which this worker says stop; 0: there is no stop rule.',
      ({ votes }) => [[{}, votes.limit]],
    ),
    gauge('taz_generator_saturated', '1: the generator itself was too slow to judge by.', (view) => [
      [{}, view.generatorSaturated ? 1 : 0],
    ]),
    gauge('taz_template_info', 'The templates or targets in use; always 1.', ({ digest }) =>
      digest === '' ? [] : [[{ digest }, 1]],
    ),
    counter(
      'taz_template_reloads_total',
      'Other sets of templates or targets: applied by this worker, or refused for the whole run.',
      ({ reloads }) => [
        [{ result: 'applied' }, reloads.applied],
        [{ result: 'refused' }, reloads.refused],
      ],
    ),
  ];
}

type Labels = Record<string, string>;

/** By label; what was dropped before its template was known stands without one, so that the sum is the total. */
function hitsByTemplate({ tally, labels }: MetricsView): [Labels, number][] {
  const samples: [Labels, number][] = [];
  let unknown = dropped(tally.counts);
  labels.forEach((template, index) => {
    const { counts } = tally.label(index);
    unknown -= dropped(counts);
    for (const [outcome, count] of outcomesOf(counts)) samples.push([{ outcome, template }, count]);
  });
  samples.push([{ outcome: 'dropped' }, unknown]);
  return samples;
}

function outcomesOf(counts: Counts): [outcome: string, count: number][] {
  return [
    ['succeeded', counts.succeeded],
    ['failed', counts.failed],
    ['interrupted', counts.interrupted],
    ['dropped', dropped(counts)],
  ];
}
