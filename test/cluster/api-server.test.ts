import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseApiServer, useApiServer } from './api-server.ts';

const serverOf = (file: string) =>
  file === '/local' ? 'https://127.0.0.1:6443' : 'https://api.example:6443';

test('which API server tests use is said by the environment', () => {
  const rows: [env: Record<string, string>, choice: object][] = [
    [{ KUBECONFIG: '/local' }, { kubeconfig: '/local' }],
    [{ KUBECONFIG: '/local:/other', KUBEBUILDER_ASSETS: '/bin' }, { kubeconfig: '/local' }],
    [{ KUBECONFIG: '/far', TAZ_TEST_CLUSTER: '1' }, { kubeconfig: '/far' }],
    [{ KUBEBUILDER_ASSETS: '/bin' }, { start: true }],
    [{ KUBECONFIG: '', TAZ_TEST_BUILD: '1' }, { start: true }],
  ];
  for (const [env, choice] of rows) assert.deepEqual(chooseApiServer(env, serverOf), choice);
});

test('a cluster elsewhere is not touched unless that is asked for, and it is said how to have one', () => {
  const rows: [env: Record<string, string>, missing: RegExp][] = [
    [
      { KUBECONFIG: '/far' },
      /the KUBECONFIG's \(api\.example\) is not on this machine; with TAZ_TEST_CLUSTER=1/,
    ],
    [{ KUBECONFIG: '/far', KUBEBUILDER_ASSETS: '/bin' }, /is not on this machine/],
    [{}, /^no API server: set KUBEBUILDER_ASSETS .*, KUBECONFIG .*, or TAZ_TEST_BUILD=1 /],
    [{ TAZ_TEST_BUILD: '0' }, /^no API server: /],
  ];
  for (const [env, missing] of rows) {
    const choice = chooseApiServer(env, serverOf);
    assert.ok('missing' in choice);
    assert.match(choice.missing, missing);
  }
});

test('an API server that should start and cannot says why', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'taz-no-server-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const { KUBECONFIG, KUBEBUILDER_ASSETS } = process.env;
  delete process.env['KUBECONFIG'];
  process.env['KUBEBUILDER_ASSETS'] = '/nowhere';
  try {
    await assert.rejects(useApiServer(dir), /there is no etcd in KUBEBUILDER_ASSETS \(\/nowhere\)/);
  } finally {
    for (const [name, value] of Object.entries({ KUBECONFIG, KUBEBUILDER_ASSETS })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});
