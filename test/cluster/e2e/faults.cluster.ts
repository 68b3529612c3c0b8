import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadTestStatus } from '../../../src/api/status.ts';
import { childName } from '../../../src/controller/children/names.ts';
import { CONFIG_MAPS, PODS, type Pod, SERVICE_ACCOUNTS } from '../../../src/kube/resources.ts';
import { type FaultRow, record } from './fault-table.ts';
import {
  type ClusterTest,
  checkEnded,
  countsOf,
  mostInASecond,
  mostOfOnePath,
  numberedFor,
  roundsOf,
} from './load-test.ts';
import { OPERATOR_NAMESPACE, testImage } from './operator.ts';
import { type Scene, useWorld } from './scene.ts';
import { until } from './until.ts';

/**
 * What may go wrong around a run, one row each, and what has to hold all the same: no hit is sent twice, none is lost but
 * those that the status calls unreported, never is it faster than asked, the run ends as it should, nothing is left.
 */

const { cluster, operator, scene } = await useWorld();
after(() => cluster.close());

const RATE = 120;
const SECONDS = 20;
const REPLICAS = 2;
const MAX_LAG_MS = 250;

/** For what takes a while: it is slower, and longer. */
const SLOW = 60;
const LONG = 60;
const LONGER = { spec: { duration: `${LONG}s`, rate: `${SLOW}/s` }, rate: SLOW, due: SLOW * LONG };

interface Fault {
  /** Of the LoadTest, beside the usual. */
  spec?: Record<string, unknown>;
  name?: string;
  /** The highest rate that is ever asked for. */
  rate?: number;
  /** All hits that are due, while nothing changes. null: not known in advance. */
  due?: number | null;
  /** How many of them fell due while there was nobody to send them: they are not made up. */
  missed?: number;
  /** How many hits may have no fate, where a worker dies without a last word. */
  unreported?: number;
  /** How many hits may be dropped: as they are reported, none of them is lost. Default: what a busy machine makes late. */
  dropped?: number;
  verdict?: string;
  /** What goes wrong, from before the test is applied on. It has to apply it. */
  happen: (scene: Scene, apply: () => Promise<void>) => Promise<void>;
}

/** Plays a row, looks at all that has to hold, and tells the table. */
function row(title: string, fault: Fault): void {
  it(title, { timeout: 280_000 }, () =>
    scene(async (place) => {
      const { test, target } = place;
      const { rate = RATE, due = RATE * SECONDS, unreported = 0, verdict = 'Completed' } = fault;
      const { dropped = rate * 2 } = fault;
      const entry: FaultRow = {
        fault: title,
        target: 0,
        sent: null,
        unreported: null,
        dropped: null,
        highest: 0,
        rate,
        repeats: 0,
        rounds: 0,
        end: '',
        left: [],
        broken: '',
      };
      const apply = () =>
        test.apply({
          ...numberedFor(cluster, target),
          rate: `${RATE}/s`,
          duration: `${SECONDS}s`,
          maxLag: `${MAX_LAG_MS}ms`,
          workers: { replicas: REPLICAS },
          ...fault.spec,
        });
      try {
        await fault.happen(place, apply);
        const ended = await test.untilEnded(150_000);
        const stats = await target.quiet(2000);
        const counts = countsOf(ended);
        entry.target = stats.requests;
        entry.sent = counts.sent;
        entry.unreported = counts.unreported;
        entry.dropped = counts.dropped;
        entry.highest = stats.mostInASecond;
        entry.repeats = mostOfOnePath(stats);
        entry.rounds = roundsOf(due ?? counts.scheduled);
        entry.end = endOf(ended);
        checkEnded(ended, stats);
        assert.equal(ended.run?.verdict, verdict, ended.run?.reason);
        if (due !== null) {
          const shown = `${counts.scheduled} hits have a fate, ${due} are due`;
          assert.ok(counts.scheduled <= due && counts.scheduled >= due - (fault.missed ?? 0), shown);
        }
        assert.ok(counts.unreported <= unreported, `${counts.unreported} unreported, at most ${unreported}`);
        assert.ok(counts.dropped <= dropped, `${counts.dropped} dropped, at most ${dropped}`);
        assert.ok(
          entry.repeats <= entry.rounds,
          `a hit was sent ${entry.repeats} times, not ${entry.rounds}`,
        );
        const most = mostInASecond(rate, MAX_LAG_MS, ended);
        assert.ok(entry.highest <= most, `${entry.highest} hits within a second, at most ${most}`);
        const before = stats.requests;
        await test.end().catch(async (error: unknown) => {
          entry.left = await test.children();
          throw error;
        });
        assert.equal((await target.stats()).requests, before, 'hits after the end');
      } catch (error) {
        entry.broken = (error as Error).message.split('\n', 1)[0]!;
        throw error;
      } finally {
        record(entry);
      }
    }, fault.name),
  );
}

