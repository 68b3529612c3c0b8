import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLoadTest } from '../../src/api/parse.ts';
import { ProblemsError } from '../../src/api/problem.ts';
import type { RunSpec, StageSpec } from '../../src/api/run-spec.ts';
import { toRunSpec } from '../../src/api/to-run-spec.ts';
import { Rational } from '../../src/units/rational.ts';
import { manifestWith } from './load-test-manifest.ts';

function specOf(spec: Record<string, unknown>): RunSpec {
  return toRunSpec(parseLoadTest(manifestWith(spec)));
}

const inline = [{ inline: { a: 'x' } }];

test('everything in the units of the machine, with defaults', () => {
  assert.deepEqual(specOf({}), {
    name: 'tracking-api',
    schedule: { kind: 'constant', rate: Rational.of(5000) },
    durationMs: null,
    maxLagMs: 1000,
    startTimeoutMs: 300_000,
    warmupMs: 0,
    suspend: false,
    protocol: {
      kind: 'http',
      timeoutMs: 5000,
      connections: 256,
      success: [[200, 299]],
      redirects: 0,
      keepAlive: true,
      tls: { ca: null, serverName: null, insecure: false },
    },
    source: { kind: 'templates', entry: 'a.json', from: [{ inline: { 'a.json': '{}' } }], reloadMs: null },
    variables: [],
    events: { reuse: 0, duplicates: 0, idField: 'messageId', seed: null, profiles: 1000, pool: 1000 },
    stopWhen: null,
    workers: { replicas: 1, maxRatePerWorker: null, onLoss: 'Rebalance', leaseMs: null, afterLease: 'Stop' },
    samples: 0,
  });
});

