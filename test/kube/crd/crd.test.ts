import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { parse } from 'yaml';
import { fieldReference } from '../../../scripts/generating/field-reference.ts';
import { fieldPaths } from '../../../src/api/fields.ts';
import { RULES } from '../../../src/api/rules.ts';
import { CONDITION_TYPES, LoadTestStatus } from '../../../src/api/status.ts';
import type { StructuralSchema } from '../../../src/kube/crd/structural-schema.ts';
import { isKubeError } from '../../../src/kube/errors.ts';
import { pathOf } from '../../../src/kube/resource.ts';
import { LOAD_TESTS } from '../../../src/kube/resources.ts';
import { manifestWith } from '../../api/load-test-manifest.ts';
import { useApiServer } from '../../cluster/api-server.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

interface Definition {
  spec: { versions: [{ schema: { openAPIV3Schema: StructuralSchema } }] };
}
const definition = parse(read('crds/taz.dev_loadtests.yaml')) as Definition;
const root = definition.spec.versions[0].schema.openAPIV3Schema;

const api = await useApiServer();
after(api.stop);

test('every text, list and map has a bound, so that rules have a cost', () => {
  let seen = 0;
  const visit = (schema: StructuralSchema, path: string): void => {
    seen++;
    if (schema.type === 'string') assert.ok(schema.maxLength ?? schema.enum ?? schema.format, path);
    if (schema.type === 'array') assert.ok(schema.maxItems !== undefined, path);
    if (schema.additionalProperties) assert.ok(schema.maxProperties !== undefined, path);
    for (const [name, field] of Object.entries(schema.properties ?? {})) visit(field, `${path}.${name}`);
    if (schema.items) visit(schema.items, `${path}[]`);
    if (schema.additionalProperties) visit(schema.additionalProperties, `${path}.*`);
  };
  visit(root.properties!['spec']!, 'spec');
  visit(root.properties!['status']!, 'status');
  assert.ok(seen > 120);
});

test('every rule is in the definition, but for unique names, which are keys of their list', () => {
  const inCel = RULES.filter((rule) => rule.cel !== null);
  assert.deepEqual(
    RULES.filter((rule) => rule.cel === null).map((rule) => `${rule.path}.${rule.field}`),
    ['spec.variables'],
  );
  const messages = JSON.stringify(definition);
  for (const { cel, message } of inCel) {
    assert.ok(messages.includes(JSON.stringify(cel!.message ?? message)), cel!.holds);
  }
  const { variables } = root.properties!['spec']!.properties!;
  assert.deepEqual(variables!['x-kubernetes-list-map-keys'], ['name']);
});

test('every rule about a value says the value, but for secrets and long texts', () => {
  const silent: string[] = [];
  const visit = (schema: StructuralSchema, path: string): void => {
    for (const rule of schema['x-kubernetes-validations'] ?? []) {
      if (schema.type === 'string' && rule.messageExpression === undefined) silent.push(path);
    }
    for (const [name, field] of Object.entries(schema.properties ?? {})) visit(field, `${path}.${name}`);
    if (schema.items) visit(schema.items, `${path}[]`);
  };
  visit(root.properties!['spec']!, 'spec');
  assert.ok(silent.length >= 2);
  for (const path of silent) assert.match(path, /\.(?:tls\.ca|proxy)$/);
});

test('every field of the status is in the reference, once, and nothing else is', () => {
  const rows = fieldReference(read('docs/loadtest.md'), 'status');
  assert.deepEqual(rows.map(({ path }) => path).sort(), fieldPaths(LoadTestStatus, 'status').sort());
  const types = rows.find(({ path }) => path === 'status.conditions[].type')!.meaning;
  assert.deepEqual(
    [...types.matchAll(/`(\w+)`/g)].map(([, type]) => type),
    [...CONDITION_TYPES],
  );
});