function endOf({ phase = '', conditions = [] }: LoadTestStatus): string {
  const shown = conditions
    .filter(({ type }) => ['Ready', 'Stalled', 'Succeeded'].includes(type))
    .map(({ type, status }) => `${type}=${status}`);
  return `${phase} (${shown.join(' ')})`;
}

/** Waits until so many hits have come. */
async function hits({ target, test }: Scene, atLeast: number, withinMs = 90_000): Promise<void> {
  await until(
    `${atLeast} hits have come`,
    async () => (await target.stats()).requests >= atLeast,
    withinMs,
    () => test.describe(),
  );
}

async function oneWorker(test: ClusterTest): Promise<Pod> {
  const [first] = await test.workers();
  assert.ok(first !== undefined, 'there is a worker');
  return first;
}

/** Another pod has taken the place of this one, and is ready. */
function replaced(test: ClusterTest, { metadata: { uid } }: Pod): Promise<unknown> {
  return until(
    'the worker is replaced',
    async () => {
      const workers = await test.workers();
      const { ready } = (await test.get()).status?.workers ?? {};
      return ready === REPLICAS && workers.every((pod) => pod.metadata.uid !== uid);
    },
    60_000,
    () => test.describe(),
  );
}

/** What a worker that is killed owed until its share moved: reported each second, seen and moved within a few. */
const OWED = (SLOW / REPLICAS) * 12;
/** A worker that has to leave goes on for 18 s; where its successor needs longer to come up, its share waits. */
const MISSED = (SLOW / REPLICAS) * 15;

describe('worker pods', { concurrency: 2 }, () => {
  row('worker pod deleted', {
    ...LONGER,
    missed: MISSED,
    async happen(place, apply) {
      await apply();
      await hits(place, 300);
      const pod = await oneWorker(place.test);
      await cluster.client.delete(PODS, pod.metadata);
      await replaced(place.test, pod);
    },
  });

  row('worker process killed (SIGKILL)', {
    ...LONGER,
    unreported: OWED,
    dropped: 30 * SLOW,
    async happen(place, apply) {
      await apply();
      await hits(place, 300);
      const pod = await oneWorker(place.test);
      await operator.kill([pod]);
      await replaced(place.test, pod);
    },
  });

  row('worker pod evicted', {
    ...LONGER,
    missed: MISSED,
    async happen(place, apply) {
      await apply();
      await hits(place, 300);
      const pod = await oneWorker(place.test);
      const { name, namespace } = pod.metadata;
      await cluster.connection.call({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } },
        call: `evict ${name}`,
        verb: 'create',
        resource: 'pods',
      });
      await replaced(place.test, pod);
    },
  });
});

