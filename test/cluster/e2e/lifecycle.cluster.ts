import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { childName } from '../../../src/controller/children/names.ts';
import { CONFIG_MAPS, LOAD_TESTS, POD_TEMPLATES } from '../../../src/kube/resources.ts';
import { checkEnded, countsOf, templatesFor } from './load-test.ts';
import { useWorld } from './scene.ts';
import { until } from './until.ts';

const { cluster, operator, scene } = await useWorld();
after(() => cluster.close());

describe('the life of a LoadTest', { concurrency: 2 }, () => {
  it('3 workers send exactly what is due: the target has counted what the status says', () =>
    scene(async ({ test, target, namespace }) => {
      const watched = watchColumns(namespace);
      const spec = {
        ...templatesFor(cluster, target),
        rate: '200/s',
        duration: '15s',
        workers: { replicas: 3 },
      };
      await test.apply(spec);
      const running = await test.untilRunning();
      assert.equal(running.workers?.desired, 3);
      assert.equal(running.workers?.ready, 3);
      assert.equal((await test.workers()).length, 3);
      const ended = await test.untilEnded();
      const stats = await target.quiet();
      checkEnded(ended, stats);
      const { scheduled, sent, dropped, unreported } = countsOf(ended);
      assert.deepEqual({ scheduled, dropped, unreported }, { scheduled: 3000, dropped: 0, unreported: 0 });
      assert.equal(stats.requests, sent, "the target's own count");
      assert.equal(stats.events.ids.repeated, 0);
      assert.equal(ended.run?.verdict, 'Completed');
      assert.equal(ended.success, '100%');
      await cluster.kubectl('-n', namespace, 'wait', 'ldt/e2e', '--for=condition=Succeeded', '--timeout=5s');
      await until('its pods are gone', async () => (await cluster.pods(namespace)).length === 0, 30_000);

      const lines = await watched.end();
      assert.match(lines[0]!, /^NAME +PHASE +TARGET +RATE +SUCCESS +P99 +VOTES +WORKERS +AGE$/);
      const phases = lines.slice(1).map((line) => line.split(/ +/)[1]);
      const story = phases.filter((phase, i) => phase !== phases[i - 1]);
      assert.deepEqual(
        story.filter((phase) => phase !== 'Ending' && !/^\d/.test(phase!)),
        ['Starting', 'Running', 'Completed'],
        lines.join('\n'),
      );
      assert.match(lines.at(-1)!, /Completed +200\/s +\d+(\.\d+)?\/s +100% +\S+ms /);
    }));

  it('what has completed stays so, until something is to be sent again', () =>
    scene(async ({ test, target, namespace }) => {
      const spec = {
        ...templatesFor(cluster, target),
        rate: '50/s',
        duration: '3s',
        results: { keep: '1h' },
        stopWhen: { successBelow: '50%' },
      };
      await test.apply(spec);
      const first = await test.untilEnded();
      const { requests } = await target.quiet();
      assert.equal(requests, countsOf(first).sent);
      const before = await test.get();

      // What is left out again: a restart of the controllers, the same manifest, and fields that say nothing of what is sent.
      await operator.kill([await operator.leader()]);
      await operator.ready();
      await test.apply(spec);
      await sleep(3000);
      assert.equal((await test.get()).metadata.resourceVersion, before.metadata.resourceVersion);
      await test.change({ workers: { replicas: 2 }, stopWhen: { votes: 3 }, results: { keep: '2h' } });
      const after_ = await test.until('has seen the change', ({ run }) => run?.verdict === 'Completed');
      assert.equal(after_.run?.id, first.run?.id);
      await sleep(2000);
      assert.equal((await target.stats()).requests, requests);

      await test.change({ run: 'again' });
      const second = await test.until('has run again', ({ run }) => {
        return run?.id !== first.run?.id && run?.verdict === 'Completed';
      });
      assert.equal(countsOf(second).scheduled, 150);

      await test.change({ rate: '60/s' });
      const third = await test.until('has run at another rate', ({ run }) => {
        return run?.id !== second.run?.id && run?.verdict === 'Completed';
      });
      assert.equal(countsOf(third).scheduled, 180);
      const all = [first, second, third].map((status) => countsOf(status).sent);
      assert.equal((await target.quiet()).requests, all[0]! + all[1]! + all[2]!);

      const place = { namespace, name: childName('e2e', 'run') };
      assert.ok((await cluster.client.find(CONFIG_MAPS, place)) !== null, 'the result is kept');
      await test.change({ results: { keep: '1m' } });
      const gone = async () => (await cluster.client.find(CONFIG_MAPS, place)) === null;
      await until('the result is gone', gone, 90_000);
      assert.equal((await test.get()).status?.run?.verdict, 'Completed');
    }));

  it('deleting it stops the load within 2 s and leaves nothing', () =>
    scene(async ({ test, target }) => {
      await test.apply({ ...templatesFor(cluster, target), rate: '100/s', workers: { replicas: 2 } });
      await test.untilRunning();
      await until('hits come', async () => (await target.stats()).requests > 100);
      const deletedAt = Date.now();
      await test.delete();
      const { lastAtMs } = await target.quiet(2500);
      assert.ok(lastAtMs! - deletedAt < 2000, `the last hit came ${lastAtMs! - deletedAt} ms after`);
      await test.untilNothingIsLeft();
    }));

  it('the same manifest again and again changes nothing', () =>
    scene(async ({ test, target, another, namespace }) => {
      const spec = { ...templatesFor(cluster, target), rate: '20/s' };
      const done = another('done');
      await test.apply(spec);
      await done.apply({ ...spec, duration: '2s' });
      const { run } = await test.untilRunning();
      await done.untilEnded();
      await sleep(2000);
      const looked = async () => {
        const pods = await cluster.pods(namespace, 'taz.dev/loadtest=e2e');
        const templates = await cluster.client.list(POD_TEMPLATES, { namespace });
        const { metadata, status } = await test.get();
        return {
          pods: pods.map(({ metadata: { uid } }) => uid),
          templates: templates.items.length,
          generation: metadata.generation,
          conditions: status?.conditions,
        };
      };
      const before = await looked();
      const { resourceVersion } = (await done.get()).metadata;
      for (let i = 0; i < 10; i++) {
        await test.apply(spec);
        await done.apply({ ...spec, duration: '2s' });
      }
      await cluster.client.merge(LOAD_TESTS, (await test.get()).metadata, {
        metadata: { labels: { a: 'b' } },
      });
      await sleep(6000);
      assert.deepEqual(await looked(), before);
      assert.equal((await test.get()).status?.run?.id, run?.id);
      assert.equal(
        (await done.get()).metadata.resourceVersion,
        resourceVersion,
        'nothing was written of the other',
      );
    }));
});

/** `kubectl get ldt -w`, as a person would watch. */
function watchColumns(namespace: string) {
  const child = spawn('kubectl', ['get', 'ldt', '-w', '-n', namespace], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    async end(): Promise<string[]> {
      await sleep(500);
      child.kill();
      await ended;
      return output.trim().split('\n');
    },
  };
}
