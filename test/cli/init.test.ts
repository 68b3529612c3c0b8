import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseYaml } from '../../src/cli/manifest/yaml.ts';
import { startCountingTarget } from '../../src/counting-target/counting-target.ts';
import { type JsonSchema, violations } from '../support/json-schema.ts';
import { folderWith } from './manifest/files.ts';
import { runTaz } from './taz-process.ts';

test('what init writes is valid, and runs against a target as it is', async (t) => {
  const cwd = folderWith(t, {});
  const { code, stdout, stderr } = await runTaz(['init', 'first/test'], { cwd });
  assert.deepEqual([code, stderr], [0, '']);
  const manifest = 'first/test/loadtest.yaml';
  assert.ok(stdout.includes(`wrote ${manifest}\n`) && stdout.includes(`\n  taz run -f ${manifest} `), stdout);

  const target = await startCountingTarget({ port: 0 });
  t.after(() => target.close());
  const run = ['run', '-f', manifest, '--set', `BaseURL=${target.url}`, '--duration', '2s', '--quiet'];
  const [validated, ran] = await Promise.all([
    runTaz(['validate', '-f', manifest], { cwd }),
    runTaz([...run, '--output', 'json'], { cwd }),
  ]);
  assert.deepEqual([validated.code, validated.stderr], [0, '']);
  assert.deepEqual([ran.code, ran.stderr], [0, '']);
  const summary = JSON.parse(ran.stdout) as { counts: { succeeded: number }; targets: object };
  assert.equal(summary.counts.succeeded, 100);
  assert.equal(target.stats().requests, 100);
  const { events } = target.stats();
  assert.deepEqual(Object.keys(events.types).sort(), ['page', 'track']);
});

test('its first line names the schema beside it, which takes it', async (t) => {
  const cwd = folderWith(t, {});
  const [, printed] = [await runTaz(['init'], { cwd }), await runTaz(['schema'], { cwd })];
  const yaml = readFileSync(join(cwd, 'loadtest.yaml'), 'utf8');
  const name = /^# yaml-language-server: \$schema=(\S+)\n/.exec(yaml)?.[1];
  const schema = readFileSync(join(cwd, name!), 'utf8');
  assert.equal(schema, printed.stdout);
  assert.deepEqual(violations(parseYaml(yaml, 'yaml')[0], JSON.parse(schema) as JsonSchema), []);
});

test('nothing is written over, nor anything written beside it', async (t) => {
  const cwd = folderWith(t, { 'templates/page.json': 'mine' });
  const { code, stdout, stderr } = await runTaz(['init'], { cwd });
  assert.deepEqual([code, stdout], [2, '']);
  assert.equal(stderr, 'taz: templates/page.json is there already: name another folder\n');
  assert.equal(readFileSync(join(cwd, 'templates/page.json'), 'utf8'), 'mine');
  assert.throws(() => readFileSync(join(cwd, 'loadtest.yaml')), /ENOENT/);
});

test('a folder that cannot be is named', async (t) => {
  const cwd = folderWith(t, {});
  writeFileSync(join(cwd, 'file'), '');
  const { code, stderr } = await runTaz(['init', 'file/below'], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /^taz: cannot write file\/below\/loadtest\.yaml: .*ENOTDIR/);
});
