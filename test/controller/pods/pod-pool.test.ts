import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { systemClock } from '../../../src/attack/clock.ts';
import { podName } from '../../../src/controller/children/names.ts';
import { ownerUidOf, type TestIdentity, WORKER_SELECTOR } from '../../../src/controller/children/owner.ts';
import { PodPool, type PodPoolOptions } from '../../../src/controller/pods/pod-pool.ts';
import { workerPod } from '../../../src/controller/pods/worker-pod.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import type { Resource } from '../../../src/kube/resource.ts';
import { NAMESPACES, PODS, type Pod } from '../../../src/kube/resources.ts';
import { Store } from '../../../src/kube/store.ts';
import { objectSource } from '../../../src/kube/watch-source.ts';
import { Watcher } from '../../../src/kube/watcher.ts';
import { useApiServer } from '../../cluster/api-server.ts';
import { identity, RUN, templateOf, until } from '../test-identity.ts';
import { Kubelet } from './kubelet.ts';

const api = await useApiServer();
after(api.stop);

const QUOTAS: Resource = {
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
};

suite('workers as pods of a real API server', { skip: api.missing }, () => {
  let namespace: string;
  let kubelet: Kubelet;
  let store: Store<Pod>;
  let owner: TestIdentity;
  const stop = new AbortController();
  let watching: Promise<void>;
  let count = 0;

  before(async () => {
    namespace = await api.namespace();
    kubelet = new Kubelet(api.client, namespace);
    store = new Store<Pod>({ keep: (pod) => pod, limit: 1000, index: (pod) => ownerUidOf(pod.metadata) });
    const source = objectSource(api.client, PODS, { namespace, labelSelector: WORKER_SELECTOR });
    watching = new Watcher({ source, take: (change) => store.take(change), clock: systemClock }).run(
      stop.signal,
    );
    await store.whenSynced(stop.signal);
  });

  beforeEach(() => {
    owner = identity(namespace, `test-${count++}`);
  });

  after(async () => {
    stop.abort(new Error('the tests end'));
    await watching;
  });

  const pools: PodPool[] = [];
  // One that a failed test left would go on for ever.
  afterEach(() => {
    for (const pool of pools.splice(0)) pool.release();
  });

  const poolWith = (more: Partial<PodPoolOptions> = {}) => {
    const pool = new PodPool({
      client: api.client,
      clock: systemClock,
      store,
      test: owner,
      run: RUN,
      template: async () => templateOf(owner),
      onNamespaceEnd: () => {},
      ...more,
    });
    pools.push(pool);
    return pool;
  };
  /** Admission hears of a quota a while after it was written. */
  const quotaRefuses = async (pod: ReturnType<typeof workerPod>) => {
    let refused = false;
    for (let tries = 0; tries < 500 && !refused; tries++) {
      refused = await api.client.create(PODS, pod, { dryRun: true }).then(
        () => false,
        (error: Error) => error.message.includes('exceeded quota'),
      );
      if (!refused) await pause();
    }
    assert.ok(refused, 'the quota is in force');
  };
  const worker = (index: number, replacement = 0) => ({ index, replacement });
  const nameOf = (index: number, replacement = 0) => podName(owner.name, RUN, index, replacement);
  const pods = () => store.having(owner.uid).map(({ metadata }) => metadata.name);
  const there = (index: number) => until('the pod', () => pods().includes(nameOf(index)));

  /** A pool with one worker whose pod runs, and what is told of its end. */
  async function running() {
    const pool = poolWith();
    const ends: string[] = [];
    pool.start(worker(0), ({ reason }) => ends.push(reason));
    await there(0);
    await kubelet.run(nameOf(0));
    await until('running', () => store.having(owner.uid)[0]?.status?.phase === 'Running');
    return { pool, ends };
  }

  const pause = () => new Promise((resolve) => setTimeout(resolve, 150));

  test('are made once, known by their uid, and gone when the pool is closed', async () => {
    const pool = poolWith();
    const ends: string[] = [];
    for (const index of [0, 1, 2]) pool.start(worker(index), ({ reason }) => ends.push(`${index} ${reason}`));
    await until('three pods', () => pods().length === 3);
    const [first] = store.having(owner.uid);
    const { uid, labels } = first!.metadata;
    await until('its uid', () => pool.podOf(uid!) !== null);
    assert.equal(String(pool.podOf(uid!)!.index), labels!['taz.dev/worker']);
    assert.equal(pool.podOf('another'), null);
    await pool.close();
    assert.deepEqual(pods(), []);
    assert.deepEqual(ends.sort(), [
      '0 its pod was deleted',
      '1 its pod was deleted',
      '2 its pod was deleted',
    ]);
    assert.equal(pool.podOf(uid!), null);
  });

  test('cannot be made in a namespace that is being deleted: that is told', async () => {
    const doomed = await api.namespace();
    await api.client.delete(NAMESPACES, { name: doomed });
    const pool = poolWith({
      test: identity(doomed, 'test'),
      onNamespaceEnd: () => told.push('the namespace'),
    });
    const told: string[] = [];
    pool.start(worker(0), ({ reason }) => told.push(reason));
    await until('the end', () => told.length === 2);
    assert.equal(told[0], 'the namespace');
    assert.match(told[1]!, /^cannot be made: .*is being terminated/);
    await pool.close();
  });

  test('of another leader are taken over by start and adopt; one that is gone has ended', async () => {
    for (const index of [0, 1]) {
      await api.client.create(PODS, workerPod(owner, RUN, worker(index), templateOf(owner)));
    }
    const pool = poolWith();
    const ends: string[] = [];
    pool.start(worker(0), () => {});
    pool.adopt(worker(1), () => {});
    pool.adopt(worker(2), ({ reason }) => ends.push(reason));
    await until('the end', () => ends.length === 1);
    assert.deepEqual(ends, ['its pod is gone']);
    const uids = store.having(owner.uid).map(({ metadata }) => metadata.uid!);
    await until('both', () => uids.every((uid) => pool.podOf(uid) !== null));
    await pool.close();
    assert.deepEqual(pods(), []);
  });

  test('that nobody took over are removed with the pool', async () => {
    await api.client.create(PODS, workerPod(owner, RUN, worker(7), templateOf(owner)));
    await api.client.create(
      PODS,
      workerPod(owner, 'another', worker(7), templateOf(owner, { run: 'another' })),
    );
    await until('both', () => pods().length === 2);
    await poolWith().close();
    await until('one', () => pods().length === 1);
    assert.deepEqual(pods(), [podName(owner.name, 'another', 7, 0)]);
  });

  test('have ended when their container has, and are removed then', async () => {
    const { pool, ends } = await running();
    const terminated = { exitCode: 137, reason: 'OOMKilled' };
    await kubelet.report(nameOf(0), { terminated }, { phase: 'Failed' });
    await until('the end', () => ends.length === 1);
    assert.match(ends[0]!, /^out of memory \(limit 1Gi\); raise the limit in spec\.workers\.template/);
    await until('the removal', () => pods().length === 0);
    await pool.close();
    assert.equal(ends.length, 1);
  });

  test('that are deleted have not ended until their container has', async () => {
    const { pool, ends } = await running();
    const { uid } = store.having(owner.uid)[0]!.metadata;
    pool.stop(worker(0), 20_000);
    await until('the deletion', () => store.having(owner.uid)[0]?.metadata.deletionGracePeriodSeconds === 20);
    await pause();
    assert.deepEqual(ends, []);
    assert.deepEqual(pool.podOf(uid!), worker(0), 'it still speaks');
    pool.stop(worker(0), 0);
    await until('hurry', () => store.having(owner.uid)[0]?.metadata.deletionGracePeriodSeconds === 1);
    assert.deepEqual(ends, [], 'a grace of 0 would be a deletion without proof');
    await kubelet.end(nameOf(0), 143);
    await until('the end', () => ends.length === 1);
    assert.deepEqual(ends, ['was killed by SIGTERM']);
    await pool.close();
  });

  test('that were deleted by force give no proof: their lease has to run out', async () => {
    const { pool, ends } = await running();
    const { uid } = store.having(owner.uid)[0]!.metadata;
    await api.client.delete(PODS, { namespace, name: nameOf(0) }, { gracePeriodSeconds: 0 });
    await until('the pod gone', () => pods().length === 0);
    await pause();
    assert.deepEqual(ends, []);
    assert.match(pool.trouble(worker(0)), /deleted by force/);
    assert.deepEqual(pool.podOf(uid!), worker(0), 'its last word still counts');
    await pool.close();
  });

  test('whose node does not answer give no proof', async () => {
    const { pool, ends } = await running();
    await kubelet.report(
      nameOf(0),
      { running: { startedAt: '2026-11-26T11:00:00Z' } },
      { phase: 'Failed', reason: 'NodeLost' },
    );
    await until('trouble', () => pool.trouble(worker(0)) !== '');
    assert.match(pool.trouble(worker(0)), /its node node-a does not answer/);
    assert.deepEqual(ends, []);
    await kubelet.end(nameOf(0));
    await pool.close();
  });

  test('that a full quota keeps out come when there is room, and the API server says why not before', async () => {
    const hard = { pods: '0' };
    await api.client.create(QUOTAS, { metadata: { namespace, name: 'none' }, spec: { hard } } as never);
    const status = { hard, used: hard };
    await api.client.merge(QUOTAS, { namespace, name: 'none' }, { status }, { subresource: 'status' });
    await quotaRefuses(workerPod(owner, RUN, worker(0), templateOf(owner)));
    const pool = poolWith();
    const ends: string[] = [];
    pool.start(worker(0), ({ reason }) => ends.push(reason));
    await until('trouble', () => pool.trouble(worker(0)) !== '');
    assert.match(
      pool.trouble(worker(0)),
      /^cannot be made: pods ".*" is forbidden: exceeded quota: none, requested: pods=1/,
    );
    await api.client.delete(QUOTAS, { namespace, name: 'none' });
    await there(0);
    await until('no trouble', () => !/quota/.test(pool.trouble(worker(0))));
    assert.deepEqual(ends, []);
    await pool.close();
  });

  test('that are refused for what they are have ended', async () => {
    const strict = await api.namespace();
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await api.client.merge(NAMESPACES, { name: strict }, { metadata: { labels } });
    const other = identity(strict);
    const template = templateOf(other);
    const ends: string[] = [];
    const end = ({ reason }: { reason: string }) => ends.push(reason);
    const insecure = { ...template, spec: { ...template.spec, hostNetwork: true } };
    const refused = poolWith({ test: other, template: async () => insecure });
    refused.start(worker(0), end);
    await until('the end', () => ends.length === 1);
    const invalid = { ...template, spec: { ...template.spec, dnsPolicy: 'Any' } };
    const wrong = poolWith({ test: other, template: async () => invalid });
    wrong.start(worker(0), end);
    await until('the other end', () => ends.length === 2);
    assert.match(ends[0]!, /violates PodSecurity "restricted:latest": host namespaces/);
    assert.match(ends[1]!, /dnsPolicy: Unsupported value: "Any"/);
    const thrown = poolWith({ template: () => Promise.reject(new Error('spec.workers.template: is wrong')) });
    thrown.start(worker(0), end);
    await until('the third end', () => ends.length === 3);
    assert.equal(ends[2], 'cannot be made: spec.workers.template: is wrong');
    for (const pool of [refused, wrong, thrown]) await pool.close();
  });

  test('whose name somebody else has are not taken for theirs', async () => {
    const stranger = { ...workerPod(owner, RUN, worker(0), templateOf(owner)) };
    const { ownerReferences: _, ...metadata } = stranger.metadata;
    await api.client.create(PODS, { ...stranger, metadata });
    const ends: string[] = [];
    const pool = poolWith();
    pool.start(worker(0), ({ reason }) => ends.push(reason));
    await until('the end', () => ends.length === 1);
    assert.match(ends[0]!, /there is a pod .* that is not the worker's/);
    await pool.close();
    assert.ok(await api.client.find(PODS, { namespace, name: nameOf(0) }), "another's pod is left alone");
  });

  test('whose making had no answer are found and removed when they are not wanted any more', async () => {
    let answers = false;
    const client: PodPoolOptions['client'] = {
      find: (...args) => (answers ? api.client.find(...args) : Promise.reject(away)),
      delete: (...args) => api.client.delete(...args),
      create: async (...args) => {
        await api.client.create(...args).catch(() => {});
        throw away;
      },
    };
    const away = new KubeError('Timeout', 'create pods in ingest: no answer within 30 s');
    const ends: string[] = [];
    const pool = poolWith({ client });
    pool.start(worker(0), ({ reason }) => ends.push(reason));
    await there(0);
    await until('trouble', () => pool.trouble(worker(0)) === 'cannot be made: no answer within 30 s');
    answers = true;
    pool.stop(worker(0), 0);
    await pool.close();
    assert.deepEqual(ends, ['its pod was deleted']);
    assert.deepEqual(pods(), []);
  });

  test('that were not made yet and are not wanted any more are never made', async () => {
    const client: PodPoolOptions['client'] = {
      find: (...args) => api.client.find(...args),
      delete: (...args) => api.client.delete(...args),
      create: () => Promise.reject(new KubeError('TooManyRequests', 'create pods in a: wait')),
    };
    const ends: string[] = [];
    const pool = poolWith({ client });
    pool.start(worker(0), ({ reason }) => ends.push(reason));
    await until('trouble', () => pool.trouble(worker(0)) === 'cannot be made: wait');
    pool.stop(worker(0), 0);
    await until('the end', () => ends.length === 1);
    assert.deepEqual(ends, ['was not started']);
    await pool.close();
  });

  test('that came and went while the watch was away have ended', async () => {
    const { pool, ends } = await running();
    const [pod] = store.having(owner.uid);
    // A list without it: what happened to it last was not told.
    store.take({ type: 'listBegun' });
    store.take({ type: 'listEnded' });
    await until('the end', () => ends.length === 1);
    assert.deepEqual(ends, ['its pod was deleted']);
    store.take({ type: 'set', object: pod! });
    await kubelet.end(nameOf(0));
    await pool.close();
  });
});