describe('the test and what belongs to it', { concurrency: 2 }, () => {
  row('spec edited while it starts', {
    rate: 150,
    due: 150 * SECONDS,
    async happen({ test }, apply) {
      await apply();
      await test.until('it starts', ({ phase }) => phase === 'Starting');
      await test.change({ rate: '150/s' });
    },
  });

  row('spec edited while it runs', {
    rate: 180,
    due: null,
    async happen(place, apply) {
      await apply();
      await hits(place, 400);
      await place.test.change({ rate: '180/s' });
      await hits(place, 1000);
      await place.test.change({ rate: '60/s', duration: '15s' });
    },
  });

  row('spec edited while it ends', {
    spec: { duration: '8s', http: { timeout: '10s' } },
    due: RATE * 8,
    async happen(place, apply) {
      await apply();
      await hits(place, RATE * 4);
      // Answers that take long keep it in its last phase.
      await place.target.behave({ latency: '6s' });
      await place.test.until('it ends', ({ phase }) => phase === 'Ending');
      await place.test.change({ workers: { replicas: 3 }, maxLag: '300ms' });
      await place.target.behave({ latency: '0s' });
    },
  });

  row('spec edited after its end: runs again', {
    spec: { duration: '5s' },
    rate: 150,
    due: 150 * 5,
    async happen(place, apply) {
      await apply();
      const { run } = await place.test.untilEnded();
      await place.target.quiet();
      await fetch(`http://127.0.0.1:${place.target.port}/stats`, { method: 'DELETE' });
      await place.test.change({ rate: '150/s' });
      await place.test.until('it runs again', (status) => status.run?.id !== run?.id);
    },
  });

  row('children deleted by hand', {
    ...LONGER,
    async happen(place, apply) {
      await apply();
      await hits(place, 300);
      const { namespace, name } = place.test;
      await cluster.client.delete(SERVICE_ACCOUNTS, { namespace, name: childName(name, 'worker') });
      await cluster.client.delete(CONFIG_MAPS, { namespace, name: childName(name, 'run') });
      await until('both are there again', async () => {
        const there = await place.test.children();
        return ['ConfigMap', 'ServiceAccount'].every((kind) => there.some((child) => child.startsWith(kind)));
      });
    },
  });

  const longest = `a.${'long.name-with.dots.'.repeat(10)}and-63-more`;
  row(`name with dots, of ${longest.length} characters`, {
    name: longest,
    async happen(place, apply) {
      await apply();
      await hits(place, 300);
    },
  });

  it('two tests of one name in two namespaces', { timeout: 200_000 }, () =>
    scene((one) =>
      scene(async (two) => {
        await Promise.all([twin(one, 120), twin(two, 90)]);
      }),
    ),
  );

  it('namespace deleted while it runs', { timeout: 200_000 }, () => scene(namespaceDeleted));
});

/** One of two tests that have nothing in common but their name. */
async function twin({ test, target }: Scene, rate: number): Promise<void> {
  const entry: FaultRow = { ...emptyRow(`two tests of one name: that of ${rate}/s`), rate };
  try {
    await test.apply({
      ...numberedFor(cluster, target),
      rate: `${rate}/s`,
      duration: '15s',
      maxLag: `${MAX_LAG_MS}ms`,
    });
    const ended = await test.untilEnded();
    const stats = await target.quiet();
    const { sent, unreported, dropped, scheduled } = countsOf(ended);
    Object.assign(entry, {
      target: stats.requests,
      sent,
      unreported,
      dropped,
      highest: stats.mostInASecond,
      repeats: mostOfOnePath(stats),
      rounds: roundsOf(rate * 15),
      end: endOf(ended),
    });
    checkEnded(ended, stats);
    assert.equal(scheduled, rate * 15);
    assert.equal(stats.requests, sent);
    assert.ok(entry.repeats <= entry.rounds);
    assert.ok(
      stats.mostInASecond <= mostInASecond(rate, MAX_LAG_MS, ended),
      `${stats.mostInASecond} in a second`,
    );
    await test.end();
  } catch (error) {
    entry.broken = (error as Error).message.split('\n', 1)[0]!;
    throw error;
  } finally {
    record(entry);
  }
}

