import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { z } from 'zod';
import { fieldReference } from '../../scripts/generating/field-reference.ts';
import { CHANGE_CLASSES } from '../../src/api/change-classes.ts';
import { fieldPaths, schemaAt } from '../../src/api/fields.ts';
import { LoadTestSpec } from '../../src/api/loadtest.ts';
import { parseLoadTest } from '../../src/api/parse.ts';
import { toRunSpec } from '../../src/api/to-run-spec.ts';
import { parseYaml } from '../../src/cli/manifest/yaml.ts';
import { manifestWith } from './load-test-manifest.ts';

const reference = readFileSync(new URL('../../docs/loadtest.md', import.meta.url), 'utf8');

/** The rows of the reference's tables of fields. */
const rows = fieldReference(reference);

test('every field is in the reference, once, and nothing else is', () => {
  assert.deepEqual(rows.map(({ path }) => path).sort(), fieldPaths(LoadTestSpec, 'spec').sort());
});

test('the reference says of each field what a change does', () => {
  for (const { path, meaning, change } of rows) {
    assert.ok(meaning.length > 3, path);
    assert.equal(change, CHANGE_CLASSES[path], path);
  }
});

test('the reference says the defaults of the schema', () => {
  for (const { path, standard } of rows) {
    const written = /^`(.*)`$/.exec(standard)?.[1];
    const value = defaultAt(path);
    const expected =
      value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value);
    assert.equal(written, expected, path);
  }
});

test('the reference says which fields are not supported yet, and those are refused', () => {
  const asked: Record<string, Record<string, unknown>> = {
    'spec.http.http2': { http: { http2: true } },
    'spec.http.proxy': { http: { proxy: 'http://p:1' } },
    'spec.http.resolve': { http: { resolve: { a: '10.0.0.1' } } },
  };
  const documented = rows
    .filter(({ meaning }) => meaning.includes('Not supported yet'))
    .map(({ path }) => path);
  assert.deepEqual(documented.sort(), Object.keys(asked).sort());
  for (const [path, spec] of Object.entries(asked)) {
    const loadtest = parseLoadTest(manifestWith(spec));
    assert.throws(
      () => toRunSpec(loadtest),
      new RegExp(`${path.replace('[]', '[0]').replaceAll(/[.[\]]/g, '\\$&')}: is not supported yet`),
    );
  }
});

test('the examples in the reference are valid', () => {
  const examples = [...reference.matchAll(/^```yaml\n(.*?)^```/gms)].map(
    ([, yaml]) => parseYaml(yaml!, 'example')[0],
  );
  assert.ok(examples.length >= 5);
  for (const example of examples as Record<string, unknown>[]) {
    if ('kind' in example) parseLoadTest(example);
    else parseLoadTest(manifestWith(example));
  }
});

/** The default of the field itself; undefined where it has none, or is a map that is filled from its own fields. */
function defaultAt(path: string): unknown {
  const steps = path
    .split('.')
    .slice(1)
    .flatMap((step) => (step.endsWith('[]') ? [step.slice(0, -2), 0] : [step]));
  const last = steps.pop()!;
  const parent = schemaAt(LoadTestSpec, steps);
  assert.ok(parent instanceof z.ZodObject, path);
  const field = parent.shape[last];
  return field instanceof z.ZodDefault ? field.def.defaultValue : undefined;
}
