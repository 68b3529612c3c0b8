import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLoadTest } from '../../../src/api/parse.ts';
import { ProblemsError } from '../../../src/api/problem.ts';
import { hotPart } from '../../../src/cli/manifest/hot-part.ts';
import { manifestWith } from '../../api/load-test-manifest.ts';

type Spec = Record<string, unknown>;
const parsed = (spec: Spec) => parseLoadTest(manifestWith(spec));

/** What holds after a save, with the paths that are applied and those that wait. */
function after(before: Spec, saved: Spec) {
  const part = hotPart(parsed(before), parsed(saved));
  const paths = (changes: { path: string }[]) => changes.map((change) => change.path).sort();
  return part && { spec: part.loadtest.spec, applied: paths(part.applied), waiting: paths(part.waiting) };
}

const secret = { name: 'Token', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };

test('hot fields are taken, the others of the same save stay as they were', () => {
  const before = { rate: '5/s', duration: '1m', warmup: '1s', events: { seed: 1 } };
  const saved = {
    rate: '6/s',
    duration: '1m',
    warmup: '2s',
    startTimeout: '1m',
    events: { seed: 2, reuse: '5%' },
    http: { timeout: '1s', tls: { insecure: true } },
    workers: { replicas: 2, template: { spec: {} } },
    run: 'two',
  };
  assert.deepEqual(after(before, saved), {
    spec: parsed({
      ...before,
      rate: '6/s',
      events: { seed: 1, reuse: '5%' },
      workers: { replicas: 2 },
      http: {},
    }).spec,
    applied: ['spec.events.reuse', 'spec.rate', 'spec.workers.replicas'],
    waiting: [
      'spec.events.seed',
      'spec.http.timeout',
      'spec.http.tls',
      'spec.run',
      'spec.startTimeout',
      'spec.warmup',
      'spec.workers.template',
    ],
  });
});

test('what is taken away but has to wait stays as well', () => {
  const before = { http: { timeout: '1s' }, events: { seed: 1 }, workers: { template: { spec: {} } } };
  const { spec, waiting } = after(before, {})!;
  assert.deepEqual(spec, parsed(before).spec);
  assert.deepEqual(waiting, ['spec.events.seed', 'spec.http.timeout', 'spec.workers.template']);
});

test('secrets are read from files here, so that they need not wait', () => {
  const { spec, applied, waiting } = after({}, { variables: [secret] })!;
  assert.deepEqual([spec.variables, waiting], [parsed({ variables: [secret] }).spec.variables, []]);
  assert.ok(applied.includes('spec.variables[0].valueFrom.secretKeyRef.key'));
});

test('the name of the test is that of its start', () => {
  const saved = { ...manifestWith({ rate: '7/s' }), metadata: { name: 'other' } };
  const { loadtest } = hotPart(parsed({}), parseLoadTest(saved))!;
  assert.deepEqual([loadtest.metadata.name, loadtest.spec.rate], ['tracking-api', '7/s']);
});

test('another protocol is a test of its own', () => {
  assert.equal(after({}, { rate: '7/s', nsq: {} }), null);
  assert.equal(after({ kafka: {} }, {}), null);
});

test('what can be applied has to go with what waits', () => {
  const before = { duration: '1m', warmup: '30s' };
  assert.throws(
    () => after(before, { duration: '20s', warmup: '10s' }),
    (error) => error instanceof ProblemsError && /spec\.warmup: "30s" must be shorter/.test(error.message),
  );
});
