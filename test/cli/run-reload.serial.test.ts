import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startVersionTarget } from '../e2e/version-target.ts';
import { folderWith } from './manifest/files.ts';
import { spawnTaz } from './taz-process.ts';

/** On whatever machine. */
const SOON_MS = 20_000;

const manifest = (url: string) => `apiVersion: taz.dev/v1alpha1
kind: LoadTest
metadata: { name: reloading }
spec:
  rate: 100/s
  templates:
    entry: target.json
    reload: 1s
    from: [{ directory: { path: templates } }]
  variables:
    - { name: BaseURL, value: "${url}" }
    - { name: Token, valueFrom: { secretKeyRef: { name: s, key: token } } }
`;
const secret = (token: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { token: ${token} }\n`;
const template = (version: string) => `{"method": "GET", "url": "<%= it.BaseURL %>/${version}"}`;

test('taz run takes over what is saved, says what is wrong with it, and goes on', async (t) => {
  const target = await startVersionTarget();
  t.after(() => target.close());
  const folder = folderWith(t, {
    'loadtest.yaml': manifest(target.url),
    'secret.yaml': secret('token-1'),
    'templates/target.json': template('one'),
    set: 'set-1\n',
  });
  const at = (name: string): string => join(folder, name);
  const files = ['-f', at('loadtest.yaml'), '-f', at('secret.yaml')];
  const taz = spawnTaz(['run', ...files, '--set', `Set=@${at('set')}`, '--output', 'json']);
  const ended = once(taz, 'close') as Promise<[number]>;
  t.after(async () => {
    taz.kill('SIGKILL');
    await ended;
  });
  let [output, said] = ['', ''];
  taz.stdout.on('data', (text) => {
    output += text;
  });
  taz.stderr.on('data', (text) => {
    said += text;
  });
  const says = async (text: RegExp): Promise<void> => {
    for (const end = Date.now() + SOON_MS; !text.test(said); await sleep(20))
      assert.ok(Date.now() < end, `${text} is not said:\n${said}`);
  };
  await target.sees('one', SOON_MS);

  // A template is saved; then one that is broken, and put right.
  writeFileSync(at('templates/target.json'), template('two'));
  await target.sees('two', SOON_MS);
  writeFileSync(at('templates/target.json'), template('<%= it.Tokn %>'));
  await says(
    /^templates were refused, the last good set goes on: target\.json:1:\d+: it\.Tokn is undefined; did you mean "Token"\?.*\n {2}1 \| .*it\.Tokn.*\n +\| +\^$/m,
  );
  const before = target.versions.get('two')!.count;
  writeFileSync(at('templates/target.json'), template('<%= it.Set %>-<%= it.Token %>'));
  await target.sees('set-1-token-1', SOON_MS);
  assert.ok(target.versions.get('two')!.count > before);

  // A Secret and a file that --set names change.
  writeFileSync(at('secret.yaml'), secret('token-2'));
  await target.sees('set-1-token-2', SOON_MS);
  writeFileSync(at('set'), 'set-2\n');
  await target.sees('set-2-token-2', SOON_MS);
  writeFileSync(at('secret.yaml'), 'kind: [');
  await says(/^the sources of templates cannot be read, the last good set goes on: .*secret\.yaml/m);
  writeFileSync(at('secret.yaml'), secret('token-2'));
  await says(/^the sources are all right again, after \d+s$/m);

  taz.kill('SIGINT');
  assert.deepEqual(await ended, [130, null]);
  const { templates } = JSON.parse(output) as { templates: Record<string, unknown> };
  assert.deepEqual([templates['applied'], templates['refused'], templates['lastError']], [4, 1, '']);
  assert.doesNotMatch(said + output, /token-\d/, 'a secret is shown');
});
