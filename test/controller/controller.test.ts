import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { useApiServer } from '../cluster/api-server.ts';
import { conditionOf, eventually, PlayedCluster } from './played-cluster.ts';

const api = await useApiServer();
after(api.stop);

suite('a controller that leads', { skip: api.missing, concurrency: false }, () => {
  let cluster: PlayedCluster;
  before(() => api.installLoadTests());
  beforeEach(async () => {
    cluster = await PlayedCluster.start(api);
  });
  afterEach(() => cluster.stop());

  test('brings a bounded test to its end, and tells of each step', async () => {
    cluster.lead();
    cluster.node.full = true;
    await cluster.apply('a', { duration: '2s', workers: { replicas: 2 } });
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
    assert.equal(JSON.parse(kept!['result.json']!).run, ended.run!.id);
    await eventually('all is told', async () => (await cluster.events('a')).length === 3);
    assert.deepEqual(await cluster.events('a'), ['Starting', 'RunStarted', 'RunCompleted']);
  });

  test('tells that it has begun before there is anything of a run', async () => {
    const controller = cluster.lead();
    await cluster.apply('a', {});
    await cluster.untilReady('a', 'Running');
    const own = controller.writes.filter((write) => !write.includes('secrets') && !write.includes('events'));
    assert.equal(own[0], 'apply loadtests');
  });

  test('starts an ended test again when spec.run changes or what it sends, and by nothing else', async () => {
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
  });

  test('makes no call for what is applied again', async () => {
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
      calls.filter((call) => call !== 'apply loadtests/status' && call !== 'apply loadtests'),
      [],
    );
    assert.ok(calls.length <= 1, calls.join());
  });
});
