import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { useServer } from '../services/servers.ts';
import { Store } from '../source/s3/store.ts';
import { folderWith } from './manifest/files.ts';
import { runTaz } from './taz-process.ts';

const s3 = await useServer('s3');
after(() => s3.stop());

describe('a test whose sources are in a bucket', { skip: s3.missing }, () => {
  let store: Store;
  before(async () => {
    store = new Store(s3.at);
    await store.putAll({
      't/target.json': '{"method": "GET", "url": "http://127.0.0.1:1/<%= it.Path %>"}',
      'c/b.jsonl': '{"method": "GET", "url": "http://127.0.0.1:1/b"}\n',
      'c/a.jsonl': '{"method": "GET", "url": "http://127.0.0.1:1/a"}\n',
      'bad/target.json': '\n<%= it.Nope %>',
    });
  });
  after(async () => {
    await store.close();
  });

  /** The options that name a manifest with such a source, and where its temporary files would be. */
  function manifest(t: TestContext, prefix: string, secretAccessKey = store.keys.secretAccessKey) {
    const source = { bucket: store.bucket, prefix, endpoint: store.endpoint, pathStyle: true };
    const from = [{ s3: { ...source, credentials: { secretName: 'keys' } } }];
    const what = prefix.startsWith('c/')
      ? { targets: { from } }
      : { templates: { entry: 'target.json', from } };
    const spec = { rate: '5/s', variables: [{ name: 'Path', value: 'x' }], ...what };
    const head = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' } };
    const loadtest = { apiVersion: 'taz.dev/v1alpha1', kind: 'LoadTest', metadata: { name: 's3' }, spec };
    const folder = folderWith(t, {
      'loadtest.json': JSON.stringify(loadtest),
      'secret.json': JSON.stringify({ ...head, stringData: { ...store.keys, secretAccessKey } }),
      'tmp/.keep': '',
    });
    const tmp = join(folder, 'tmp');
    const options = ['-f', join(folder, 'loadtest.json'), '-f', join(folder, 'secret.json')];
    return { options, tmp, env: { ...process.env, TMPDIR: tmp } };
  }

  test('is validated', async (t) => {
    const { options } = manifest(t, 't/');
    const { code, stdout, stderr } = await runTaz(['validate', ...options]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /loadtest\.json: ok: s3 sends 5\/s until it is stopped/);
  });

  test('is rendered', async (t) => {
    const { stdout } = await runTaz(['render', ...manifest(t, 't/').options]);
    assert.deepEqual(JSON.parse(stdout), { method: 'GET', url: 'http://127.0.0.1:1/x' });
  });

  test('sends canned targets in order of name; what was fetched is gone afterwards', async (t) => {
    const { options, tmp, env } = manifest(t, 'c/');
    const { stdout, stderr } = await runTaz(['render', '-n', '5', ...options], { env });
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { url: string }).url.slice(-1)),
      ['a', 'b'],
    );
    assert.match(stderr, /there are only 2 targets/);
    assert.deepEqual(readdirSync(tmp), ['.keep']);
  });

  test('is refused where its templates or its keys are wrong', async (t) => {
    const bad = await runTaz(['validate', ...manifest(t, 'bad/').options]);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /target\.json:2:5: it\.Nope is undefined/);
    const wrong = await runTaz(['validate', ...manifest(t, 't/', 'hunter2').options]);
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /spec\.templates\.from\[0\]\.s3: the secret access key of Secret keys is wrong/,
    );
    assert.doesNotMatch(wrong.stderr, /hunter2/);
  });
});
