import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { systemClock } from '../../src/attack/clock.ts';
import { Client } from '../../src/kube/client.ts';
import type { Connection } from '../../src/kube/connection.ts';
import type { KubeObject, ObjectMeta } from '../../src/kube/object.ts';
import { CONFIG_MAPS, LOAD_TESTS, PODS, SERVICE_ACCOUNTS } from '../../src/kube/resources.ts';
import type { Summary } from '../../src/report/summary.ts';
import { SyncClient } from '../../src/worker/conversation/sync-client.ts';
import { useApiServer } from '../cluster/api-server.ts';
import { conditionOf, eventually, PlayedCluster, readyOf } from './played-cluster.ts';

const api = await useApiServer();
after(api.stop);

/** Does something just before the first ConfigMap is made: after all has been listed. */
class LateClient extends Client {
  #late: (() => Promise<void>) | null;

  constructor(connection: Connection, manager: string, late: () => Promise<void>) {
    super(connection, manager);
    this.#late = late;
  }

  override async create<T extends KubeObject>(...call: Parameters<Client['create']>): Promise<T> {
    const late = this.#late;
    if (call[0] === CONFIG_MAPS) this.#late = null;
    if (call[0] === CONFIG_MAPS) await late?.();
    return (await super.create(...call)) as T;
  }
}

/** In a namespace of its own, as many others beside. */
function play(name: string, body: (cluster: PlayedCluster) => Promise<void>): void {
  test(name, async () => {
    const cluster = await PlayedCluster.start(api);
    try {
      await body(cluster);
    } finally {
      await cluster.stop();
    }
  });
}

