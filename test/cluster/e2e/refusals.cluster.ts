import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkEnded, countsOf, templatesFor } from './load-test.ts';
import { useWorld } from './scene.ts';

const { cluster, operator, scene } = await useWorld();
after(() => cluster.close());

describe('what cannot be carried out says why', { concurrency: 3 }, () => {
  it('a template that is wrong: file and line; once it is put right, it runs', () =>
    scene(async ({ test, target }) => {
      const good = templatesFor(cluster, target);
      const inline = {
        'target.json': '{\n  "method": "GET",\n  "url": "<%= it.BaseURL %>/<%= it.Missing.deep %>"\n}',
      };
      const spec = { ...good, rate: '50/s', duration: '3s' };
      await test.apply({ ...spec, templates: { entry: 'target.json', from: [{ inline }] } });
      const { message } = await test.untilReason('Stalled', 'TemplatesRefused');
      assert.match(message, /target\.json:3\b|target\.json.*line 3/);
      await test.apply(spec);
      const ended = await test.untilEnded();
      assert.equal(ended.run?.verdict, 'Completed');
      assert.equal((await target.quiet()).requests, 150);
    }));

  it('a pod template that Kubernetes does not know: the field; once it is put right, it runs', () =>
    scene(async ({ test, target }) => {
      const spec = { ...templatesFor(cluster, target), rate: '50/s', duration: '3s' };
      const template = { spec: { containers: [{ name: 'taz', imagePullPolice: 'Never' }] } };
      await test.apply({ ...spec, workers: { template } });
      const { message } = await test.untilReason('Stalled', 'PodTemplateRefused');
      assert.match(message, /spec\.workers\.template\.spec\.containers\[name="taz"\]\.imagePullPolice/);
      assert.match(message, /is not a field of a Kubernetes pod template/);
      await test.apply(spec);
      assert.equal((await test.untilEnded()).run?.verdict, 'Completed');
    }));

  it('an image that there is none of: the name of the worker, and what the kubelet says', () =>
    scene(async ({ test, target }) => {
      const template = { spec: { containers: [{ name: 'taz', image: 'taz.local/none:0' }] } };
      await test.apply({ ...templatesFor(cluster, target), rate: '50/s', workers: { template } });
      const { message } = await test.untilReason('Stalled', 'WorkersCannotStart', 90_000);
      assert.match(message, /worker-0.*taz\.local\/none:0/);
      await test.apply({ ...templatesFor(cluster, target), rate: '50/s', duration: '2s' });
      assert.equal((await test.untilEnded()).run?.verdict, 'Completed');
    }));

  it('a quota that has no room: says so, and goes on once it has', () =>
    scene(async ({ test, target, namespace }) => {
      const quota = (pods: string) => ({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { namespace, name: 'few' },
        spec: { hard: { pods } },
      });
      await cluster.apply(quota('1'));
      await test.apply({
        ...templatesFor(cluster, target),
        rate: '50/s',
        duration: '3s',
        workers: { replicas: 2 },
      });
      const { message } = await test.untilReason('Stalled', 'WorkersCannotStart', 90_000);
      assert.match(message, /1 of 2 workers are ready.*quota/);
      await cluster.apply(quota('5'));
      assert.equal((await test.untilEnded()).run?.verdict, 'Completed');
      assert.equal((await target.quiet()).requests, 150);
    }));

  it('workers that are not ready in time: the run fails and says which is missing', () =>
    scene(async ({ test, target }) => {
      const template = { spec: { nodeSelector: { 'example.org/none': 'true' } } };
      const spec = { ...templatesFor(cluster, target), rate: '50/s', startTimeout: '10s' };
      await test.apply({ ...spec, workers: { template } });
      const ended = await test.untilEnded();
      assert.equal(ended.run?.verdict, 'Failed');
      const ready = ended.conditions?.find(({ type }) => type === 'Ready');
      assert.equal(ready?.status, 'False');
      assert.match(ready.message, /worker-0/);
      assert.equal((await target.stats()).requests, 0);
    }));
});

describe('what the administrator says holds at once', () => {
  it('the kill switch holds all runs; lifted, they go on', () =>
    scene(async ({ test, target }) => {
      await test.apply({ ...templatesFor(cluster, target), rate: '100/s', duration: '10s' });
      await test.untilRunning();
      await operator.settings({ killSwitch: 'true' });
      try {
        const pulledAt = Date.now();
        await test.untilReason('Ready', 'KillSwitch');
        const { requests, lastAtMs } = await target.quiet();
        assert.ok(lastAtMs! - pulledAt < 2000, `the last hit came ${lastAtMs! - pulledAt} ms after`);
        await sleep(2000);
        assert.equal((await target.stats()).requests, requests);
      } finally {
        await operator.settings({ killSwitch: 'false' });
      }
      const ended = await test.untilEnded();
      assert.equal(ended.run?.verdict, 'Completed');
      const stats = await target.quiet();
      checkEnded(ended, stats);
      const { scheduled, dropped, unreported } = countsOf(ended);
      assert.deepEqual({ scheduled, dropped, unreported }, { scheduled: 1000, dropped: 0, unreported: 0 });
      assert.equal(stats.requests, 1000);
    }));

  it('no test exceeds the highest rate, nor reaches a host that is not allowed', () =>
    scene(async ({ test, target, another }) => {
      await operator.settings({ maxRatePerTest: '100/s', allowedHosts: '*.example.org' });
      try {
        const spec = { ...templatesFor(cluster, target), duration: '3s' };
        await test.apply({ ...spec, rate: '101/s' });
        const { message } = await test.untilReason('Stalled', 'RateNotAllowed');
        assert.match(message, /101\/s.*100\/s/);
        const other = another('other');
        await other.apply({ ...spec, rate: '50/s', startTimeout: '30s' });
        const host = await other.until(
          'the host is refused',
          ({ conditions = [] }) =>
            conditions.some(({ type, status }) => type === 'Ready' && status === 'False') &&
            JSON.stringify(conditions).includes(cluster.host),
        );
        assert.ok(
          JSON.stringify(host.conditions).includes('not among the hosts that this cluster allows'),
          JSON.stringify(host.conditions),
        );
        await sleep(1000);
        assert.equal((await target.stats()).requests, 0);
      } finally {
        await operator.settings({ maxRatePerTest: null, allowedHosts: null });
      }
      await test.until('runs once it may', ({ run }) => run?.verdict === 'Completed');
    }));
});
