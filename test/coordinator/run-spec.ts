import type { RunSpec, StopSpec } from '../../src/api/run-spec.ts';
import type { ScoutingOrder } from '../../src/coordinator/protocol.ts';
import type { Content } from '../../src/template/content.ts';
import { constant } from '../attack/schedule/schedules.ts';

/** A test of 100 hits/s for 10 s on two workers; say what differs. */
export function runSpec(differences: Partial<RunSpec> = {}): RunSpec {
  return {
    name: 'tracking-api',
    schedule: constant('100/s'),
    durationMs: 10_000,
    maxLagMs: 1000,
    startTimeoutMs: 60_000,
    warmupMs: 0,
    suspend: false,
    protocol: {
      kind: 'http',
      timeoutMs: 1000,
      connections: 16,
      success: [[200, 299]],
      redirects: 0,
      keepAlive: true,
      tls: { ca: null, serverName: null, insecure: false },
    },
    source: { kind: 'templates', entry: 'track.json', from: [], reloadMs: null },
    variables: [],
    events: EVENTS,
    stopWhen: null,
    workers: workers(2),
    samples: 0,
    ...differences,
  };
}

export function workers(replicas: number, differences: Partial<RunSpec['workers']> = {}): RunSpec['workers'] {
  return {
    replicas,
    maxRatePerWorker: null,
    onLoss: 'Rebalance',
    leaseMs: null,
    afterLease: 'Stop',
    ...differences,
  };
}

export function stopSpec(differences: Partial<StopSpec> = {}): StopSpec {
  return {
    successBelow: 0.98,
    latencyAboveMs: null,
    percentile: 99,
    windowMs: 10_000,
    votes: 3,
    minOutcomes: 1,
    decidedBy: 'AnyWorker',
    ...differences,
  };
}

const EVENTS = { reuse: 0, duplicates: 0, idField: 'messageId', seed: null, profiles: 10, pool: 10 };

/** Where a worker of `runSpec` looks for what is sent; say what differs. */
export function scoutingOrder(digest: string, differences: Partial<ScoutingOrder> = {}): ScoutingOrder {
  const { source, variables, events, protocol } = runSpec();
  return {
    digest,
    source,
    variables,
    events,
    protocol: protocol.kind,
    configMaps: {},
    key: 'key',
    known: null,
    ...differences,
  };
}

export const CONTENT: Content = content('d1');

/** Templates of one label, named by their digest. */
export function content(digest: string): Content {
  const entry = `${digest}.json`;
  return {
    kind: 'templates',
    digest,
    labels: [entry],
    variables: {},
    secrets: [],
    secretRefs: {},
    entry,
    files: {},
    events: EVENTS,
  };
}

/** Canned targets that are sent once. */
export function targets(digest: string, count: number): Content {
  return {
    kind: 'targets',
    digest,
    labels: [`${digest}.json`],
    variables: {},
    secrets: [],
    secretRefs: {},
    files: [],
    count,
    loop: false,
  };
}