async function namespaceDeleted(place: Scene): Promise<void> {
  const { test, target, namespace } = place;
  const entry = emptyRow('namespace deleted while it runs');
  try {
    await test.apply({
      ...numberedFor(cluster, target),
      rate: `${RATE}/s`,
      maxLag: `${MAX_LAG_MS}ms`,
      workers: { replicas: REPLICAS },
    });
    await hits(place, 300);
    const deletedAt = Date.now();
    await cluster.deleteNamespace(namespace);
    const stats = await target.quiet(6000);
    const lateMs = stats.lastAtMs! - deletedAt;
    Object.assign(entry, {
      target: stats.requests,
      highest: stats.mostInASecond,
      repeats: mostOfOnePath(stats),
      rounds: roundsOf(stats.requests),
      end: `gone; last hit after ${(lateMs / 1000).toFixed(1)} s`,
    });
    assert.ok(lateMs < 7000, `the last hit came ${lateMs} ms after`);
    assert.ok(entry.repeats <= entry.rounds, `a hit was sent ${entry.repeats} times, not ${entry.rounds}`);
    assert.ok(stats.mostInASecond <= mostInASecond(RATE, MAX_LAG_MS), `${stats.mostInASecond} in a second`);
    await until(
      'the namespace is gone',
      async () => {
        const gone = ['get', 'namespace', namespace, '--ignore-not-found', '-o', 'name'];
        return (await cluster.kubectl(...gone)) === '';
      },
      90_000,
      async () => `left: ${(await test.children()).join(', ')}`,
    );
  } catch (error) {
    entry.broken = (error as Error).message.split('\n', 1)[0]!;
    throw error;
  } finally {
    record(entry);
  }
}

function emptyRow(fault: string): FaultRow {
  const counted = { target: 0, sent: null, unreported: null, dropped: null, highest: 0 };
  return { fault, ...counted, rate: RATE, repeats: 0, rounds: 0, end: '', left: [], broken: '' };
}

describe('the controller', () => {
  row('controllers killed before there are pods', {
    async happen({ test }, apply) {
      const pods = await operator.controllers();
      await apply();
      await operator.kill(pods);
      await operator.ready();
      await test.untilRunning();
    },
  });

  row('controllers killed while it starts', {
    async happen({ test, namespace }, apply) {
      await apply();
      await until('there are pods', async () => (await cluster.pods(namespace)).length === REPLICAS);
      await operator.kill(await operator.controllers());
      await operator.ready();
      await test.untilRunning();
    },
  });

  row('controllers killed while it runs', {
    async happen(place, apply) {
      await apply();
      await hits(place, 500);
      await operator.kill(await operator.controllers());
      await operator.ready();
    },
  });

  row('controllers killed while it ends', {
    spec: { duration: '8s', http: { timeout: '10s' } },
    due: RATE * 8,
    async happen(place, apply) {
      await apply();
      await hits(place, RATE * 4);
      await place.target.behave({ latency: '6s' });
      await place.test.until('it ends', ({ phase }) => phase === 'Ending');
      await operator.kill(await operator.controllers());
      await place.target.behave({ latency: '0s' });
      await operator.ready();
    },
  });

  row('no controller for a minute', {
    spec: { duration: '90s', rate: '60/s' },
    rate: 60,
    due: 60 * 90,
    async happen(place, apply) {
      await apply();
      await hits(place, 200);
      await operator.scale(0);
      try {
        await sleep(60_000);
      } finally {
        await operator.scale(2);
      }
    },
  });

  row('leader changes', {
    spec: { duration: '40s', rate: '60/s' },
    rate: 60,
    due: 60 * 40,
    async happen(place, apply) {
      await apply();
      await hits(place, 300);
      const leader = await operator.leader();
      await cluster.client.delete(PODS, leader.metadata);
      await operator.leader(leader.metadata.uid);
      await operator.ready();
    },
  });

  it('helm upgrade while a trickle runs', { timeout: 280_000 }, () => scene(upgraded));
});

