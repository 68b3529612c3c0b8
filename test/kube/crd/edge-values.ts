/** What taz alone refuses, and why the API server cannot. */
export const DIFFERENCES: [reason: string, spec: Record<string, unknown>][] = [
  ['a field that is null is no field there', { duration: null }],
  ['nor is one with a default, which takes its place', { suspend: null }],
  ['nothing within the pod overlay is looked at', { workers: { template: { x: 'y'.repeat(70_000) } } }],
  [
    'inline files are bounded in characters, not in bytes',
    inlineOf({ a: 'é'.repeat(60_000), b: 'é'.repeat(60_000) }),
  ],
  [
    'rates of different units are compared as doubles',
    { wave: { mean: '1/s', amplitude: '1.0000000000001/s', period: '1m' } },
  ],
];

/** Values at the edges of what is right. */
export const VALUES: [name: string, good: Record<string, unknown>[], bad: Record<string, unknown>[]][] = [
  [
    'rates',
    [
      '1/s',
      '0.5/s',
      '00005/m',
      '10/h',
      '10000000/s',
      '600000000/m',
      '36000000000/h',
      '0.0000000000001/h',
    ].map((rate) => ({ rate })),
    [
      '0/s',
      '0.000/m',
      '5',
      '5/d',
      '/s',
      '5./s',
      '.5/s',
      '1e3/s',
      '-1/s',
      ' 5/s',
      '5/s ',
      '5/S',
      '',
      '5/s\n',
      '10000001/s',
      '10000000.0000000001/s',
      '36000000001/h',
      '9'.repeat(33),
      `${'9'.repeat(30)}/s`,
      '٥/s',
    ].map((rate) => ({ rate })),
  ],
  [
    'durations',
    ['1ms', '100ms', '10m', '1h30m', '2.5s', '87600h', '5256000m', '0h1ms', '0000000000000000000000001h'].map(
      (duration) => ({ duration }),
    ),
    [
      '0s',
      '0.5ms',
      '0.9999999999ms',
      '10',
      '1d',
      '1 s',
      '-1s',
      '1us',
      '1H',
      '',
      's',
      '1.s',
      '.5s',
      '1m\n',
      '87600h1ms',
      '87601h',
      '99999999h',
      `${'9'.repeat(31)}h`,
      '99999h99999h99999h',
      '1_000s',
      '1s ',
    ].map((duration) => ({ duration })),
  ],
  [
    'percentages',
    ['0%', '100%', '99.98%', '05%', '0.00000000001%'].map((reuse) => ({ events: { reuse } })),
    ['', '%', '100.0%', '101%', '-1%', '1', '.5%', '1e1%', '5 %', `0.${'0'.repeat(14)}%`].map((reuse) => ({
      events: { reuse },
    })),
  ],
  [
    'reuse and duplicates together',
    [
      { events: { reuse: '99.9%', duplicates: '0.1%' } },
      { events: { reuse: '33.3%', duplicates: '66.7%' } },
      { events: { duplicates: '100%' } },
    ],
    [
      { events: { reuse: '99.9%', duplicates: '0.1000001%' } },
      { events: { reuse: '50%', duplicates: '50.000000001%' } },
    ],
  ],
  [
    'percentiles',
    ['p50', 'p99', 'p99.9', 'p75.125'].map((percentile) => ({
      stopWhen: { latencyAbove: '1s', percentile },
    })),
    ['p49', 'p99.901', 'p100', '99', 'P99', 'p99.', 'p5', 'p50.1234', ''].map((percentile) => ({
      stopWhen: { latencyAbove: '1s', percentile },
    })),
  ],
  [
    'statuses',
    [['200-299', '404'], ['100-599'], ['200-200']].map((success) => ({ http: { success } })),
    [['299-200'], ['600'], ['2xx'], ['099'], [''], ['200-'], ['200-2999'], [], times(17, '200')].map(
      (success) => ({ http: { success } }),
    ),
  ],
  [
    'host names and addresses',
    [{ api: '10.0.0.7' }, { 'API.ingest.': '::1' }, { a: '2001:db8::1' }].map((resolve) => ({
      http: { resolve },
    })),
    [
      { 'a b': '10.0.0.7' },
      { '-a': '10.0.0.7' },
      { a: '10.0.0' },
      { a: '010.0.0.7' },
      { a: 'fe80::1%eth0' },
      { a: '::ffff:1.2.3.4' },
      { a: 'example.com' },
      { ['a'.repeat(254)]: '10.0.0.7' },
      { '': '10.0.0.7' },
      Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`a${i}`, '10.0.0.7'])),
    ].map((resolve) => ({ http: { resolve } })),
  ],
  [
    'proxies',
    ['http://p', 'https://u:secret@proxy:3128', 'http://10.0.0.1:1/x', 'http://[::1]:3128'].map((proxy) => ({
      http: { proxy },
    })),
    ['proxy:1', 'ftp://a', 'http:///x', 'http:// a', 'http://a:b', '', 'http://[::1'].map((proxy) => ({
      http: { proxy },
    })),
  ],
  [
    'names of files',
    ['a', 'events/track.json', '..a', 'a..', '-', 'A_b-c.d/e', 'a'.repeat(253)].map((name) =>
      inlineOf({ [name]: '' }),
    ),
    ['', '..', '.', 'a/..', '/a', 'a/', 'a//b', 'a b', 'x/__proto__', 'é', 'a'.repeat(254)].map((name) =>
      inlineOf({ [name]: '' }),
    ),
  ],
  [
    'sizes of inline files',
    [
      inlineOf({ a: 'x'.repeat(65_536), b: 'x'.repeat(65_536), c: 'x'.repeat(65_536), d: 'x'.repeat(8_192) }),
      inlineOf(Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`f${i}`, '']))),
      inlineOf({ a: '😀'.repeat(40_000) }),
    ],
    [
      inlineOf({ a: 'x'.repeat(65_536), b: 'x'.repeat(65_536), c: 'x'.repeat(65_536), d: 'x'.repeat(8_193) }),
      inlineOf({ a: 'x'.repeat(65_537) }),
      inlineOf(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`f${i}`, '']))),
    ],
  ],
  [
    'texts are as long as they have characters',
    [{ run: '' }, { run: 'x'.repeat(64) }, { run: '😀'.repeat(64) }, { run: '\n' }],
    [{ run: 'x'.repeat(65) }, { run: '😀'.repeat(65) }],
  ],
  [
    'seeds',
    [42, -1, 0, 'a', '😀'.repeat(64), Number.MAX_SAFE_INTEGER].map((seed) => ({ events: { seed } })),
    [1.5, '', 'x'.repeat(65), true, [], 2 ** 53, {}].map((seed) => ({ events: { seed } })),
  ],
  [
    'whole numbers',
    [1, 65_536].map((connections) => ({ http: { connections } })),
    [0, 65_537, 1.5, '256', true, 1e20].map((connections) => ({ http: { connections } })),
  ],
  [
    'stages',
    [
      { stages: [{ to: '5/s', over: '1m' }, { hold: '1m' }, { to: '0/s', over: '1s' }] },
      { stages: [{ from: '5/s', to: '0/s', over: '1m' }] },
      { stages: [{ to: '5/s', over: '43800h' }, { hold: '43800h' }] },
      { stages: times(64, { to: '5/s', over: '1m' }) },
    ],
    [
      { stages: [] },
      { stages: [{}] },
      { stages: [{ hold: '1m' }] },
      { stages: [{ hold: '1m' }, { to: '5/s', over: '1m' }] },
      { stages: [{ to: '0/s', over: '1m' }, { hold: '1m' }] },
      { stages: [{ from: '0.0/s', to: '0/m', over: '1m' }] },
      { stages: [{ to: '5/s' }] },
      { stages: [{ over: '1m' }] },
      { stages: [{ to: '5/s', over: '1m', hold: '1m' }] },
      {
        stages: [
          { to: '5/s', over: '1m' },
          { from: '1/s', hold: '1m' },
        ],
      },
      { stages: [{ to: '5/s', over: '43800h' }, { hold: '43800h1ms' }] },
      { stages: times(64, { to: '5/s', over: '87600h' }) },
      { stages: times(65, { to: '5/s', over: '1m' }) },
      { stages: [{ to: '5/s', over: '1m' }], duration: '1m' },
    ],
  ],
  [
    'warm-up',
    [
      { warmup: '9s', duration: '10s' },
      { warmup: '0s', duration: '1ms' },
      { warmup: '100h' },
      { warmup: '119s', stages: [{ to: '5/s', over: '1m' }, { hold: '1m' }] },
      { warmup: '1.9ms', stages: [{ to: '5/s', over: '1ms' }, { hold: '1ms' }] },
    ],
    [
      { warmup: '10s', duration: '10s' },
      { warmup: '2m', stages: [{ to: '5/s', over: '1m' }, { hold: '1m' }] },
      { warmup: '2ms', stages: [{ to: '5/s', over: '1ms' }, { hold: '1ms' }] },
      { warmup: '-1s' },
    ],
  ],
  [
    'waves',
    [
      { wave: { mean: '5/s', amplitude: '300/m', period: '1m' } },
      { wave: { mean: '0.7/s', amplitude: '2520/h', period: '1m' } },
    ],
    [
      { wave: { mean: '5/s', amplitude: '301/m', period: '1m' } },
      { wave: { mean: '0/s', amplitude: '0/s', period: '1m' } },
      { wave: { mean: '5/s', amplitude: '5/s' } },
    ],
  ],
  [
    'one of several',
    [{ http: {} }, { kafka: {} }, { nsq: {} }, { targets: { from: [{ directory: { path: 'x' } }] } }],
    [
      { http: {}, kafka: {} },
      { kafka: {}, nsq: {} },
      { rate: '1/s', wave: { mean: '5/s', amplitude: '1/s', period: '1m' } },
      { rate: '1/s', stages: [{ to: '5/s', over: '1m' }] },
      { templates: { entry: 'a', from: [{}] } },
      { templates: { entry: 'a', from: [{ inline: { a: '' }, directory: { path: 'x' } }] } },
      { templates: { entry: 'a', from: [] } },
      {
        targets: { from: [{ directory: { path: 'x' } }] },
        templates: { entry: 'a', from: [{ inline: { a: '' } }] },
      },
      { targets: { from: [{ directory: { path: 'a\0b' } }] } },
    ],
  ],
  [
    'variables',
    [
      { variables: [] },
      {
        variables: [
          { name: 'A', value: '' },
          { name: '_b', values: ['x'] },
        ],
      },
      { variables: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k.x' } } }] },
    ],
    [
      {
        variables: [
          { name: 'A', value: '' },
          { name: 'A', value: '' },
        ],
      },
      { variables: [{ name: 'A' }] },
      { variables: [{ name: 'A', value: '', values: ['x'] }] },
      { variables: [{ name: 'A', values: [] }] },
      { variables: [{ name: 'A', valueFrom: {} }] },
      { variables: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'S', key: 'k' } } }] },
      { variables: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'a/b' } } }] },
      { variables: [{ name: 'a-b', value: '' }] },
      { variables: [{ name: '1a', value: '' }] },
      { variables: [{ name: '__proto__', value: '' }] },
      { variables: [{ value: '' }] },
      { variables: Array.from({ length: 129 }, (_, i) => ({ name: `A${i}`, value: '' })) },
    ],
  ],
  [
    'stop rules',
    [{ stopWhen: { successBelow: '98%' } }, { stopWhen: { latencyAbove: '0.01ms', window: '1s' } }],
    [
      { stopWhen: {} },
      { stopWhen: { percentile: 'p99' } },
      { stopWhen: { successBelow: '98%', window: '999ms' } },
      { stopWhen: { successBelow: '98%', votes: 0 } },
      { stopWhen: { successBelow: '98%', decidedBy: 'Anyone' } },
      { stopWhen: { latencyAbove: '0.009ms' } },
    ],
  ],
  [
    'workers',
    [
      { rate: '1000/s', workers: { maxRatePerWorker: '1/s' } },
      { rate: '100/s', workers: { maxRatePerWorker: '0.1/s' } },
      { rate: '1/m', workers: { maxRatePerWorker: '60/h' } },
      { workers: { replicas: 1000, beside: { matchLabels: { 'example.com/app': '' } } } },
      { workers: { template: { metadata: { labels: { a: 'b' } }, spec: { anything: [1, { x: null }] } } } },
      {
        wave: { mean: '500/s', amplitude: '500/s', period: '1m' },
        workers: { maxRatePerWorker: '1/s' },
      },
    ],
    [
      { rate: '1001/s', workers: { maxRatePerWorker: '1/s' } },
      { stages: [{ to: '1001/s', over: '1m' }], workers: { maxRatePerWorker: '1/s' } },
      { stages: [{ from: '1001/s', to: '0/s', over: '1m' }], workers: { maxRatePerWorker: '1/s' } },
      {
        wave: { mean: '501/s', amplitude: '500/s', period: '1m' },
        workers: { maxRatePerWorker: '1/s' },
      },
      { workers: { replicas: 0 } },
      { workers: { replicas: 1001 } },
      { workers: { lease: '1s' } },
      { workers: { beside: {} } },
      { workers: { beside: { matchLabels: {} } } },
      { workers: { beside: { matchLabels: { 'a b': 'c' } } } },
      { workers: { beside: { matchLabels: { [`${'a'.repeat(254)}/b`]: 'c' } } } },
      { workers: { beside: { matchLabels: { ['a'.repeat(64)]: 'c' } } } },
      { workers: { beside: { matchLabels: { a: 'b c' } } } },
      { workers: { template: [] } },
      { workers: { template: 'x' } },
    ],
  ],
];

function inlineOf(inline: Record<string, string>): Record<string, unknown> {
  return { templates: { entry: 'a', from: [{ inline }] } };
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}