suite('a real API server', { skip: api.missing }, () => {
  let namespace: string;

  before(async () => {
    await api.installLoadTests();
    namespace = await api.namespace();
    const { spec } = manifestWith() as { spec: Record<string, unknown> };
    await api.client.create(LOAD_TESTS, { metadata: { namespace, name: 'a' }, spec });
  });

  const at = (name = 'a') => ({ namespace, name });

  test('has the status behind a subresource of its own, and drops what it does not know', async () => {
    await api.client.merge(LOAD_TESTS, at(), { status: { phase: 'Running' } });
    assert.equal((await api.client.get(LOAD_TESTS, at())).status, undefined);
    const status = { phase: 'Running', rate: { target: '5000/s', achieved: '4999.8/s' }, mood: 'good' };
    const { status: written } = await api.client.merge(
      LOAD_TESTS,
      at(),
      { status },
      { subresource: 'status' },
    );
    assert.deepEqual(written, { phase: 'Running', rate: { target: '5000/s', achieved: '4999.8/s' } });
  });

  test('takes a whole status', async () => {
    const now = '2026-11-26T11:30:00Z';
    const status: LoadTestStatus = {
      observedGeneration: 3,
      phase: 'Running',
      run: {
        id: 'r',
        key: 'k',
        startedAt: now,
        endsAt: now,
        finishedAt: now,
        verdict: 'Completed',
        reason: 'x',
      },
      rate: { target: '5000/s', achieved: '4999.8/s' },
      counts: {
        scheduled: 2 ** 53 - 1,
        sent: 5,
        succeeded: 4,
        failed: 1,
        dropped: 0,
        interrupted: 0,
        unreported: 0,
        inFlight: 0,
      },
      latency: { p50: '1ms', p90: '2ms', p95: '3ms', p99: '4.5ms', max: '5ms' },
      success: '99.98%',
      votes: { highest: 2, limit: 10, workers: [{ name: 'a-0', votes: 2, since: now, reason: 'slow' }] },
      templates: { digest: 'abc', workersUpdated: '3/3', lastError: 'none' },
      workers: { desired: 3, ready: 3, replicas: 3, selector: 'app=a' },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          observedGeneration: 3,
          lastTransitionTime: now,
          reason: 'Running',
          message: 'm',
        },
      ],
    };
    const { status: written } = await api.client.merge(
      LOAD_TESTS,
      at(),
      { status },
      { subresource: 'status', fieldValidation: 'Strict' },
    );
    assert.deepEqual(written, status);
  });

  test('refuses a status that says what there is not', async () => {
    const wrong = [{ run: { verdict: 'Won' } }, { counts: { sent: -1 } }, { run: { startedAt: 'noon' } }];
    for (const status of wrong) {
      await assert.rejects(
        api.client.merge(LOAD_TESTS, at(), { status }, { subresource: 'status' }),
        (error) => isKubeError(error, 'Invalid') && error.causes.length > 0,
      );
    }
  });

  test('shows what people ask first as columns', async () => {
    const { columnDefinitions, rows } = (await api.connect().call({
      method: 'GET',
      path: pathOf(LOAD_TESTS, at()),
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
      call: 'get the table',
      verb: 'get',
      resource: 'loadtests',
    })) as { columnDefinitions: { name: string; priority: number }[]; rows: { cells: unknown[] }[] };
    const named = (priority: number) =>
      columnDefinitions.filter((column) => column.priority === priority).map(({ name }) => name);
    assert.deepEqual(named(0), 'Name Phase Target Rate Success P99 Votes Workers Age'.split(' '));
    assert.deepEqual(named(1), ['Ready', 'Verdict', 'Digest']);
    const cells = rows[0]!.cells.filter((_, index) => columnDefinitions[index]!.name !== 'Age');
    const expected = [
      'a',
      'Running',
      '5000/s',
      '4999.8/s',
      '99.98%',
      '4.5ms',
      2,
      3,
      'True',
      'Completed',
      'abc',
    ];
    assert.deepEqual(cells, expected);
  });

  test('scales the workers', async () => {
    const scale = (await api.client.get(LOAD_TESTS, at())).spec['workers'] as { replicas: number };
    assert.equal(scale.replicas, 1);
    const { generation } = (await api.client.get(LOAD_TESTS, at())).metadata;
    const answer = await api.client.merge(
      LOAD_TESTS,
      at(),
      { spec: { replicas: 5 } },
      { subresource: 'scale' },
    );
    assert.deepEqual(answer.status, { replicas: 3, selector: 'app=a' });
    const scaled = await api.client.get(LOAD_TESTS, at());
    assert.deepEqual(scaled.spec['workers'], { afterLease: 'Stop', onLoss: 'Rebalance', replicas: 5 });
    assert.equal(scaled.metadata.generation, generation! + 1);
  });

  test('merges variables and conditions by their keys', async () => {
    const apply = (fieldManager: string, name: string) =>
      api.client.apply(
        LOAD_TESTS,
        { metadata: at(), spec: { variables: [{ name, value: 'x' }] } },
        { fieldManager },
      );
    await apply('one', 'A');
    const { spec } = await apply('two', 'B');
    assert.deepEqual(spec['variables'], [
      { name: 'A', value: 'x' },
      { name: 'B', value: 'x' },
    ]);
  });
});