/** The trickle goes over to the new image; what has an end keeps the one that it began with. */
async function upgraded(place: Scene): Promise<void> {
  const { test, target, another } = place;
  const entry = { ...emptyRow('helm upgrade while a trickle runs'), rate: 30 };
  const image = testImage();
  const next = `${image}-next`;
  assert.ok(cluster.node !== null, 'another name for the image takes a cluster of test/cluster/up');
  await cluster.node.tagImage(image, next);
  const spec = { ...numberedFor(cluster, target), maxLag: `${MAX_LAG_MS}ms` };
  const bounded = another('bounded');
  const other = {
    ...spec,
    targets: {
      from: [{ inline: { 'targets.jsonl': `{"method":"GET","url":"http://${cluster.host}:1/"}` } }],
      loop: true,
    },
  };
  try {
    await test.apply({ ...spec, rate: '30/s' });
    await bounded.apply({ ...other, rate: '1/s', duration: '10m' });
    await bounded.untilRunning();
    await hits(place, 100);
    await operator.install({ image: next });
    const imagesOf = async (of: ClusterTest) =>
      (await of.workers()).map(({ spec: pod }) => pod!.containers.find(({ name }) => name === 'taz')!.image);
    await until(
      'the trickle is sent by the new image',
      async () => {
        const images = await imagesOf(test);
        return images.length === 1 && images[0] === next;
      },
      60_000,
      () => test.describe(),
    );
    assert.deepEqual(await imagesOf(bounded), [image]);
    const { requests } = await target.stats();
    await hits(place, requests + 60);
    const seconds = Math.ceil((await target.stats()).requests / 30) + 5;
    await test.change({ duration: `${seconds}s` });
    const ended = await test.untilEnded();
    const stats = await target.quiet();
    const { sent, unreported, dropped, scheduled } = countsOf(ended);
    Object.assign(entry, {
      target: stats.requests,
      sent,
      unreported,
      dropped,
      highest: stats.mostInASecond,
      repeats: mostOfOnePath(stats),
      rounds: roundsOf(seconds * 30),
      end: endOf(ended),
    });
    checkEnded(ended, stats);
    assert.equal(scheduled, seconds * 30);
    assert.deepEqual({ sent, unreported, dropped }, { sent: scheduled, unreported: 0, dropped: 0 });
    assert.equal(stats.requests, sent);
    assert.ok(entry.repeats <= entry.rounds);
    assert.ok(stats.mostInASecond <= mostInASecond(30, MAX_LAG_MS, ended));
    await bounded.delete();
    await test.end();
  } catch (error) {
    entry.broken = (error as Error).message.split('\n', 1)[0]!;
    throw error;
  } finally {
    record(entry);
    await operator.install();
  }
}

describe('the cluster', () => {
  row('API server stopped for 30 s', {
    ...LONGER,
    async happen(place, apply) {
      assert.ok(cluster.node !== null, 'this takes a cluster of test/cluster/up');
      await apply();
      await hits(place, 300);
      await cluster.node.pauseApiServer(() => sleep(30_000));
      await operator.ready();
    },
  });

  row('node drained and uncordoned', {
    ...LONGER,
    missed: 30 * SLOW,
    unreported: OWED * REPLICAS,
    dropped: 30 * SLOW,
    async happen(place, apply) {
      await apply();
      await hits(place, 300);
      const before = await place.test.workers();
      const node = before[0]!.spec!.nodeName!;
      const flags = ['--ignore-daemonsets', '--delete-emptydir-data', '--timeout=60s'];
      const drained = cluster.kubectl('drain', node, ...flags).catch((error: Error) => error.message);
      try {
        await until('its workers are gone', async () => {
          const there = await cluster.pods(place.namespace);
          return before.every(({ metadata }) => there.every((pod) => pod.metadata.uid !== metadata.uid));
        });
      } finally {
        await cluster.kubectl('uncordon', node);
      }
      await drained;
      await cluster.kubectl(
        '-n',
        OPERATOR_NAMESPACE,
        'rollout',
        'status',
        'deployment/taz',
        '--timeout=100s',
      );
      await operator.leader();
    },
  });
});
