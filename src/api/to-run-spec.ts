import type { Protocol } from '../transport/protocol.ts';
import type { TlsOptions } from '../transport/transport.ts';
import { parseDuration } from '../units/duration.ts';
import { parsePercentage } from '../units/percentage.ts';
import { parseRate } from '../units/rate.ts';
import { Rational } from '../units/rational.ts';
import type { LoadTest } from './loadtest.ts';
import { type Problem, ProblemsError } from './problem.ts';
import type {
  RunSpec,
  S3Spec,
  ScheduleSpec,
  SourceItem,
  SourceSpec,
  StageSpec,
  StopSpec,
  VariableSpec,
  WorkersSpec,
} from './run-spec.ts';
import { Http } from './schema/protocols.ts';
import { unsupported } from './unsupported.ts';

type Spec = LoadTest['spec'];
type From = NonNullable<Spec['targets']>['from'][number];

/**
 * Puts a checked LoadTest into the units the machine works with.
 * @throws ProblemsError naming each field that Taz cannot do yet
 */
export function toRunSpec(loadtest: LoadTest): RunSpec {
  const problems: Problem[] = unsupported(loadtest);
  if (problems.length > 0) throw new ProblemsError(problems);
  const { metadata, spec } = loadtest;
  return {
    name: metadata.name,
    schedule: scheduleOf(spec),
    durationMs: spec.duration === undefined ? null : parseDuration(spec.duration),
    maxLagMs: parseDuration(spec.maxLag),
    startTimeoutMs: parseDuration(spec.startTimeout),
    warmupMs: parseDuration(spec.warmup),
    suspend: spec.suspend,
    protocol: protocolOf(spec),
    source: sourceOf(spec),
    variables: spec.variables.map(variableOf),
    events: {
      reuse: parsePercentage(spec.events.reuse),
      duplicates: parsePercentage(spec.events.duplicates),
      idField: spec.events.idField,
      seed: spec.events.seed === undefined ? null : String(spec.events.seed),
      profiles: spec.events.profiles.pool,
      pool: spec.events.pool,
    },
    stopWhen: spec.stopWhen === undefined ? null : stopOf(spec.stopWhen),
    workers: workersOf(spec.workers),
    samples: spec.results.samples,
  };
}

function scheduleOf({ rate, stages, wave }: Spec): ScheduleSpec {
  if (rate !== undefined) return { kind: 'constant', rate: parseRate(rate) };
  if (stages !== undefined) return { kind: 'stages', stages: linesOf(stages) };
  return {
    kind: 'wave',
    mean: parseRate(wave!.mean),
    amplitude: parseRate(wave!.amplitude),
    periodMs: parseDuration(wave!.period),
  };
}

/** Each stage begins at the rate that the one before it reached, the first at 0/s, where it does not say `from`. */
function linesOf(stages: NonNullable<Spec['stages']>): StageSpec[] {
  let reached = Rational.zero;
  return stages.map(({ from, to, over, hold }) => {
    const begin = from === undefined ? reached : parseRate(from);
    reached = to === undefined ? begin : parseRate(to);
    return { from: begin, to: reached, overMs: parseDuration((over ?? hold)!) };
  });
}

function protocolOf({ http, kafka, nsq }: Spec): Protocol {
  if (kafka !== undefined) return kafkaOf(kafka);
  if (nsq !== undefined) return nsqOf(nsq);
  return httpOf(http ?? Http.parse({}));
}

function httpOf(http: NonNullable<Spec['http']>): Protocol {
  return {
    kind: 'http',
    timeoutMs: parseDuration(http.timeout),
    connections: http.connections,
    success: http.success.map((range) => {
      const [from, to = from] = range.split('-');
      return [Number(from), Number(to)];
    }),
    redirects: http.redirects,
    keepAlive: http.keepAlive,
    tls: tlsOf(http.tls ?? {}),
  };
}

