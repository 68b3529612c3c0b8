import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseLoadTest } from '../../src/api/parse.ts';
import { formatProblem, type Problem, ProblemsError } from '../../src/api/problem.ts';
import { manifestWith } from './load-test-manifest.ts';

function problemsOf(manifest: unknown): Problem[] {
  try {
    parseLoadTest(manifest);
  } catch (error) {
    assert.ok(error instanceof ProblemsError, String(error));
    return error.problems;
  }
  return [];
}

const inline = [{ inline: { a: 'x' } }];

test('defaults are filled in, and only those', () => {
  const { spec } = parseLoadTest(manifestWith());
  assert.deepEqual(spec, {
    rate: '5000/s',
    maxLag: '1s',
    startTimeout: '5m',
    warmup: '0s',
    suspend: false,
    templates: { entry: 'a.json', from: [{ inline: { 'a.json': '{}' } }] },
    variables: [],
    events: { reuse: '0%', duplicates: '0%', idField: 'messageId', pool: 1000, profiles: { pool: 1000 } },
    workers: { replicas: 1, onLoss: 'Rebalance', afterLease: 'Stop' },
    results: { keep: '24h', samples: 0 },
  });
});

test('a block that is given gets its own defaults', () => {
  const { spec } = parseLoadTest(manifestWith({ http: {}, stopWhen: { successBelow: '98%' } }));
  assert.deepEqual(spec.http, {
    timeout: '5s',
    connections: 256,
    success: ['200-299'],
    redirects: 0,
    keepAlive: true,
    http2: false,
  });
  assert.deepEqual(spec.stopWhen, {
    successBelow: '98%',
    window: '10s',
    votes: 10,
    minOutcomes: 1,
    decidedBy: 'AnyWorker',
    onStop: 'Ready',
  });
});

test('a LoadTest with its defaults is valid, and stays as it is', () => {
  const loadtest = parseLoadTest(
    manifestWith({ http: { tls: {} }, stopWhen: { latencyAbove: '1s' }, nsq: undefined }),
  );
  assert.deepEqual(parseLoadTest(loadtest), loadtest);
});

test('what was written is not changed', () => {
  const manifest = manifestWith();
  const before = structuredClone(manifest);
  parseLoadTest(manifest);
  assert.deepEqual(manifest, before);
});

