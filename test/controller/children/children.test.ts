import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Children } from '../../../src/controller/children/children.ts';
import type { TestIdentity } from '../../../src/controller/children/owner.ts';
import { Client } from '../../../src/kube/client.ts';
import { NETWORK_POLICIES, SERVICE_ACCOUNTS } from '../../../src/kube/resources.ts';
import { FakeClock } from '../../attack/fake-clock.ts';
import { useApiServer } from '../../cluster/api-server.ts';
import { identity } from '../test-identity.ts';

const api = await useApiServer();
after(api.stop);

suite('what a test needs beside its pods', { skip: api.missing }, () => {
  let owner: TestIdentity;
  const clock = new FakeClock();
  const calls: string[] = [];
  let client: Client;
  before(async () => {
    owner = identity(await api.namespace(), 'a.b');
    const observe = ({ verb, resource }: { verb: string; resource: string }) =>
      calls.push(`${verb} ${resource}`);
    client = new Client(api.connect({ observe }), 'taz-controller');
  });

  const childrenOf = (networkPolicies: boolean) => new Children({ client, clock, networkPolicies });
  const account = () =>
    api.client.list(SERVICE_ACCOUNTS, { namespace: owner.namespace }).then(({ items }) => items[0]);

  test('is an account that mounts nothing, and a policy where one is asked for', async () => {
    const children = childrenOf(true);
    await children.ensure(owner);
    const made = (await account())!;
    assert.equal(made.automountServiceAccountToken, false);
    assert.equal(made.metadata.ownerReferences![0]!.uid, owner.uid);
    assert.match(made.metadata.name, /^a-b-[0-9a-f]{10}-worker$/);
    const { items } = await api.client.list(NETWORK_POLICIES, { namespace: owner.namespace });
    assert.deepEqual(items[0]!.spec, {
      podSelector: { matchLabels: { 'taz.dev/loadtest': 'a.b', 'app.kubernetes.io/component': 'worker' } },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: 9090 }] }],
    });
  });

  test('costs no call while it is trusted, and no write when it is looked at again', async () => {
    const children = childrenOf(true);
    await children.ensure(owner);
    const before = (await account())!.metadata.resourceVersion;
    calls.splice(0);
    for (let n = 0; n < 10; n++) await children.ensure(owner);
    assert.equal(calls.length, 0);
    clock.by(60_000);
    await children.ensure(owner);
    assert.deepEqual(
      calls.toSorted((a, b) => a.localeCompare(b)),
      ['apply networkpolicies', 'apply serviceaccounts'],
    );
    assert.equal((await account())!.metadata.resourceVersion, before);
  });

  test('is the account alone for one that is new', async () => {
    calls.splice(0);
    await childrenOf(false).ensure(identity(owner.namespace, 'new'), true);
    assert.deepEqual(calls, ['apply serviceaccounts']);
  });

  test('comes back when it was removed or changed by hand', async () => {
    const children = childrenOf(false);
    await children.ensure(owner);
    const { name } = (await account())!.metadata;
    await api.client.delete(SERVICE_ACCOUNTS, { namespace: owner.namespace, name });
    children.forget(owner.uid);
    await children.ensure(owner);
    const place = { namespace: owner.namespace, name };
    await api.client.merge(SERVICE_ACCOUNTS, place, { automountServiceAccountToken: true });
    clock.by(60_000);
    await children.ensure(owner);
    assert.equal((await account())!.automountServiceAccountToken, false);
  });

  test('has no policy any more where none is asked for', async () => {
    await childrenOf(true).ensure(owner);
    await childrenOf(false).ensure(owner);
    const { items } = await api.client.list(NETWORK_POLICIES, { namespace: owner.namespace });
    assert.deepEqual(items, []);
  });
});