function kafkaOf(kafka: NonNullable<Spec['kafka']>): Protocol {
  const { acks, compression, clientId, idempotent, sasl } = kafka;
  return {
    kind: 'kafka',
    ...messagesOf(kafka),
    acks,
    compression,
    clientId,
    idempotent,
    sasl:
      sasl === undefined
        ? null
        : {
            mechanism: MECHANISMS[sasl.mechanism],
            secretName: sasl.credentials.secretName,
            login: null,
          },
  };
}

const MECHANISMS = {
  Plain: 'PLAIN',
  ScramSha256: 'SCRAM-SHA-256',
  ScramSha512: 'SCRAM-SHA-512',
} as const;

function nsqOf(nsq: NonNullable<Spec['nsq']>): Protocol {
  const auth = nsq.auth === undefined ? null : { secret: nsq.auth.secretKeyRef, value: null };
  return { kind: 'nsq', ...messagesOf(nsq), auth };
}

function messagesOf(options: NonNullable<Spec['kafka'] | Spec['nsq']>) {
  const { timeout, inFlight, linger, batchMessages, batchBytes, tls } = options;
  return {
    timeoutMs: parseDuration(timeout),
    inFlight,
    lingerMs: parseDuration(linger),
    batchMessages,
    batchBytes,
    tls: tls === undefined ? null : tlsOf(tls),
  };
}

function tlsOf(tls: Partial<NonNullable<NonNullable<Spec['nsq']>['tls']>>): TlsOptions {
  const { ca = null, serverName = null, insecure = false } = tls;
  return { ca, serverName, insecure };
}

function sourceOf({ templates, targets, duration, stages }: Spec): SourceSpec {
  if (templates !== undefined) {
    const { entry, from, reload } = templates;
    const reloadMs = reload === undefined ? null : parseDuration(reload);
    return { kind: 'templates', entry, from: from.map(itemOf), reloadMs };
  }
  const ends = duration !== undefined || stages !== undefined;
  return {
    kind: 'targets',
    from: targets!.from.map(itemOf),
    loop: targets!.loop ?? ends,
    reloadMs: null,
  };
}

function itemOf({ inline, configMap, directory, s3 }: From): SourceItem {
  if (inline !== undefined) return { inline };
  if (configMap !== undefined) return { configMap };
  return directory === undefined ? { s3: s3Of(s3!) } : { directory };
}

function s3Of({ bucket, prefix, region, endpoint, pathStyle, credentials }: NonNullable<From['s3']>): S3Spec {
  return {
    bucket,
    prefix: prefix ?? '',
    region: region ?? null,
    endpoint: endpoint ?? null,
    pathStyle,
    secret: credentials?.secretName ?? null,
  };
}

function variableOf({ name, value, values, valueFrom }: Spec['variables'][number]): VariableSpec {
  if (value !== undefined) return { name, value };
  if (values !== undefined) return { name, values };
  const { secretKeyRef, configMapKeyRef } = valueFrom!;
  return secretKeyRef === undefined ? { name, configMap: configMapKeyRef! } : { name, secret: secretKeyRef };
}

function stopOf(stop: NonNullable<Spec['stopWhen']>): StopSpec {
  return {
    successBelow: stop.successBelow === undefined ? null : parsePercentage(stop.successBelow),
    latencyAboveMs: stop.latencyAbove === undefined ? null : parseDuration(stop.latencyAbove),
    percentile: Number((stop.percentile ?? 'p99').slice(1)),
    windowMs: parseDuration(stop.window),
    votes: stop.votes,
    minOutcomes: stop.minOutcomes,
    decidedBy: stop.decidedBy,
  };
}

function workersOf({ replicas, maxRatePerWorker, onLoss, lease, afterLease }: Spec['workers']): WorkersSpec {
  return {
    replicas,
    maxRatePerWorker: maxRatePerWorker === undefined ? null : parseRate(maxRatePerWorker),
    onLoss,
    leaseMs: lease === undefined ? null : parseDuration(lease),
    afterLease,
  };
}
