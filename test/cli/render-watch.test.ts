import assert from 'node:assert/strict';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { folderWith } from './manifest/files.ts';
import { runTaz, spawnTaz } from './taz-process.ts';

const MANIFEST = `apiVersion: taz.dev/v1alpha1
kind: LoadTest
metadata: { name: one }
spec:
  rate: 1/s
  variables: [{ name: Region, value: eu }]
  templates: { entry: a.json, from: [{ directory: { path: t } }] }
`;
const template = (path: string) => `{ "method": "GET", "url": "http://h/${path}" }`;

/** `taz render --watch` with the given options. */
function watching(t: TestContext, args: string[], cwd: string) {
  const child = spawnTaz(['render', ...args, '--watch'], { cwd });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    child,
    /** All that was printed, once `pattern` is in what came since the last call. */
    until: async (pattern: RegExp): Promise<string> => {
      const deadline = AbortSignal.timeout(15_000);
      while (!pattern.test(output)) {
        try {
          await once(child.stdout, 'data', { signal: deadline });
        } catch {
          throw new assert.AssertionError({ message: `${pattern} is not in: ${output}\n${stderr}` });
        }
      }
      const printed = output;
      output = '';
      return printed;
    },
    stderr: () => stderr,
  };
}

test('a target is shown again on each save, with errors in its place, until Ctrl-C, which is code 0', async (t) => {
  const cwd = folderWith(t, { 'loadtest.yaml': MANIFEST, 't/a.json': template('<%= it.Region %>') });
  const { child, until, stderr } = watching(t, ['-f', 'loadtest.yaml'], cwd);
  const save = (name: string, text: string) => {
    writeFileSync(join(cwd, `.${name.replace('/', '-')}.tmp`), text);
    renameSync(join(cwd, `.${name.replace('/', '-')}.tmp`), join(cwd, name));
  };
  assert.match(
    await until(/http:\/\/h\/eu/),
    /^--- \d\d:\d\d:\d\d\n\{"method":"GET","url":"http:\/\/h\/eu"\}\n$/,
  );

  save('t/a.json', template('<%= it.Reg %>'));
  assert.match(await until(/\^/), /^--- .*\ntaz: 1 problem in the templates\n {2}a\.json:1:\d+: .*Reg/);
  save('t/a.json', template('new/<%= it.Region %>'));
  await until(/http:\/\/h\/new\/eu/);

  save('loadtest.yaml', MANIFEST.replace('rate', 'raet'));
  await until(/loadtest\.yaml: spec\.raet: is not a field; did you mean rate\?/);
  save('loadtest.yaml', MANIFEST.replace('eu', 'us'));
  await until(/http:\/\/h\/new\/us/);

  renameSync(join(cwd, 't'), join(cwd, 'gone'));
  await until(/the folder "t" .* cannot be read/);
  renameSync(join(cwd, 'gone'), join(cwd, 't'));
  await until(/http:\/\/h\/new\/us/);

  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.equal(stderr(), '');
});

test('it also watches a folder of templates without a manifest, and works as usual otherwise', async (t) => {
  const cwd = folderWith(t, { 't/a.json': template('<%= uuid() %>') });
  const { child, until } = watching(t, ['--templates', 't', '--entry', 'a.json', '-n', '2', '--decode'], cwd);
  const first = await until(/GET[^]*GET/);
  assert.match(first, /^---.*\nGET http:\/\/h\/\S+ {2}\(a\.json\)\n\nGET http:\/\/h\/\S+ {2}\(a\.json\)\n$/);
  writeFileSync(join(cwd, 't/a.json'), template('saved'));
  await until(/h\/saved[^]*h\/saved/);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'close'), [0, null]);
});

test('standard input cannot be watched', async () => {
  const { code, stderr } = await runTaz(['render', '-f', '-', '--watch']);
  assert.deepEqual(
    [code, stderr],
    [2, 'taz: --watch needs files that can be read again: - is standard input\n'],
  );
});