suite('a controller that leads', { skip: api.missing, concurrency: 6 }, () => {
  before(() => api.installLoadTests());

  play('brings a bounded test to its end, and tells of each step', async (cluster) => {
    cluster.lead();
    cluster.node.full = true;
    await cluster.apply('a', { duration: '2s', workers: { replicas: 2 }, results: { samples: 10 } });
    const waiting = await cluster.untilReady('a', 'WaitingForWorkers');
    assert.equal(conditionOf(waiting, 'Reconciling'), 'True');
    assert.equal(conditionOf(waiting, 'Succeeded'), 'Unknown');
    cluster.node.full = false;
    const running = await cluster.untilReady('a', 'Running');
    assert.equal(running.workers!.replicas, 2);
    assert.equal(running.workers!.selector, 'taz.dev/loadtest=a,app.kubernetes.io/component=worker');
    const ended = await cluster.untilReady('a', 'Completed');
    assert.equal(ended.run!.id, running.run!.id);
    assert.equal(ended.phase, 'Completed');
    assert.equal(conditionOf(ended, 'Succeeded'), 'True');
    assert.equal(ended.workers!.replicas, 0);
    assert.deepEqual(await cluster.pods(), []);
    const kept = await cluster.kept('a');
    assert.deepEqual(Object.keys(kept!).sort(), ['ca.crt', 'result.json', 'test.json']);
    const result = JSON.parse(kept!['result.json']!) as Summary;
    assert.equal(result.run, ended.run!.id);
    assert.deepEqual(new Set(result.samples.map(({ hit }) => hit)), new Set([0, 1]), 'of each worker');
    await eventually('all is told', async () => (await cluster.events('a')).length === 3);
    assert.deepEqual(await cluster.events('a'), ['Starting', 'RunStarted', 'RunCompleted']);
  });

  play('tells that it has begun before there is anything of a run', async (cluster) => {
    const controller = cluster.lead();
    await cluster.apply('a', {});
    await cluster.untilReady('a', 'Running');
    const own = controller.writes.filter((write) => !write.includes('secrets') && !write.includes('events'));
    assert.equal(own[0], 'patch loadtests');
  });

  play(
    'starts an ended test again when spec.run changes or what it sends, and by nothing else',
    async (cluster) => {
      const controller = cluster.lead();
      const spec = { duration: '1s', run: '1' };
      await cluster.apply('a', spec);
      const first = await cluster.untilReady('a', 'Completed');
      const calm = { ...spec, workers: { replicas: 2 }, results: { keep: '1h' }, suspend: true };
      const { metadata } = await cluster.apply('a', calm);
      const second = await cluster.until('a', (status) => status.observedGeneration === metadata.generation);
      assert.equal(second.run!.id, first.run!.id);
      await cluster.apply('a', { ...spec, run: '2' });
      const third = await cluster.until(
        'a',
        ({ run }) => run?.id !== first.run!.id && run?.verdict !== undefined,
      );
      await cluster.apply('a', { ...spec, run: '2', rate: '7/s' });
      await cluster.until('a', ({ run }) => run?.id !== third.run!.id && run?.verdict !== undefined);
      assert.equal(controller.logs.filter(({ level }) => Number(level) >= 50).length, 0);
    },
  );

  play('makes no call for what is applied again, and puts back what was removed', async (cluster) => {
    const controller = cluster.lead();
    await cluster.apply('a', { duration: '1s' });
    await cluster.apply('b', {});
    await cluster.untilReady('a', 'Completed');
    await cluster.untilReady('b', 'Running');
    // What nobody waits for is saved 5 s after the save before.
    await new Promise((resolve) => setTimeout(resolve, 6500));
    controller.calls.length = 0;
    for (let time = 0; time < 3; time++) {
      await cluster.apply('a', { duration: '1s' });
      await cluster.apply('b', {});
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const calls = controller.calls.map(({ verb, resource }) => `${verb} ${resource}`);
    // The figures of a test that runs are written every 5 s.
    assert.deepEqual(
      calls.filter((call) => call !== 'patch loadtests'),
      [],
    );
    assert.ok(calls.length <= 2, calls.join());
    const account = cluster.at('b-worker');
    await api.client.delete(SERVICE_ACCOUNTS, account);
    await eventually(
      'the service account is back',
      async () => (await api.client.find(SERVICE_ACCOUNTS, account)) !== null,
    );
  });

  play('changes a run in place, under the same key', async (cluster) => {
    cluster.lead();
    await cluster.apply('a', { rate: '10/s' });
    const before = await cluster.untilReady('a', 'Running');
    await cluster.apply('a', { rate: '20/s' });
    await eventually('the new rate', () => cluster.workersOf('a').every(({ rate }) => rate === 20));
    const now = await cluster.until(
      'a',
      ({ run, observedGeneration }) => observedGeneration === 2 && run !== undefined,
    );
    assert.equal(now.run!.id, before.run!.id);
    assert.notEqual(now.run!.key, before.run!.key);
    assert.equal(now.run!.startedAt, before.run!.startedAt);
    await cluster.apply('a', { rate: '20/s', suspend: true });
    await cluster.untilReady('a', 'Suspended');
    await cluster.apply('a', { rate: '20/s', workers: { replicas: 3 } });
    const more = await cluster.until('a', ({ workers }) => workers?.ready === 3);
    assert.equal(more.workers!.replicas, 3);
    assert.equal(more.run!.id, before.run!.id);
  });

  play('ends a run whose protocol changes, and starts another', async (cluster) => {
    cluster.lead();
    await cluster.apply('a', {});
    const before = await cluster.untilReady('a', 'Running');
    await cluster.apply('a', { nsq: {} });
    const now = await cluster.until(
      'a',
      ({ run, phase }) => phase === 'Running' && run?.id !== before.run!.id,
    );
    assert.notEqual(now.run!.key, before.run!.key);
    assert.equal(new Set(cluster.workersOf('a').map(({ run }) => run)).size, 1);
  });

  play('says what is wrong with a spec, and goes on once it is put right', async (cluster) => {
    cluster.lead();
    await cluster.apply('a', { http: { http2: true } });
    const refused = await cluster.untilReady('a', 'InvalidSpec');
    assert.match(refused.conditions![0]!.message, /spec\.http\.http2: is not supported yet/);
    assert.equal(conditionOf(refused, 'Stalled'), 'True');
    assert.equal(await cluster.kept('a'), null);
    await cluster.apply('a', {});
    await cluster.untilReady('a', 'Running');
  });

  play(
    'goes on as before while the pod template is wrong, and replaces a worker that is lost',
    async (cluster) => {
      const controller = cluster.lead();
      await cluster.apply('a', { rate: '10/s' });
      const { run } = await cluster.untilReady('a', 'Running');
      const wrong = { workers: { template: { spec: { restartPolicy: 'Always' } } } };
      await cluster.apply('a', { rate: '20/s', ...wrong });
      const refused = await cluster.untilReady('a', 'PodTemplateRefused');
      assert.match(refused.conditions![0]!.message, /restartPolicy: .*Never.*what ran before goes on/);
      assert.ok(cluster.workersOf('a').every(({ rate }) => rate === 10));
      const [pod] = await cluster.pods();
      await api.client.delete(PODS, cluster.at(pod!));
      await eventually('a successor sends', () =>
        cluster.workersOf('a').some(({ rate, identity }) => rate === 10 && identity.replacement === 1),
      );
      const before = controller.calls.length;
      for (let time = 0; time < 3; time++)
        await cluster.apply('b', { http: { proxy: `http://proxy:${time + 1}` } });
      await cluster.untilReady('b', 'InvalidSpec');
      const templates = controller.calls.slice(before).filter(({ resource }) => resource === 'podtemplates');
      assert.deepEqual(templates, []);
      await cluster.apply('a', { rate: '30/s' });
      await cluster.untilReady('a', 'Running');
      await eventually('the new rate', () => cluster.workersOf('a').every(({ rate }) => rate === 30));
      assert.equal((await cluster.statusOf('a')).run!.id, run!.id);
    },
  );

  play('refuses what is over the limits, also of two tests that come at the same time', async (cluster) => {
    await cluster.settings({ maxRatePerTest: '100/s', maxRateTotal: '150/s' });
    cluster.lead();
    await cluster.apply('a', { rate: '101/s' });
    const refused = await cluster.untilReady('a', 'RateNotAllowed');
    assert.match(refused.conditions![0]!.message, /101\/s; this cluster allows 100\/s for one test/);
    await Promise.all([cluster.apply('b', { rate: '100/s' }), cluster.apply('c', { rate: '100/s' })]);
    const settled = ['Running', 'RateNotAllowed'];
    const [b, c] = await Promise.all(
      ['b', 'c'].map((name) => cluster.until(name, (status) => settled.includes(readyOf(status)!))),
    );
    const [first, second] = readyOf(b!) === 'Running' ? (['b', 'c'] as const) : (['c', 'b'] as const);
    assert.equal(readyOf(first === 'b' ? c! : b!), 'RateNotAllowed');
    await cluster.remove(first);
    await cluster.untilReady(second, 'Running');
  });

  play('holds a run that is over limits which were lowered', async (cluster) => {
    cluster.lead();
    await cluster.apply('a', { rate: '100/s' });
    const { run } = await cluster.untilReady('a', 'Running');
    await cluster.settings({ maxRatePerTest: '50/s' });
    const held = await cluster.untilReady('a', 'RateNotAllowed');
    assert.match(held.conditions![0]!.message, /allows 50\/s for one test: nothing is sent until/);
    await eventually('it is held', () => cluster.workersOf('a').every(({ rate }) => rate === 0));
    await cluster.apply('a', { rate: '40/s' });
    const again = await cluster.untilReady('a', 'Running');
    assert.equal(again.run!.id, run!.id);
    await eventually('the new rate', () => cluster.workersOf('a').every(({ rate }) => rate === 40));
  });

  play(
    'says which host is not allowed, as the workers that check what is sent have found',
    async (cluster) => {
      await cluster.settings({ allowedHosts: '*.ingest.svc\n10.1.2.3:80' });
      cluster.lead();
      const sent = (host: string) => {
        const text = JSON.stringify({ method: 'GET', url: `http://${host}/` });
        return { templates: { entry: 'a.json', from: [{ inline: { 'a.json': text } }] } };
      };
      await cluster.apply('a', sent('shop.example'));
      const refused = await cluster.untilReady('a', 'TemplatesRefused');
      const { reason, status, message } = refused.conditions!.find(({ type }) => type === 'Stalled')!;
      assert.deepEqual([reason, status], ['TemplatesRefused', 'True']);
      assert.match(
        message,
        /host "shop\.example:80" is not among the hosts that this cluster allows: \*\.ingest\.svc, 10\.1\.2\.3:80/,
      );
      assert.equal(conditionOf(refused, 'TemplatesLoaded'), 'False');
      assert.equal(refused.run!.startedAt, undefined);
      await cluster.apply('a', sent('api.ingest.svc'));
      await cluster.untilReady('a', 'Running');
    },
  );

  play('holds all runs while the kill switch is on, also from the start', async (cluster) => {
    await cluster.settings({ killSwitch: 'true' });
    const controller = cluster.lead();
    await cluster.apply('a', {});
    await cluster.untilReady('a', 'KillSwitch');
    assert.deepEqual(
      cluster.workersOf('a').map(({ rate }) => rate),
      [0],
    );
    await cluster.settings({ killSwitch: 'false' });
    await cluster.untilReady('a', 'Running');
    await cluster.settings({ killSwitch: 'true' });
    await cluster.untilReady('a', 'KillSwitch');
    await controller.stop();
    cluster.lead();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.ok(cluster.workersOf('a').every(({ rate }) => rate === 0));
    assert.equal(readyOf(await cluster.statusOf('a')), 'KillSwitch');
  });

  play('sends nothing under settings of which a limit was never known', async (cluster) => {
    await cluster.settings({ maxRatePerTest: 'many' });
    cluster.lead();
    await cluster.apply('a', {});
    const held = await cluster.untilReady('a', 'KillSwitch');
    assert.match(
      held.conditions![0]!.message,
      /settings of this cluster are wrong \(maxRatePerTest: "many" is not a rate/,
    );
    await cluster.settings({ maxRatePerTest: '10000/s' });
    await cluster.untilReady('a', 'Running');
  });

  play('goes on with a run that an earlier leader had begun', async (cluster) => {
    const first = cluster.lead();
    await cluster.apply('a', { duration: '4s', workers: { replicas: 2 } });
    const before = await cluster.untilReady('a', 'Running');
    await eventually('the start is told', async () => (await cluster.events('a')).includes('RunStarted'));
    await eventually('all have begun', () =>
      cluster.workersOf('a').every(({ state }) => state === 'running'),
    );
    await first.stop();
    assert.ok(cluster.workersOf('a').length === 2);
    cluster.lead();
    const ended = await cluster.untilReady('a', 'Completed');
    assert.equal(ended.run!.id, before.run!.id);
    assert.equal(ended.run!.startedAt, before.run!.startedAt);
    await eventually('the end is told', async () => (await cluster.events('a')).includes('RunCompleted'));
    assert.deepEqual(await cluster.events('a'), ['Starting', 'RunStarted', 'RunCompleted']);
    assert.deepEqual(await cluster.pods(), []);
  });

  play('starts no second run for a status that is older than what was kept', async (cluster) => {
    const first = cluster.lead();
    await cluster.apply('a', { duration: '1s' });
    const { run } = await cluster.untilReady('a', 'Completed');
    await first.stop();
    const { metadata } = await api.client.get(LOAD_TESTS, cluster.at('a'));
    await api.client.merge(
      LOAD_TESTS,
      cluster.at('a'),
      { metadata: {}, status: null },
      { subresource: 'status' },
    );
    cluster.lead();
    const ended = await cluster.untilReady('a', 'Completed');
    assert.equal(ended.run!.id, run!.id);
    assert.equal(metadata.generation, 1);
  });

  play(
    'goes on with a run that another leader had begun just now, of which no list told',
    async (cluster) => {
      const first = cluster.lead();
      await cluster.apply('a', { duration: '1h' });
      const { run } = await cluster.untilReady('a', 'Running');
      await first.stop();
      // As if neither status nor ConfigMap had been there when the next leader looked.
      await api.client.merge(LOAD_TESTS, cluster.at('a'), { status: null }, { subresource: 'status' });
      const map = await api.client.get(CONFIG_MAPS, cluster.at('a-run'));
      await api.client.delete(CONFIG_MAPS, cluster.at('a-run'));
      cluster.node.full = true;
      const second = cluster.lead({
        client: new LateClient(api.connect(), 'taz-controller', async () => {
          const { name, namespace, labels, annotations, ownerReferences } = map.metadata;
          const metadata = { name, namespace, labels, annotations, ownerReferences } as ObjectMeta;
          await api.client.create(CONFIG_MAPS, { metadata, data: map.data! });
        }),
      });
      await cluster.untilReady('a', 'Running');
      assert.equal((await cluster.statusOf('a')).run!.id, run!.id);
      assert.equal(second.logs.filter(({ level }) => Number(level) >= 50).length, 0);
    },
  );

  play('ends a bounded run whose record is lost: it does not send it all once more', async (cluster) => {
    const first = cluster.lead();
    await cluster.apply('a', { duration: '1h' });
    const { run } = await cluster.untilReady('a', 'Running');
    await first.stop();
    await api.client.delete(CONFIG_MAPS, cluster.at('a-run'));
    const second = cluster.lead();
    const failed = await cluster.untilReady('a', 'Failed');
    assert.equal(failed.run!.id, run!.id);
    assert.match(failed.run!.reason!, /what was kept of the run is lost \(its ConfigMap is gone\)/);
    await eventually('its pods are gone', async () => (await cluster.pods()).length === 0);
    await second.stop();
    cluster.lead();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal((await cluster.statusOf('a')).run!.id, run!.id);
    await cluster.apply('a', { duration: '1h', run: 'again' });
    await cluster.untilReady('a', 'Running');
  });

  play(
    'starts a persistent run anew whose record is lost, once the pods of the old one are gone',
    async (cluster) => {
      const first = cluster.lead();
      await cluster.apply('a', {});
      const { run } = await cluster.untilReady('a', 'Running');
      await first.stop();
      await api.client.delete(CONFIG_MAPS, cluster.at('a-run'));
      cluster.lead();
      const again = await cluster.until(
        'a',
        ({ run: now, phase }) => now?.id !== run!.id && phase === 'Running',
      );
      assert.equal(again.run!.verdict, undefined);
      assert.deepEqual([...new Set(cluster.workersOf('a').map((worker) => worker.run))], [again.run!.id]);
    },
  );

  play('ends a run whose record cannot be read', async (cluster) => {
    const first = cluster.lead();
    await cluster.apply('a', { duration: '1h' });
    await cluster.untilReady('a', 'Running');
    await first.stop();
    await api.client.merge(CONFIG_MAPS, cluster.at('a-run'), { data: { 'test.json': '{' } });
    cluster.lead();
    const failed = await cluster.untilReady('a', 'Failed');
    assert.match(failed.run!.reason!, /its ConfigMap cannot be read/);
  });

  play('puts back what was removed by hand, and removes pods that are of no run', async (cluster) => {
    cluster.lead();
    await cluster.apply('a', {});
    await cluster.untilReady('a', 'Running');
    const before = await cluster.kept('a');
    await api.client.delete(CONFIG_MAPS, cluster.at('a-run'));
    await eventually('the ConfigMap is back', async () => (await cluster.kept('a')) !== null);
    assert.equal((await cluster.kept('a'))!['test.json'], before!['test.json']);
    const [name] = await cluster.pods();
    const { metadata, spec } = await api.client.get(PODS, cluster.at(name ?? ''));
    const { nodeName: _, ...rest } = spec!;
    const labels = { ...metadata.labels, 'taz.dev/run': 'another' };
    const { annotations, ownerReferences } = metadata;
    const stranger = { ...cluster.at('stranger'), labels, annotations, ownerReferences } as ObjectMeta;
    await api.client.create(PODS, { metadata: stranger, spec: rest });
    await eventually('the stranger is gone', async () => (await cluster.pods()).join() === name);
    assert.equal(cluster.workersOf('a').length, 1);
  });

  play(
    'writes its status again where somebody else has changed it, also when nothing goes on',
    async (cluster) => {
      cluster.lead();
      await cluster.apply('a', { duration: '1s' });
      const ended = await cluster.untilReady('a', 'Completed');
      const byHand = { phase: 'Paused', conditions: [], run: { id: 'mine' } };
      const change = { metadata: {}, status: byHand };
      await api.client.merge(LOAD_TESTS, cluster.at('a'), change, { subresource: 'status' });
      await cluster.until('a', (status) => JSON.stringify(status) === JSON.stringify(ended));
      await new Promise((resolve) => setTimeout(resolve, 5000));
      await api.client.merge(LOAD_TESTS, cluster.at('a'), { status: null }, { subresource: 'status' });
      await cluster.until('a', (status) => JSON.stringify(status) === JSON.stringify(ended));
      assert.deepEqual(await cluster.pods(), []);
    },
  );

  play('makes what a run needs with as few calls as can be', async (cluster) => {
    const controller = cluster.lead();
    await cluster.apply('a', {});
    await cluster.untilReady('a', 'Running');
    const calls = controller.calls.map(({ verb, resource }) => `${verb} ${resource}`);
    const ofRun = calls.filter(
      (call) => /\b(configmaps|serviceaccounts|create pods)$/.test(call) && !/^(list|watch)/.test(call),
    );
    assert.deepEqual(ofRun.slice(0, 4), [
      'apply serviceaccounts',
      'create configmaps',
      'patch configmaps',
      'create pods',
    ]);
  });

  play(
    'stops a run at once whose test is deleted, also where a finalizer holds that back',
    async (cluster) => {
      const first = cluster.lead();
      for (const name of ['a', 'b', 'c']) await cluster.apply(name, { workers: { replicas: 2 } });
      for (const name of ['a', 'b', 'c']) await cluster.untilReady(name, 'Running');
      const workers = cluster.workersOf('a');
      await cluster.remove('a');
      const at = Date.now();
      await eventually('all have stopped', () => workers.every(({ state }) => state === 'ended'));
      assert.ok(Date.now() - at < 2000);
      await eventually('all have gone', () => workers.every(({ over }) => over));
      assert.ok(
        workers.every(({ last }) => last?.saved),
        'each is heard to its last word',
      );
      assert.ok(
        workers.every(({ refusals }) => refusals.length === 0),
        workers[0]!.refusals.join(),
      );
      const finalizers = ['example.org/slow'];
      for (const name of ['b', 'c'])
        await api.client.merge(LOAD_TESTS, cluster.at(name), { metadata: { finalizers } });
      await cluster.remove('b');
      await eventually('b has stopped', () => cluster.workersOf('b').length === 0);
      await first.stop();
      await cluster.remove('c');
      assert.equal(cluster.workersOf('c').length, 2);
      cluster.lead();
      await eventually('no pod is left', async () => (await cluster.pods()).length === 0);
      for (const name of ['b', 'c'])
        await api.client.merge(LOAD_TESTS, cluster.at(name), { metadata: { finalizers: [] } });
    },
  );

  play('starts one of the same name as soon as what is left of the other is gone', async (cluster) => {
    const controller = cluster.lead();
    await cluster.apply('a', { duration: '1s' });
    const { run } = await cluster.untilReady('a', 'Completed');
    await cluster.remove('a');
    await cluster.apply('a', { duration: '1s' });
    const waiting = await cluster.untilReady('a', 'Starting');
    assert.equal(waiting.run, undefined);
    // Long enough for what is tried again by itself to wait for more than 6 s.
    await new Promise((resolve) => setTimeout(resolve, 7000));
    assert.match(
      (await cluster.statusOf('a')).conditions![0]!.message,
      /^cannot start: the ConfigMap a-run belongs to something else/,
    );
    // As the garbage collector does, which there is none of here.
    await api.client.delete(CONFIG_MAPS, cluster.at('a-run'));
    const at = Date.now();
    await eventually('its ConfigMap is there', async () => (await cluster.kept('a')) !== null);
    assert.ok(Date.now() - at < 4000);
    const ended = await cluster.untilReady('a', 'Completed');
    assert.notEqual(ended.run!.id, run!.id);
    assert.equal(controller.logs.filter(({ level }) => Number(level) >= 50).length, 0);
  });

  play('makes nothing once its lead is not sure', async (cluster) => {
    const controller = cluster.lead();
    await cluster.apply('a', {});
    await cluster.untilReady('a', 'Running');
    controller.held = false;
    controller.calls.length = 0;
    await cluster.apply('b', {});
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(cluster.workersOf('b').length, 0);
    assert.deepEqual(await cluster.statusOf('b'), {});
    await controller.stop();
    assert.ok(cluster.workersOf('a').length === 1, 'what runs goes on');
    cluster.lead();
    await cluster.untilReady('b', 'Running');
    await cluster.untilReady('a', 'Running');
  });

  play('removes what is kept of a run when its time is over, and nothing of others', async (cluster) => {
    const first = cluster.lead();
    for (const name of ['a', 'b']) await cluster.apply(name, { duration: '1s', results: { keep: '1h' } });
    for (const name of ['a', 'b']) await cluster.untilReady(name, 'Completed');
    await first.stop();
    await api.client.delete(CONFIG_MAPS, cluster.at('b-run'));
    await api.client.create(CONFIG_MAPS, { metadata: cluster.at('b-run'), data: { mine: 'yes' } });
    const clock = { now: () => systemClock.now(), wall: () => systemClock.wall() + 2 * 3600_000 };
    cluster.lead({ clock });
    await eventually('it is gone', async () => (await cluster.kept('a')) === null);
    assert.equal(readyOf(await cluster.statusOf('a')), 'Completed');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.deepEqual(await cluster.kept('b'), { mine: 'yes' });
  });

  play('pushes ConfigMaps to a run when they change', async (cluster) => {
    cluster.lead();
    const entry = { entry: 'a.json', from: [{ configMap: { name: 'sets' } }] };
    await cluster.apply('a', { templates: entry });
    await cluster.untilReady('a', 'WaitingForWorkers');
    await api.client.create(CONFIG_MAPS, { metadata: cluster.at('sets'), data: { 'a.json': '1' } });
    const before = await cluster.untilReady('a', 'Running');
    assert.equal(conditionOf(before, 'TemplatesLoaded'), 'True');
    await api.client.merge(CONFIG_MAPS, cluster.at('sets'), { data: { 'a.json': '2' } });
    await cluster.until('a', ({ templates }) => templates?.digest !== before.templates!.digest);
  });

  play('tells scrapes what it does, with bounded labels', async (cluster) => {
    const controller = cluster.lead();
    await cluster.apply('a', {});
    await cluster.untilReady('a', 'Running');
    const { text } = await controller.metrics.text();
    assert.match(text, /^taz_controller_leader 1$/m);
    assert.match(text, /^taz_controller_running_loadtests 1$/m);
    assert.match(text, /^taz_controller_unseen_objects\{resource="loadtests"\} 0$/m);
    assert.match(
      text,
      new RegExp(`^taz_loadtest_workers\\{namespace="${cluster.namespace}",loadtest="a"\\} 1$`, 'm'),
    );
    assert.doesNotMatch(text, /mwx|run="/);
  });

  play('makes workers by settings that change while a run starts', async (cluster) => {
    cluster.node.full = true;
    await cluster.settings({ maxRatePerTest: '9000/s' });
    cluster.lead();
    await cluster.apply('a', { workers: { replicas: 2 } });
    await cluster.untilReady('a', 'WaitingForWorkers');
    await cluster.settings({ maxRatePerTest: '8000/s' });
    cluster.node.full = false;
    await cluster.until('a', ({ phase, workers }) => phase === 'Running' && workers?.ready === 2);
    const limits = cluster.workersOf('a').map((worker) => worker.variable('TAZ_MAX_RATE'));
    assert.deepEqual(limits, ['8000/s', '8000/s']);
  });

  play('lets go of a run that it has just begun to make, and the next one makes it', async (cluster) => {
    const first = cluster.lead();
    await cluster.apply('a', { duration: '1h', workers: { replicas: 2 } });
    await eventually('there is something of it', async () => (await cluster.kept('a')) !== null);
    await first.stop();
    // What was under way is still answered.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { length } = first.writes;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.deepEqual(first.writes.slice(length), []);
    cluster.lead();
    const running = await cluster.untilReady('a', 'Running');
    assert.deepEqual(new Set(cluster.workersOf('a').map(({ run }) => run)), new Set([running.run!.id]));
    assert.equal(cluster.workersOf('a').length, 2);
  });

  play('answers nobody who shows no token of a worker, and tells of it a few times', async (cluster) => {
    const controller = cluster.lead();
    await cluster.apply('a', {});
    await cluster.untilReady('a', 'Running');
    const [worker] = cluster.workersOf('a');
    const ca = (await cluster.kept('a'))!['ca.crt']!;
    const stranger = new SyncClient(worker!.variable('TAZ_COORDINATOR'), async () => ({
      token: 'x.y.z',
      ca,
    }));
    for (let time = 0; time < 30; time++) {
      await assert.rejects(stranger.scoutingOrder('d'), /answered 401/);
    }
    stranger.close();
    const told = controller.logs.filter(({ msg }) => msg === 'a call to the coordinator was refused');
    assert.ok(told.length >= 1 && told.length <= 12, `${told.length}`);
    assert.ok(!JSON.stringify(told).includes('x.y.z'));
  });
});
