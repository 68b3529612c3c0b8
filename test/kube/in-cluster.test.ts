import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inClusterCredentials } from '../../src/kube/in-cluster.ts';
import { FakeClock } from '../attack/fake-clock.ts';

const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

/** A folder as Kubernetes mounts it. */
function mounted(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'taz-account-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const account = { token: 'first\n', 'ca.crt': 'PEM', namespace: 'ingest' };

test('a pod calls with the token and trusts the authority that are mounted', async (t) => {
  const folder = mounted(t, account);
  const credentials = await inClusterCredentials({ clock: new FakeClock(), env, folder });
  assert.equal(credentials.namespace, 'ingest');
  assert.deepEqual(await credentials.access(), {
    server: 'https://10.96.0.1:443',
    proxy: null,
    tls: { ca: 'PEM', cert: null, key: null, serverName: null, insecure: false },
    headers: { authorization: 'Bearer first' },
  });
});

test('both are read again after 10 s, or at once where the API server has refused them', async (t) => {
  const folder = mounted(t, account);
  const clock = new FakeClock();
  const credentials = await inClusterCredentials({ clock, env, folder });
  const token = async (refresh?: boolean) => (await credentials.access(refresh)).headers['authorization'];
  writeFileSync(join(folder, 'token'), 'second');
  writeFileSync(join(folder, 'ca.crt'), 'PEM 2');
  clock.by(9_999);
  assert.equal(await token(), 'Bearer first');
  clock.by(1);
  assert.equal(await token(), 'Bearer second');
  assert.equal((await credentials.access()).tls.ca, 'PEM 2');
  writeFileSync(join(folder, 'token'), 'third');
  assert.equal(await token(true), 'Bearer third');
  assert.equal(await token(), 'Bearer third');
});

test('an address of version 6 is put in brackets', async (t) => {
  const folder = mounted(t, account);
  const six = { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' };
  const credentials = await inClusterCredentials({ clock: new FakeClock(), env: six, folder });
  assert.equal((await credentials.access()).server, 'https://[fd00::1]:443');
});

test('what is no pod, or has no token, is told so', async (t) => {
  const clock = new FakeClock();
  const folder = mounted(t, { namespace: 'n', 'ca.crt': 'PEM' });
  await assert.rejects(inClusterCredentials({ clock, env: {}, folder }), {
    name: 'CredentialsError',
    message: /this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set/,
  });
  await assert.rejects(inClusterCredentials({ clock, env, folder }), {
    name: 'CredentialsError',
    message: /token cannot be read \(ENOENT\): the pod needs its service account's token/,
  });
});
