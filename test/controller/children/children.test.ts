import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { systemClock } from '../../../src/attack/clock.ts';
import { Children } from '../../../src/controller/children/children.ts';
import { CHILD_SELECTOR, type TestIdentity } from '../../../src/controller/children/owner.ts';
import { ScopedStore } from '../../../src/controller/scoped-store.ts';
import { Client } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import type { Resource } from '../../../src/kube/resource.ts';
import { NETWORK_POLICIES, SERVICE_ACCOUNTS } from '../../../src/kube/resources.ts';
import { withoutManagedFields } from '../../../src/kube/store.ts';
import { objectSource } from '../../../src/kube/watch-source.ts';
import { FakeClock } from '../../attack/fake-clock.ts';
import { useApiServer } from '../../cluster/api-server.ts';
import { eventually } from '../played-cluster.ts';
import { identity } from '../test-identity.ts';

const api = await useApiServer();
after(api.stop);

suite('what a test needs beside its pods', { skip: api.missing }, () => {
  let owner: TestIdentity;
  const clock = new FakeClock();
  const calls: string[] = [];
  let client: Client;
  let accounts: ScopedStore<KubeObject>;
  let policies: ScopedStore<KubeObject>;
  const ended = new AbortController();

  /** Those that there are, as the controller watches them. */
  const watched = async (resource: Resource): Promise<ScopedStore<KubeObject>> => {
    const store = new ScopedStore({
      clock: systemClock,
      namespaces: [owner.namespace],
      source: (namespace) => objectSource(api.client, resource, { namespace, labelSelector: CHILD_SELECTOR }),
      keep: withoutManagedFields,
      limit: 100,
      failed: () => {},
    });
    void store.run(ended.signal);
    await store.whenSynced(ended.signal);
    return store;
  };

  before(async () => {
    owner = identity(await api.namespace(), 'a.b');
    const observe = ({ verb, resource }: { verb: string; resource: string }) =>
      calls.push(`${verb} ${resource}`);
    client = new Client(api.connect({ observe }), 'taz-controller');
    accounts = await watched(SERVICE_ACCOUNTS);
    policies = await watched(NETWORK_POLICIES);
  });
  after(() => ended.abort());

  const childrenOf = (networkPolicies: boolean) =>
    new Children({ client, clock, accounts, policies, networkPolicies });
  const account = async () => (await client.list(SERVICE_ACCOUNTS, { namespace: owner.namespace })).items[0];
  const policy = async () => (await client.list(NETWORK_POLICIES, { namespace: owner.namespace })).items[0];
  const place = async () => ({ namespace: owner.namespace, name: (await account())!.metadata.name });
  /** What is looked at now. */
  const shown = (store: ScopedStore<KubeObject>) => [...store.values()].at(0);
  /** Waits until the watch shows what there is. */
  const caughtUp = () =>
    eventually('the watch has caught up', async () => {
      const [one, other] = [await account(), await policy()];
      return (
        shown(accounts)?.metadata.resourceVersion === one?.metadata.resourceVersion &&
        shown(policies)?.metadata.resourceVersion === other?.metadata.resourceVersion
      );
    });

  test('is an account that mounts nothing, and a policy where one is asked for', async () => {
    await childrenOf(true).ensure(owner);
    const made = (await account())!;
    assert.equal(made.automountServiceAccountToken, false);
    assert.equal(made.metadata.ownerReferences![0]!.uid, owner.uid);
    assert.match(made.metadata.name, /^a-b-[0-9a-f]{10}-worker$/);
    assert.deepEqual((await policy())!.spec, {
      podSelector: { matchLabels: { 'taz.dev/loadtest': 'a.b', 'app.kubernetes.io/component': 'worker' } },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: 9090 }] }],
    });
  });

  test('costs no call for what is known to be as it should, whoever made it', async () => {
    await caughtUp();
    calls.splice(0);
    const children = childrenOf(true);
    for (let n = 0; n < 3; n++) {
      await children.ensure(owner);
      clock.by(60_000);
    }
    await api.client.merge(SERVICE_ACCOUNTS, await place(), { metadata: { labels: { mine: 'yes' } } });
    await caughtUp();
    await children.ensure(owner);
    assert.deepEqual(
      calls.filter((call) => !call.startsWith('list')),
      [],
      'what others add is theirs',
    );
  });

  test('comes back when it was removed or changed by hand', async () => {
    const children = childrenOf(true);
    await api.client.merge(SERVICE_ACCOUNTS, await place(), { automountServiceAccountToken: true });
    await api.client.merge(NETWORK_POLICIES, await place(), { spec: { ingress: null } });
    await caughtUp();
    await children.ensure(owner);
    assert.equal((await account())!.automountServiceAccountToken, false);
    assert.equal((await policy())!.spec!.ingress!.length, 1);
    await api.client.delete(SERVICE_ACCOUNTS, await place());
    await caughtUp();
    await children.ensure(owner);
    assert.equal(await account(), undefined, 'not at once where somebody changes it again and again');
    clock.by(5_000);
    await children.ensure(owner);
    assert.notEqual(await account(), undefined);
  });

  test('is left alone for longer and longer where somebody changes it back each time', async () => {
    const none = { get: () => undefined };
    const children = new Children({ client, clock, accounts: none, policies: none, networkPolicies: false });
    const other = identity(owner.namespace, 'contested');
    const rests: number[] = [];
    for (let change = 0; change < 6; change++) {
      calls.splice(0);
      let restMs = 0;
      for (; calls.length === 0; restMs += 5_000) {
        if (restMs > 0) clock.by(5_000);
        await children.ensure(other);
      }
      rests.push(restMs - 5_000);
    }
    assert.deepEqual(rests, [0, 5_000, 10_000, 20_000, 40_000, 60_000]);
  });

  test('is made once while the watch is behind', async () => {
    const none = { get: () => undefined };
    const children = new Children({ client, clock, accounts: none, policies: none, networkPolicies: false });
    calls.splice(0);
    const other = identity(owner.namespace, 'new');
    for (let n = 0; n < 3; n++) await children.ensure(other);
    assert.deepEqual(calls, ['apply serviceaccounts']);
  });

  test('has no policy any more where none is asked for', async () => {
    await caughtUp();
    const children = childrenOf(false);
    await children.ensure(identity(owner.namespace, 'other'));
    assert.notEqual(await policy(), undefined, 'that of another stays');
    await children.ensure(owner);
    assert.equal(await policy(), undefined);
  });
});
