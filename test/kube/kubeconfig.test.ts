import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { systemClock } from '../../src/attack/clock.ts';
import { Connection } from '../../src/kube/connection.ts';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import { FakeClock } from '../attack/fake-clock.ts';
import { useApiServer } from '../cluster/api-server.ts';

const api = await useApiServer();
after(api.stop);

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A kubeconfig of one cluster and user. */
function kubeconfig(t: TestContext, user: object, cluster: object = {}): { file: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'taz-kubeconfig-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [
      { name: 'here', context: { cluster: 'c', user: 'u', namespace: 'ingest' } },
      { name: 'there', context: { cluster: 'c', user: 'u' } },
    ],
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
  };
  writeFileSync(file, JSON.stringify(config));
  return { file, folder };
}

test('certificates, names and addresses are those of the file', async (t) => {
  const { file } = kubeconfig(
    t,
    { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') },
    {
      'certificate-authority-data': base64('CA'),
      'tls-server-name': 'name',
      'proxy-url': 'http://proxy:3128',
    },
  );
  const credentials = await kubeconfigCredentials({ clock: new FakeClock(), file });
  assert.equal(credentials.namespace, 'ingest');
  assert.deepEqual(await credentials.access(), {
    server: 'https://api.example:6443',
    proxy: 'http://proxy:3128',
    tls: { ca: 'CA', cert: 'CERT', key: 'KEY', serverName: 'name', insecure: false },
    headers: {},
  });
});

test('tokens, passwords and the wish to trust anyone are those of the file', async (t) => {
  const clock = new FakeClock();
  const token = await kubeconfigCredentials({
    clock,
    file: kubeconfig(t, { token: 'secret' }).file,
    context: 'there',
  });
  assert.equal(token.namespace, 'default');
  assert.deepEqual((await token.access()).headers, { authorization: 'Bearer secret' });
  const { file } = kubeconfig(t, { username: 'a', password: 'b' }, { 'insecure-skip-tls-verify': true });
  const { headers, tls } = await (await kubeconfigCredentials({ clock, file })).access();
  assert.deepEqual([headers, tls.insecure], [{ authorization: `Basic ${base64('a:b')}` }, true]);
});

test('a program may be asked for the token, and not for each call', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'taz-login-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const command = join(folder, 'login');
  const apiVersion = 'client.authentication.k8s.io/v1';
  const said = { apiVersion, kind: 'ExecCredential', status: { token: 'made' } };
  writeFileSync(
    command,
    `#!/bin/sh\necho . >>'${folder}/calls'\ncat <<'END'\n${JSON.stringify(said)}\nEND\n`,
  );
  chmodSync(command, 0o755);
  const { file } = kubeconfig(t, { exec: { apiVersion, command, interactiveMode: 'Never' } });
  const credentials = await kubeconfigCredentials({ clock: new FakeClock(), file });
  for (let i = 0; i < 3; i++) {
    assert.deepEqual((await credentials.access()).headers, { authorization: 'Bearer made' });
  }
  assert.equal(readFileSync(join(folder, 'calls'), 'utf8'), '.\n');
});

test('what is missing in the file is named', async (t) => {
  const clock = new FakeClock();
  const { file, folder } = kubeconfig(t, {});
  const socks = kubeconfig(t, {}, { 'proxy-url': 'socks5://proxy:1080' }).file;
  const rows: [options: { file: string; context?: string }, message: RegExp][] = [
    [{ file: join(folder, 'nothing') }, /the kubeconfig cannot be read: ENOENT/],
    [{ file: socks }, /proxy-url "socks5:\/\/proxy:1080" is not that of an HTTP proxy/],
    [{ file, context: 'nowhere' }, /has no context "nowhere" with a cluster; it has here, there/],
  ];
  for (const [options, message] of rows)
    await assert.rejects(kubeconfigCredentials({ clock, ...options }), { name: 'CredentialsError', message });
});

test('a real API server is reached by its kubeconfig', { skip: api.missing }, async (t) => {
  const credentials = await kubeconfigCredentials({ clock: systemClock, file: api.kubeconfig });
  const connection = new Connection({ credentials, clock: systemClock, userAgent: 'taz-tests' });
  t.after(() => connection.close());
  const call = {
    method: 'GET',
    path: '/api/v1/namespaces',
    call: 'list',
    verb: 'list',
    resource: 'namespaces',
  } as const;
  const { kind } = (await connection.call(call)) as { kind: string };
  assert.equal(kind, 'NamespaceList');
});
