import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesBetween } from '../../src/api/changes.ts';
import { parseLoadTest } from '../../src/api/parse.ts';
import { manifestWith } from './load-test-manifest.ts';

type Spec = Record<string, unknown>;

function changes(before: Spec, after: Spec): string[] {
  const [from, to] = [before, after].map((spec) => parseLoadTest(manifestWith(spec)));
  return changesBetween(from!, to!).map((change) => `${change.path}: ${change.class}`);
}

const secret = (key: string) => ({ name: 'Token', valueFrom: { secretKeyRef: { name: 's', key } } });
const inline = (text: string) => ({ entry: 'a', from: [{ inline: { a: text } }] });
const s3 = (credentials?: object) => ({ entry: 'a', from: [{ s3: { bucket: 'bkt', credentials } }] });
const region = { name: 'Region', value: 'eu' };

const rows: [what: string, before: Spec, after: Spec, changes: string[]][] = [
  ['nothing', {}, {}, []],
  ['a default that is written', {}, { maxLag: '1s', http: { timeout: '5s' }, events: {} }, []],
  ['a rate', { rate: '5/s' }, { rate: '6/s' }, ['spec.rate: hot']],
  [
    'stages in place of a rate',
    { rate: '5/s', duration: '1m' },
    { stages: [{ to: '5/s', over: '1m' }] },
    ['spec.rate: hot', 'spec.duration: hot', 'spec.stages: hot'],
  ],
  [
    'one stage, and one more',
    { stages: [{ to: '5/s', over: '1m' }] },
    { stages: [{ to: '6/s', over: '1m' }, { hold: '1m' }] },
    ['spec.stages[0].to: hot', 'spec.stages[1]: hot'],
  ],
  [
    'a free map',
    { http: { resolve: { a: '10.0.0.1' } } },
    { http: { resolve: { a: '10.0.0.2' } } },
    ['spec.http.resolve: rolling'],
  ],
  [
    'an option of the protocol that was not named',
    {},
    { http: { timeout: '2s' } },
    ['spec.http.timeout: rolling'],
  ],
  ['a block of TLS', {}, { http: { tls: { insecure: true } } }, ['spec.http.tls: rolling']],
  ['another protocol', {}, { kafka: {} }, ['spec.http: new run', 'spec.kafka: new run']],
  [
    'a text of a template',
    { templates: inline('{}') },
    { templates: inline('{ }') },
    ['spec.templates.from[0].inline: hot'],
  ],
  [
    'targets in place of templates',
    { templates: inline('{}') },
    { targets: { from: [{ inline: { a: '' } }] } },
    ['spec.templates: hot', 'spec.targets: hot'],
  ],
  [
    'credentials that come with their source',
    { templates: inline('{}') },
    { templates: s3({ secretName: 's' }) },
    [
      'spec.templates.from[0].inline: hot',
      'spec.templates.from[0].s3: hot',
      'spec.templates.from[0].s3.credentials: rolling',
      'spec.templates.from[0].s3.credentials.secretName: rolling',
    ],
  ],
  [
    'credentials that go',
    { templates: s3({ secretName: 's' }) },
    { templates: s3() },
    ['spec.templates.from[0].s3.credentials: rolling'],
  ],
  [
    'variables in another order',
    { variables: [region, secret('a')] },
    { variables: [secret('a'), region] },
    [],
  ],
  [
    'a variable before the others',
    { variables: [secret('a')] },
    { variables: [region, secret('a')] },
    ['spec.variables[0]: hot'],
  ],
  [
    'a value',
    { variables: [region] },
    { variables: [{ ...region, value: 'us' }] },
    ['spec.variables[0].value: hot'],
  ],
  [
    'the key of a secret',
    { variables: [region, secret('a')] },
    { variables: [region, secret('b')] },
    ['spec.variables[1].valueFrom.secretKeyRef.key: rolling'],
  ],
  [
    'a secret more',
    { variables: [region] },
    { variables: [region, secret('a')] },
    [
      'spec.variables[1]: hot',
      'spec.variables[1].valueFrom.secretKeyRef: rolling',
      'spec.variables[1].valueFrom.secretKeyRef.name: rolling',
      'spec.variables[1].valueFrom.secretKeyRef.key: rolling',
    ],
  ],
  [
    'a secret less',
    { variables: [secret('a'), region] },
    { variables: [region] },
    [
      'spec.variables[0]: hot',
      'spec.variables[0].valueFrom.secretKeyRef: rolling',
      'spec.variables[0].valueFrom.secretKeyRef.name: rolling',
      'spec.variables[0].valueFrom.secretKeyRef.key: rolling',
    ],
  ],
  ['a pod template', {}, { workers: { template: { spec: {} } } }, ['spec.workers.template: rolling']],
  [
    'warm-up and seed',
    { duration: '1m' },
    { duration: '1m', warmup: '1s', events: { seed: 1, reuse: '1%' } },
    ['spec.warmup: next run', 'spec.events.reuse: hot', 'spec.events.seed: next run'],
  ],
  ['a rule to stop', {}, { stopWhen: { successBelow: '98%' } }, ['spec.stopWhen: hot']],
];

for (const [what, before, after, expected] of rows) {
  test(`${what}: ${expected.length === 0 ? 'no change' : expected.join(', ')}`, () => {
    assert.deepEqual(changes(before, after).sort(), [...expected].sort());
  });
}
