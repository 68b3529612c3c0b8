import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseYaml } from '../../src/cli/manifest/yaml.ts';
import { manifestWith } from '../api/load-test-manifest.ts';
import { type JsonSchema, violations } from '../support/json-schema.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const schema = JSON.parse(read('schemas/loadtest.schema.json')) as JsonSchema;

test('the schema takes every example, and all that may stand beside it in a file', () => {
  const root = new URL('../../', import.meta.url);
  const examples = globSync('examples/*.yaml', { cwd: root }).map((path) => [path, read(path)] as const);
  const reference = [...read('docs/loadtest.md').matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml]) => yaml!);
  assert.ok(examples.length > 5 && reference.length > 4);
  for (const [path, yaml] of examples) {
    for (const document of parseYaml(yaml, path)) assert.deepEqual(violations(document, schema), [], path);
  }
  for (const yaml of reference) {
    const part = parseYaml(yaml, 'reference')[0] as Record<string, unknown>;
    const document = 'kind' in part ? part : manifestWith(part);
    assert.deepEqual(violations(document, schema), [], yaml);
  }
  const beside = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { 'a.json': '{}' } };
  assert.deepEqual(violations(beside, schema), []);
});

test('the schema refuses what an editor should mark, at its place', () => {
  const rows: [spec: Record<string, unknown>, place: string][] = [
    [{ rate: '5000' }, 'spec.rate'],
    [{ rate: 5000 }, 'spec.rate'],
    [{ duration: '10 minutes' }, 'spec.duration'],
    [{ raet: '5/s' }, 'spec.raet'],
    [{ stages: [{ to: '5/s', ovr: '1s' }] }, 'spec.stages[0].ovr'],
    [{ stages: [] }, 'spec.stages'],
    [{ wave: { mean: '5/s', period: '1s' } }, 'spec.wave.amplitude'],
    [{ http: { connections: 0 } }, 'spec.http.connections'],
    [{ workers: { onLoss: 'Shrug' } }, 'spec.workers.onLoss'],
    [{ events: { reuse: '90' } }, 'spec.events.reuse'],
    [{ variables: [{ value: 'x' }] }, 'spec.variables[0].name'],
    [{ suspend: 'yes' }, 'spec.suspend'],
  ];
  for (const [spec, place] of rows) assert.deepEqual(violations(manifestWith(spec), schema), [place]);
  assert.deepEqual(violations({ ...manifestWith(), kind: 'Loadtest' }, schema), ['kind']);
  assert.deepEqual(violations({ kind: 'LoadTest' }, schema), ['apiVersion', 'metadata', 'spec']);
});

test('each field says what it means, what it defaults to and what a change does', () => {
  const rate = schema.else!.properties!['spec']!.properties!['maxLag']!;
  assert.deepEqual(
    [rate.description, rate.patternErrorMessage],
    [
      'A hit that is later than this is dropped.\n\nDefault: 1s.\n\nBounds: 1ms to 24h.\n\nChange while a run goes on: hot.',
      'This is not a duration from 1ms to 24h such as 100ms, 10m, 1h30m',
    ],
  );
  const undescribed = (part: JsonSchema, path: string): string[] =>
    Object.entries(part.items?.properties ?? part.properties ?? {}).flatMap(([name, field]) => [
      ...(field.description === undefined ? [`${path}.${name}`] : []),
      ...undescribed(field, `${path}.${name}`),
    ]);
  assert.deepEqual(undescribed(schema.else!.properties!['spec']!, 'spec'), []);
});