test('every value that is given arrives', () => {
  const spec = specOf({
    wave: { mean: '23/m', amplitude: '1/h', period: '1h30m' },
    duration: '10m',
    maxLag: '100ms',
    startTimeout: '1m',
    warmup: '30s',
    suspend: true,
    http: {
      timeout: '2.5s',
      connections: 8,
      success: ['200-299', '404'],
      redirects: 3,
      keepAlive: false,
      tls: { ca: '-----BEGIN CERTIFICATE-----', serverName: 'api', insecure: true },
    },
    templates: {
      entry: 'a',
      from: [
        ...inline,
        { configMap: { name: 'c' } },
        { directory: { path: './t' } },
        { s3: { bucket: 'bkt' } },
        {
          s3: {
            bucket: 'bkt',
            prefix: 'p/',
            region: 'eu-west-1',
            endpoint: 'http://s3:9000',
            pathStyle: true,
            credentials: { secretName: 'keys' },
          },
        },
      ],
      reload: '30s',
    },
    variables: [
      { name: 'A', value: 'a' },
      { name: 'B', values: ['b', 'c'] },
      { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      { name: 'D', valueFrom: { configMapKeyRef: { name: 'c', key: 'l' } } },
    ],
    events: { reuse: '90%', duplicates: '0.5%', idField: 'id', seed: 42, pool: 16, profiles: { pool: 7 } },
    stopWhen: {
      successBelow: '98%',
      latencyAbove: '100ms',
      percentile: 'p99.9',
      window: '5s',
      votes: 3,
      minOutcomes: 4,
      decidedBy: 'AllWorkers',
    },
    workers: { replicas: 3, maxRatePerWorker: '90/m', onLoss: 'Hold', lease: '1m', afterLease: 'Continue' },
    results: { samples: 30 },
  });
  assert.deepEqual(spec, {
    name: 'tracking-api',
    schedule: {
      kind: 'wave',
      mean: Rational.of(23, 60),
      amplitude: Rational.of(1, 3600),
      periodMs: 5_400_000,
    },
    durationMs: 600_000,
    maxLagMs: 100,
    startTimeoutMs: 60_000,
    warmupMs: 30_000,
    suspend: true,
    protocol: {
      kind: 'http',
      timeoutMs: 2500,
      connections: 8,
      success: [
        [200, 299],
        [404, 404],
      ],
      redirects: 3,
      keepAlive: false,
      tls: { ca: '-----BEGIN CERTIFICATE-----', serverName: 'api', insecure: true },
    },
    source: {
      kind: 'templates',
      entry: 'a',
      from: [
        ...inline,
        { configMap: { name: 'c' } },
        { directory: { path: './t' } },
        {
          s3: { bucket: 'bkt', prefix: '', region: null, endpoint: null, pathStyle: false, secret: null },
        },
        {
          s3: {
            bucket: 'bkt',
            prefix: 'p/',
            region: 'eu-west-1',
            endpoint: 'http://s3:9000',
            pathStyle: true,
            secret: 'keys',
          },
        },
      ],
      reloadMs: 30_000,
    },
    variables: [
      { name: 'A', value: 'a' },
      { name: 'B', values: ['b', 'c'] },
      { name: 'C', secret: { name: 's', key: 'k' } },
      { name: 'D', configMap: { name: 'c', key: 'l' } },
    ],
    events: { reuse: 0.9, duplicates: 0.005, idField: 'id', seed: '42', profiles: 7, pool: 16 },
    stopWhen: {
      successBelow: 0.98,
      latencyAboveMs: 100,
      percentile: 99.9,
      windowMs: 5000,
      votes: 3,
      minOutcomes: 4,
      decidedBy: 'AllWorkers',
    },
    workers: {
      replicas: 3,
      maxRatePerWorker: Rational.of(3, 2),
      onLoss: 'Hold',
      leaseMs: 60_000,
      afterLease: 'Continue',
    },
    samples: 30,
  });
});

test('a stop rule judges p99 unless it says another percentile', () => {
  assert.equal(specOf({ stopWhen: { latencyAbove: '100ms' } }).stopWhen!.percentile, 99);
  assert.equal(specOf({ stopWhen: { latencyAbove: '100ms', percentile: 'p50' } }).stopWhen!.percentile, 50);
  assert.equal(specOf({ stopWhen: { latencyAbove: '100ms' } }).stopWhen!.successBelow, null);
  assert.equal(specOf({ stopWhen: { successBelow: '98%' } }).stopWhen!.latencyAboveMs, null);
});

const line = (from: number, to: number, overMs: number): StageSpec => ({
  from: Rational.of(from),
  to: Rational.of(to),
  overMs,
});

const stages: [name: string, stages: Record<string, string>[], lines: StageSpec[]][] = [
  ['the first starts at 0/s', [{ to: '5/s', over: '1s' }], [line(0, 5, 1000)]],
  ['unless it says from', [{ from: '3/s', to: '5/s', over: '1s' }], [line(3, 5, 1000)]],
  [
    'a hold continues the rate reached',
    [{ to: '5/s', over: '1s' }, { hold: '2s' }, { hold: '1s' }],
    [line(0, 5, 1000), line(5, 5, 2000), line(5, 5, 1000)],
  ],
  [
    'each goes on from the one before',
    [{ to: '5/s', over: '1s' }, { hold: '1s' }, { to: '2/s', over: '1s' }],
    [line(0, 5, 1000), line(5, 5, 1000), line(5, 2, 1000)],
  ],
  [
    'from makes a jump',
    [
      { to: '5/s', over: '1s' },
      { from: '0/s', to: '1/s', over: '1s' },
    ],
    [line(0, 5, 1000), line(0, 1, 1000)],
  ],
];
for (const [name, given, lines] of stages) {
  test(`stages: ${name}`, () => {
    assert.deepEqual(specOf({ stages: given }).schedule, { kind: 'stages', stages: lines });
    assert.equal(specOf({ stages: given }).durationMs, null);
  });
}

test('targets are repeated where the run has an end of its own, else sent once', () => {
  const loops = (spec: Record<string, unknown>, loop?: boolean) => {
    const { source } = specOf({
      ...spec,
      targets: { from: inline, ...(loop === undefined ? {} : { loop }) },
    });
    return source.kind === 'targets' && source.loop;
  };
  assert.equal(loops({ duration: '1m' }), true);
  assert.equal(loops({ stages: [{ to: '5/s', over: '1m' }] }), true);
  assert.equal(loops({}), false);
  assert.equal(loops({ duration: '1m' }, false), false);
  assert.equal(loops({}, true), true);
});

test('what cannot be done yet is named, all of it', () => {
  const loadtest = parseLoadTest(
    manifestWith({
      http: { http2: true, proxy: 'http://p', resolve: { a: '10.0.0.1' } },
    }),
  );
  assert.throws(
    () => toRunSpec(loadtest),
    (error) => {
      assert.ok(error instanceof ProblemsError);
      const paths = error.problems.map(({ path }) => path);
      assert.deepEqual(paths, ['spec.http.http2', 'spec.http.proxy', 'spec.http.resolve']);
      for (const { message } of error.problems) assert.match(message, /^is not supported yet: /);
      return true;
    },
  );
});

test('fields with the value that asks for nothing are no obstacle', () => {
  specOf({
    http: { http2: false },
    results: { samples: 0, keep: '1h' },
    workers: { template: {}, beside: { matchLabels: { a: 'b' } } },
  });
});

test('without a protocol it is http', () => {
  assert.equal(specOf({}).protocol.kind, 'http');
});

test('messages have their defaults, each protocol its own linger', () => {
  const common = {
    timeoutMs: 5000,
    inFlight: 10_000,
    batchMessages: 500,
    batchBytes: 262_144,
    tls: null,
  };
  assert.deepEqual(specOf({ kafka: {} }).protocol, {
    kind: 'kafka',
    ...common,
    lingerMs: 5,
    acks: 'All',
    compression: 'None',
    idempotent: false,
    clientId: 'taz',
    sasl: null,
  });
  assert.deepEqual(specOf({ nsq: {} }).protocol, { kind: 'nsq', ...common, lingerMs: 1, auth: null });
});

test('every option of messages arrives; logins are named, not yet known', () => {
  const given = {
    timeout: '2s',
    inFlight: 7,
    linger: '0s',
    batchMessages: 3,
    batchBytes: 100,
    tls: { insecure: true },
  };
  const common = {
    timeoutMs: 2000,
    inFlight: 7,
    lingerMs: 0,
    batchMessages: 3,
    batchBytes: 100,
    tls: { ca: null, serverName: null, insecure: true },
  };
  const sasl = { mechanism: 'ScramSha256', credentials: { secretName: 's' } };
  assert.deepEqual(
    specOf({ kafka: { ...given, acks: 'Leader', compression: 'Zstd', clientId: 'c', sasl } }).protocol,
    {
      kind: 'kafka',
      ...common,
      acks: 'Leader',
      compression: 'Zstd',
      idempotent: false,
      clientId: 'c',
      sasl: { mechanism: 'SCRAM-SHA-256', secretName: 's', login: null },
    },
  );
  const auth = { secretKeyRef: { name: 's', key: 'k' } };
  assert.deepEqual(specOf({ nsq: { ...given, auth } }).protocol, {
    kind: 'nsq',
    ...common,
    auth: { secret: { name: 's', key: 'k' }, value: null },
  });
});