test('a manifest read back from a cluster, with all that an API server adds, is valid', () => {
  const manifest = {
    ...manifestWith(),
    metadata: {
      name: 'tracking-api.v2',
      namespace: 'ingest',
      labels: { app: '', 'example.com/team': 'A_b.c-1' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      uid: 'u',
      generation: 3,
      resourceVersion: '5',
      creationTimestamp: '2026-01-01T00:00:00Z',
      managedFields: [{}],
      ownerReferences: [],
      finalizers: [],
    },
    status: { anything: [1, null] },
  };
  assert.deepEqual(problemsOf(manifest), []);
});

suite('valid specs', () => {
  const valid: [string, Record<string, unknown>][] = [
    ['the slowest trickle', { rate: '1/h' }],
    ['the highest rate', { rate: '10000000/s' }],
    ['ten years', { duration: '87600h' }],
    [
      'stages from 0/s, from a rate, with a hold',
      { stages: [{ to: '5/s', over: '1m' }, { hold: '1h' }, { from: '1/m', to: '0/s', over: '1s' }] },
    ],
    ['stages that only fall', { stages: [{ from: '5/s', to: '0/s', over: '1m' }] }],
    ['a wave down to 0', { wave: { mean: '60/m', amplitude: '1/s', period: '1h' } }],
    ['a warm-up of nothing', { warmup: '0s', duration: '1ms' }],
    ['a warm-up shorter than the duration', { warmup: '9999ms', duration: '10s' }],
    ['a warm-up of a persistent test', { warmup: '1h' }],
    ['a warm-up of stages', { stages: [{ to: '5/s', over: '1m' }], warmup: '59s' }],
    ['reuse and duplicates of 100% together', { events: { reuse: '99.9%', duplicates: '0.1%' } }],
    ['seeds', { events: { seed: 42 } }],
    ['a text as seed', { events: { seed: 'forty-two' } }],
    ['percentiles', { stopWhen: { latencyAbove: '0.5ms', percentile: 'p99.9' } }],
    ['the median', { stopWhen: { latencyAbove: '1s', percentile: 'p50' } }],
    ['one status and ranges', { http: { success: ['200-299', '404', '301-301'] } }],
    ['as many workers as there may be', { rate: '1000/s', workers: { maxRatePerWorker: '1/s' } }],
    ['a pod template of any shape', { workers: { template: { spec: { containers: [{ name: 'x' }] } } } }],
    ['targets', { targets: { from: inline, loop: false } }],
    [
      'every kind of source',
      {
        templates: {
          entry: 'a',
          from: [
            ...inline,
            { configMap: { name: 'c' } },
            { directory: { path: '/t' } },
            { s3: { bucket: 'bkt', credentials: { secretName: 's' } } },
          ],
          reload: '30s',
        },
      },
    ],
    [
      'every kind of variable',
      {
        variables: [
          { name: 'A', value: '' },
          { name: '_b', values: ['x'] },
          { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
          { name: 'D', valueFrom: { configMapKeyRef: { name: 's', key: 'k.json' } } },
        ],
      },
    ],
    ['Kafka', { kafka: { acks: 'Leader', linger: '5ms' } }],
    ['NSQ', { nsq: { timeout: '1s' } }],
    [
      'all of http',
      {
        http: {
          timeout: '100ms',
          connections: 1,
          redirects: 20,
          keepAlive: false,
          tls: { ca: '-----BEGIN CERTIFICATE-----\n', serverName: 'api', insecure: true },
          http2: true,
          proxy: 'https://u:p@proxy:1',
          resolve: { api: '::1' },
        },
      },
    ],
  ];
  for (const [name, spec] of valid)
    test(name, () => assert.deepEqual(problemsOf(manifestWith(spec)).map(formatProblem), []));
});

suite('each problem carries path, value and what would be right', () => {
  const wrong: [spec: Record<string, unknown>, path: string, value: unknown, message: RegExp][] = [
    [{ rate: '5000' }, 'spec.rate', '5000', /^"5000" is not a rate over 0 such as 5000\/s, 6\/m/],
    [
      { stages: [{ to: '1/s', over: '1m' }, { hold: '1s' }, { to: '2/s', over: 'x' }] },
      'spec.stages[2].over',
      'x',
      /^"x" is not a duration from 1ms to 87600h such as/,
    ],
    [
      { events: { reuse: '90' } },
      'spec.events.reuse',
      '90',
      /^"90" is not a percentage from 0% to 100% such as 90%, 0\.5%$/,
    ],
    [{ duration: '' }, 'spec.duration', '', /^"" is not a duration/],
    [{ suspend: 'true' }, 'spec.suspend', 'true', /^"true" is not true or false$/],
    [
      { variables: [null] },
      'spec.variables[0]',
      null,
      /^is empty: give a map of fields \(name, value, values, valueFrom\)$/,
    ],
    [
      { http: { connections: Number.NaN } },
      'spec.http.connections',
      Number.NaN,
      /^NaN is not a whole number/,
    ],
    [
      { http: { connections: 1e20 } },
      'spec.http.connections',
      1e20,
      /is not a whole number from 1 to 65536$/,
    ],
    [{ run: 'x'.repeat(65) }, 'spec.run', 'x'.repeat(65), /^is 65 characters long; at most 64$/],
    [{ events: { seed: true } }, 'spec.events.seed', true, /^true is not a whole number or a text/],
    [
      { wave: { mean: '5/s', amplitude: '5000001/m', period: '1h' } },
      'spec.wave.amplitude',
      '5000001/m',
      /^"5000001\/m" is more than the mean \(5\/s\)/,
    ],
    [
      { workers: { template: { x: 'y'.repeat(70_000) } } },
      'spec.workers.template',
      undefined,
      /^is too large/,
    ],
    [{ workers: { template: 'x' } }, 'spec.workers.template', 'x', /^"x" is not a map/],
  ];
  for (const [spec, path, value, message] of wrong) {
    test(`${path}: ${message.source}`, () => {
      const problems = problemsOf(manifestWith(spec));
      assert.equal(problems.length, 1, problems.map(formatProblem).join('\n'));
      assert.equal(problems[0]!.path, path);
      if (value !== undefined) assert.deepEqual(problems[0]!.value, value);
      assert.match(problems[0]!.message, message);
    });
  }
});

test('a secret is neither in the message nor in the value', () => {
  for (const http of [
    { proxy: 'hunter2' },
    { proxy: 42 },
    { proxy: `http://${'hunter2'.repeat(400)}` },
    { tls: { ca: 'hunter2' } },
  ]) {
    const problems = problemsOf(manifestWith({ http }));
    assert.equal(problems.length, 1);
    assert.equal(problems[0]!.value, undefined);
    assert.doesNotMatch(problems[0]!.message, /hunter2|42/);
  }
});

test('names that JavaScript has for itself are no fields', () => {
  for (const name of ['toString', 'constructor', 'hasOwnProperty', '__proto__']) {
    const manifest = manifestWith();
    Object.defineProperty(manifest['spec'], name, { value: 1, enumerable: true });
    const problems = problemsOf(manifest);
    assert.deepEqual(
      problems.map(({ path }) => path),
      [`spec.${name}`],
    );
    assert.match(problems[0]!.message, /^is not a field; here are run, rate/);
  }
});

test('a manifest that is no map has one problem', () => {
  for (const value of [undefined, null, 5, 'x', [], true])
    assert.equal(problemsOf(value).length, 1, String(value));
});

test('a rule holds where the field it needs is wrong by itself: one mistake, one problem', () => {
  const specs = [
    { rate: null },
    { warmup: 'x', duration: '1s' },
    { warmup: '1s', duration: 'x' },
    { wave: { mean: 'x', amplitude: '1/s', period: '1m' } },
    { events: { reuse: 'x', duplicates: '100%' } },
    { rate: 'x', workers: { maxRatePerWorker: '1/s' } },
    { workers: { maxRatePerWorker: '0/s' } },
    { stages: [{ to: 'x', over: '1s' }] },
    { stages: [{ to: '0/s', over: '1s' }, 5] },
    {
      variables: [
        { name: 5, value: 'x' },
        { name: 'B', value: 'x' },
      ],
    },
    { templates: { entry: 'a', from: [5] } },
  ];
  for (const spec of specs) {
    const problems = problemsOf(manifestWith(spec));
    assert.equal(problems.length, 1, `${JSON.stringify(spec)}\n${problems.map(formatProblem).join('\n')}`);
  }
});

test('of very many problems the first hundred are told', () => {
  const problems = problemsOf(manifestWith({ variables: Array.from({ length: 128 }, () => 5) }));
  assert.equal(problems.length, 101);
  assert.equal(problems[99]!.path, 'spec.variables[99]');
  assert.equal(formatProblem(problems[100]!), 'and 28 more');
});

test('a list that is too long is one problem, whatever is in it', () => {
  const problems = problemsOf(manifestWith({ variables: Array.from({ length: 100_000 }, () => 5) }));
  assert.deepEqual(problems.map(formatProblem), ['spec.variables: has 100000 variables; at most 128']);
});
