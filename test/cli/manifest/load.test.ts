import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { suite, type TestContext, test } from 'node:test';
import { UsageError } from '../../../src/cli/errors.ts';
import { type LoadOptions, loadManifest } from '../../../src/cli/manifest/load.ts';
import { MAX_MANIFEST_BYTES } from '../../../src/cli/manifest/read-text.ts';
import { folderWith, loadTestYaml } from './files.ts';

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');

function load(t: TestContext, files: Record<string, string | Uint8Array>, options?: LoadOptions) {
  const folder = folderWith(t, files);
  return loadManifest(
    Object.keys(files).map((name) => join(folder, name)),
    options,
  );
}

async function problemsOf(loading: Promise<unknown>): Promise<string[]> {
  try {
    await loading;
  } catch (error) {
    assert.ok(error instanceof UsageError, (error as Error).stack);
    return error.problems.length === 0 ? [error.message] : [...error.problems];
  }
  assert.fail('it is taken');
}

const configMap = (name: string, data: string, metadata = '') =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, ${metadata} }\ndata: ${data}\n`;

test('a LoadTest with the ConfigMaps and Secrets beside it', async (t) => {
  const folder = folderWith(t, {
    'sub/test.yaml': `${loadTestYaml('one')}${configMap('c', '{ k: v, empty: "" }')}`,
    'objects.json': JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'd' },
          data: { x: 'y' },
          binaryData: { z: base64('z') },
        },
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 's' },
          data: { a: base64('é'), b: `${base64('old')}\n`, key: base64(Buffer.from([0xff])) },
          stringData: { b: 'new' },
        },
      ],
    }),
  });
  const manifest = await loadManifest([join(folder, 'sub/test.yaml'), join(folder, 'objects.json')]);
  assert.equal(manifest.loadtest.metadata.name, 'one');
  assert.equal(manifest.loadtest.spec.maxLag, '1s');
  assert.equal(manifest.file, join(folder, 'sub/test.yaml'));
  assert.equal(manifest.baseDir, join(folder, 'sub'));
  assert.deepEqual(Object.fromEntries(manifest.configMaps), { c: { k: 'v', empty: '' }, d: { x: 'y' } });
  assert.deepEqual(Object.fromEntries(manifest.secrets), { s: { a: 'é', b: 'new' } });
});

test('from standard input, with paths relative to the current folder', async () => {
  const stdin = Readable.from([
    Buffer.from(loadTestYaml('one').slice(0, 30)),
    Buffer.from(loadTestYaml('one').slice(30)),
  ]);
  const manifest = await loadManifest(['-'], { stdin });
  assert.equal(manifest.file, 'standard input');
  assert.equal(manifest.baseDir, process.cwd());
});

test('a file that is named twice is read once', async (t) => {
  const file = join(folderWith(t, { 'a.yaml': loadTestYaml('one') }), 'a.yaml');
  assert.equal((await loadManifest([file, file])).loadtest.metadata.name, 'one');
});

test('only objects of the own namespace serve; none and default are the same', async (t) => {
  const objects = `${configMap('a', '{ from: none }')}${configMap('b', '{ from: default }', 'namespace: default')}${configMap('a', '{ from: other }', 'namespace: other')}`;
  const fromDefault = await load(t, { 'a.yaml': `${loadTestYaml('one')}${objects}` });
  assert.deepEqual(Object.fromEntries(fromDefault.configMaps), {
    a: { from: 'none' },
    b: { from: 'default' },
  });
  const fromOther = await load(t, { 'a.yaml': `${loadTestYaml('one', 'namespace: other')}${objects}` });
  assert.deepEqual(Object.fromEntries(fromOther.configMaps), { a: { from: 'other' } });
});

suite('several LoadTests', () => {
  const two = `${loadTestYaml('one')}---\n${loadTestYaml('two')}`;
  test('need a name', async (t) => {
    const [problem] = await problemsOf(load(t, { 'a.yaml': two }));
    assert.match(problem!, /a\.yaml: there are 2 LoadTests \(one and two\); choose one with --name NAME$/);
  });
  test('are told apart by it', async (t) => {
    assert.equal((await load(t, { 'a.yaml': two }, { name: 'two' })).loadtest.metadata.name, 'two');
  });
  test('one that is not chosen may be wrong', async (t) => {
    const files = { 'a.yaml': loadTestYaml('one'), 'b.yaml': 'kind: LoadTest\n' };
    assert.equal((await load(t, files, { name: 'one' })).loadtest.metadata.name, 'one');
  });
  test('a name that none has lists those there are', async (t) => {
    const [problem] = await problemsOf(load(t, { 'a.yaml': two }, { name: 'three' }));
    assert.match(problem!, /there is no LoadTest called "three", only one and two$/);
  });
  test('a name that two have is refused', async (t) => {
    const files = { 'a.yaml': loadTestYaml('one'), 'b.yaml': loadTestYaml('one', 'namespace: b') };
    const [problem] = await problemsOf(load(t, files, { name: 'one' }));
    assert.match(problem!, /a\.yaml, .*b\.yaml: there are 2 LoadTests called "one"/);
  });
  test('a LoadTestList counts as its items', async (t) => {
    const item = {
      metadata: { name: 'one' },
      spec: { rate: '1/s', targets: { from: [{ inline: { a: '{}' } }] } },
    };
    const list = { apiVersion: 'taz.dev/v1alpha1', kind: 'LoadTestList', items: [item] };
    assert.equal((await load(t, { 'a.json': JSON.stringify(list) })).loadtest.metadata.name, 'one');
  });
});

test('other kinds are left out with a note', async (t) => {
  const notes: string[] = [];
  await load(
    t,
    { 'a.yaml': `${loadTestYaml('one')}---\nkind: Deployment\nmetadata: { name: web }\n` },
    { note: (line) => notes.push(line) },
  );
  assert.equal(notes.length, 1);
  assert.match(notes[0]!, /^ignored: Deployment web \(.*a\.yaml\)$/);
});

test('a ConfigMap of another API group is another kind', async (t) => {
  const manifest = await load(t, {
    'a.yaml': `${loadTestYaml('one')}${configMap('c', '{ a: 5 }').replace('v1', 'x.dev/v1')}`,
  });
  assert.equal(manifest.configMaps.size, 0);
});

test('problems of all files come together', async (t) => {
  const problems = await problemsOf(
    load(t, {
      'a.yaml': 'a: [',
      'b.yaml': configMap('c', '{ a: 5, b: on }'),
      'c.yaml': '- x',
      'd.yaml': 'kind: Loadtest',
    }),
  );
  const expected = [
    /a\.yaml:1:5: /,
    /b\.yaml: ConfigMap c: data\.a: 5 is a number/,
    /b\.yaml: ConfigMap c: data\.b: true is no text/,
    /c\.yaml: a list is not an object/,
    /d\.yaml: kind: "Loadtest" is not LoadTest/,
  ];
  assert.equal(problems.length, expected.length, problems.join('\n'));
  for (const [index, message] of expected.entries()) assert.match(problems[index]!, message);
});

test('names are repeated without what could act on a terminal', async (t) => {
  const files = {
    'a.yaml':
      'kind: "\\e[31mX"\nmetadata: { name: "a\\nb" }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: "\\e[0m" }\ndata: { "\\e": 5 }',
  };
  const problems = await problemsOf(load(t, files));
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /a\.yaml: ConfigMap "\\u001b\[0m": data\["\\u001b"\]: 5 is a number/);
  const [none] = await problemsOf(load(t, { 'a.yaml': 'kind: "\\e[31mX"\nmetadata: { name: "a\\nb" }' }));
  assert.match(none!, /only "\\u001b\[31mX" "a\\nb"$/);
});

test('a Secret is never repeated in a message', async (t) => {
  const secret = (fields: string) => `---\napiVersion: v1\nkind: Secret\nmetadata: { name: s }\n${fields}\n`;
  for (const fields of [
    'data: hunter2',
    'data: { a: "hunter2!" }',
    'data: { a: 4242 }',
    'stringData: { a: 4242 }',
    'stringData: [hunter2]',
    'data: { a: [hunter2] }',
  ]) {
    const problems = await problemsOf(load(t, { 'a.yaml': `${loadTestYaml('one')}${secret(fields)}` }));
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /a\.yaml: Secret s: /);
    assert.doesNotMatch(problems[0]!, /hunter2|4242/, fields);
  }
});

test('a ConfigMap that Kubernetes would not take is too large', async (t) => {
  const problems = await problemsOf(
    load(t, { 'a.yaml': `${loadTestYaml('one')}${configMap('c', `{ a: ${'x'.repeat(1_048_577)} }`)}` }),
  );
  assert.match(problems.join(), /ConfigMap c: data: has 1048577 bytes; Kubernetes takes at most 1048576$/);
});

suite('files that cannot be read', () => {
  test('missing', async () =>
    assert.match(
      (await problemsOf(loadManifest(['nowhere.yaml']))).join(),
      /^nowhere\.yaml cannot be read: no such file.*\(ENOENT\)$/,
    ));
  test('a folder', async (t) =>
    assert.match(
      (await problemsOf(loadManifest([folderWith(t, {})]))).join(),
      /cannot be read: it is a directory/,
    ));
  test('larger than any manifest', async (t) => {
    const started = performance.now();
    const problems = await problemsOf(load(t, { 'a.yaml': `a: ${'x'.repeat(10_000_000)}` }));
    assert.match(problems.join(), /a\.yaml is too large: it may have 4096 KiB/);
    assert.ok(performance.now() - started < 5000);
  });
  test('as large as is allowed', async (t) => {
    const yaml = loadTestYaml('one');
    await load(t, { 'a.yaml': `${yaml}#${'x'.repeat(MAX_MANIFEST_BYTES - yaml.length - 1)}` });
  });
  test('an endless standard input', async () => {
    const stdin = new Readable({
      read() {
        this.push(Buffer.alloc(65_536, 'x'));
      },
    });
    assert.match(
      (await problemsOf(loadManifest(['-'], { stdin }))).join(),
      /^standard input is too large: it may have 4096 KiB/,
    );
    assert.ok(stdin.destroyed);
  });
  test('no UTF-8', async (t) =>
    assert.match(
      (await problemsOf(load(t, { 'a.yaml': Buffer.from([0x61, 0xe9]) }))).join(),
      /a\.yaml is not a text in UTF-8$/,
    ));
  test('a control character', async (t) =>
    assert.match(
      (await problemsOf(load(t, { 'a.yaml': 'a: 1\nb: \u0007' }))).join(),
      /a\.yaml:2: .*control character "\\u0007"$/,
    ));
});
