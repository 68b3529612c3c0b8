import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONFIG_MAPS, EVENTS, SECRETS } from '../../../src/kube/resources.ts';
import { baseUrl, checkEnded, countsOf, templatesFor } from './load-test.ts';
import { OPERATOR_NAMESPACE } from './operator.ts';
import { useWorld } from './scene.ts';
import type { Target } from './target.ts';
import { until } from './until.ts';

const { cluster, operator, scene } = await useWorld();
after(() => cluster.close());

/** Hits a second that arrive over some seconds, by the target's own clock. */
async function rateAt(target: Target, seconds = 4): Promise<number> {
  const from = await target.stats();
  await sleep(seconds * 1000);
  const to = await target.stats();
  return ((to.requests - from.requests) / (to.lastAtMs! - from.lastAtMs!)) * 1000;
}

function assertAbout(actual: number, expected: number): void {
  assert.ok(
    Math.abs(actual - expected) <= expected * 0.15,
    `${actual.toFixed(1)}/s instead of ${expected}/s`,
  );
}

describe('changes while a run goes on', { concurrency: 2 }, () => {
  it('suspended, it sends nothing and its clock stands still; resumed, it goes on', () =>
    scene(async ({ test, target }) => {
      const spec = {
        ...templatesFor(cluster, target),
        rate: '100/s',
        duration: '12s',
        workers: { replicas: 2 },
      };
      await test.apply(spec);
      await test.untilRunning();
      await until('hits come', async () => (await target.stats()).requests > 200);
      await test.change({ suspend: true });
      await test.untilReason('Ready', 'Suspended');
      const held = (await target.quiet()).requests;
      assert.ok(held < 1000, `${held} hits before it was suspended`);
      await sleep(3000);
      assert.equal((await target.stats()).requests, held);
      await test.change({ suspend: false });
      await test.untilReason('Ready', 'Running');
      const ended = await test.untilEnded();
      const stats = await target.quiet();
      checkEnded(ended, stats);
      assert.equal(countsOf(ended).scheduled, 1200);
      assert.equal(countsOf(ended).unreported, 0);
    }));

  it('another rate, and another number of workers by kubectl scale, hold at once; pods stay', () =>
    scene(async ({ test, target, namespace }) => {
      await test.apply({ ...templatesFor(cluster, target), rate: '50/s' });
      await test.untilRunning();
      const [first] = await test.workers();
      await until('hits come', async () => (await target.stats()).requests > 0);
      assertAbout(await rateAt(target), 50);
      await test.change({ rate: '150/s' });
      await test.until('the rate is told', ({ rate }) => rate?.target === '150/s');
      await sleep(1000);
      assertAbout(await rateAt(target), 150);

      await cluster.kubectl('-n', namespace, 'scale', 'loadtest/e2e', '--replicas=3');
      await test.until('3 are ready', ({ workers }) => workers?.ready === 3 && workers.replicas === 3);
      assertAbout(await rateAt(target), 150);
      await cluster.kubectl('-n', namespace, 'scale', 'loadtest/e2e', '--replicas=1');
      await test.until('1 is left', ({ workers }) => workers?.ready === 1 && workers.replicas === 1);
      assertAbout(await rateAt(target), 150);
      const left = await test.workers();
      assert.deepEqual(
        left.map(({ metadata }) => metadata.uid),
        [first!.metadata.uid],
        'the first stays',
      );

      // A duration makes it end, so that its counts are final.
      await test.change({ duration: '1s' });
      const ended = await test.untilEnded();
      checkEnded(ended, await target.quiet());
      assert.equal(countsOf(ended).unreported, 0);
    }));

  it('another pod template replaces the workers one by one, at full rate and without a lost hit', () =>
    scene(async ({ test, target }) => {
      const spec = {
        ...templatesFor(cluster, target),
        rate: '150/s',
        duration: '40s',
        workers: { replicas: 2 },
      };
      await test.apply(spec);
      await test.untilRunning();
      const before = (await test.workers()).map(({ metadata }) => metadata.uid);
      const template = { metadata: { annotations: { 'example.org/revision': '2' } } };
      await test.change({ workers: { template } });
      await until(
        'both workers are new ones',
        async () => {
          const now = await test.workers();
          const fresh = now.filter(({ metadata }) => metadata.annotations?.['example.org/revision'] === '2');
          return fresh.length === 2 && now.length === 2;
        },
        60_000,
        () => test.describe(),
      );
      const now = (await test.workers()).map(({ metadata }) => metadata.uid);
      assert.equal(before.filter((uid) => now.includes(uid)).length, 0);
      const ended = await test.untilEnded();
      const stats = await target.quiet();
      checkEnded(ended, stats);
      const { scheduled, sent, dropped, unreported, interrupted } = countsOf(ended);
      assert.deepEqual(
        { scheduled, dropped, unreported, interrupted },
        { scheduled: 6000, dropped: 0, unreported: 0, interrupted: 0 },
      );
      assert.equal(stats.requests, sent);
      // No second in which one of them was missing.
      const seconds = Object.values(stats.perSecond).slice(1, -1);
      assert.ok(Math.min(...seconds) >= 100, `hits by second: ${seconds.join(' ')}`);
    }));

  it('a changed ConfigMap is pushed to the workers; a bad one is refused, and the last good one goes on', () =>
    scene(async ({ test, target, namespace }) => {
      const map = (path: string) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace, name: 'templates' },
        data: { 'target.json': `{"method": "GET", "url": "<%= it.BaseURL %>${path}"}` },
      });
      await cluster.apply(map('/one'));
      await test.apply({
        http: {},
        rate: '50/s',
        variables: [{ name: 'BaseURL', value: baseUrl(cluster, target) }],
        templates: { entry: 'target.json', from: [{ configMap: { name: 'templates' } }] },
        workers: { replicas: 2 },
      });
      const { templates } = await test.untilRunning();
      await until('the first comes', async () => ((await target.stats()).paths['/one'] ?? 0) > 50);

      await cluster.apply(map('/two'));
      const changedAt = Date.now();
      await until('the second comes', async () => ((await target.stats()).paths['/two'] ?? 0) > 0, 20_000);
      const tookMs = Date.now() - changedAt;
      assert.ok(tookMs < 10_000, `${tookMs} ms`);
      const status = await test.until('both have it', ({ templates: now }) => {
        return now?.digest !== templates?.digest && now?.workersUpdated === '2/2';
      });
      assert.equal(status.phase, 'Running');
      const one = (await target.stats()).paths['/one'];

      await cluster.apply(map('/<%= it.Missing.deep %>'));
      const refused = await test.untilReason('TemplatesLoaded', 'Refused');
      assert.match(refused.message, /target\.json/);
      const { paths } = await target.stats();
      await sleep(1000);
      assert.ok((await target.stats()).paths['/two']! > paths['/two']!, 'the last good one goes on');
      assert.equal((await target.stats()).paths['/one'], one);
      assert.equal((await test.get()).status?.phase, 'Running');

      await cluster.client.delete(CONFIG_MAPS, { namespace, name: 'templates' });
      await sleep(2000);
      assert.equal((await test.get()).status?.phase, 'Running');
      await cluster.apply(map('/three'));
      await until('the third comes', async () => ((await target.stats()).paths['/three'] ?? 0) > 0, 40_000);
    }));

  it('the value of a Secret reaches the target, and is seen nowhere else', () =>
    scene(async ({ test, target, namespace }) => {
      const value = 'wk-6f1e0c9a7b24d358';
      await cluster.client.create(SECRETS, {
        metadata: { namespace, name: 'write-key' },
        stringData: { key: value },
      });
      const url = baseUrl(cluster, target);
      await test.apply({
        http: {},
        rate: '50/s',
        duration: '8s',
        variables: [{ name: 'Token', valueFrom: { secretKeyRef: { name: 'write-key', key: 'key' } } }],
        templates: {
          entry: 'target.json',
          from: [
            {
              inline: {
                'target.json': `{"method": "GET", "url": "${url}/secret", "header": {"Authorization": ["Basic <%= b64enc(it.Token + ':') %>"]}}`,
              },
            },
          ],
        },
        workers: { replicas: 2 },
      });
      await test.untilRunning();
      const spied = await everythingOf(namespace);
      const ended = await test.untilEnded();
      const stats = await target.quiet();
      checkEnded(ended, stats);
      assert.equal(stats.writeKeys[value], stats.requests);
      assert.equal(stats.requests, 400);
      for (const [what, text] of [...spied, ...(await everythingOf(namespace))]) {
        for (const form of [
          value,
          Buffer.from(value).toString('base64'),
          Buffer.from(`${value}:`).toString('base64'),
        ]) {
          assert.ok(!text.includes(form), `the secret stands in ${what}`);
        }
      }
    }));
});

/** Each object and log in which something secret could show, by what it is. */
async function everythingOf(namespace: string): Promise<[string, string][]> {
  const here = ['-n', namespace];
  const get = (kind: string) => cluster.kubectl(...here, 'get', kind, '-o', 'json');
  const events = await cluster.client.list(EVENTS, { namespace });
  const logs = ['logs', '--prefix', '--ignore-errors', '--tail=-1', '-l'];
  return [
    ['the LoadTest', await get('loadtests')],
    ['a pod', await get('pods')],
    ['a ConfigMap', await get('configmaps')],
    ['an event', JSON.stringify(events.items)],
    ["a worker's log", await cluster.kubectl(...here, ...logs, 'app.kubernetes.io/component=worker')],
    ["a controller's log", await operator.logs(-1)],
    [
      'a ConfigMap of the operator',
      await cluster.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'configmaps', '-o', 'json'),
    ],
  ];
}
