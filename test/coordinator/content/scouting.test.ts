import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { Finding } from '../../../src/coordinator/protocol.ts';
import type { Content } from '../../../src/template/content.ts';
import { type ClusterOptions, FakeCluster } from '../fake-cluster.ts';
import { content, runSpec, scoutingOrder, targets, workers } from '../run-spec.ts';

afterEach(() => FakeCluster.dispose());

const ORDER = scoutingOrder('o1', { configMaps: { c: { region: 'eu' } } });

/** A cluster of workers that find for themselves what is sent; nobody looks unless the test does. */
function scouted(options: ClusterOptions = {}, replicas = 3): FakeCluster {
  const spec = runSpec({ workers: workers(replicas), startTimeoutMs: 8_000 });
  const cluster = new FakeCluster(spec, {
    ...options,
    coordinator: { content: null, ...options.coordinator },
    scouts: 'silent',
  });
  cluster.coordinator.lookAt(ORDER);
  return cluster;
}

/** The orders that workers have now, by worker. */
const orders = (cluster: FakeCluster) => cluster.workers.map(({ scouts }) => scouts);

function find(
  cluster: FakeCluster,
  finding: { kind: string; order?: string; content?: Content; reason?: string | null },
) {
  const { worker, incarnation, scouts } = cluster.workers.find((each) => each.scouts !== null)!;
  const who = { run: 'r-1', worker: { ...worker, incarnation } };
  cluster.coordinator.finding({ order: scouts, ...who, ...finding } as Finding);
}

describe('the worker that looks for what is sent', () => {
  test('is the live one of the lowest index that has called, and stays so', async () => {
    const cluster = scouted({ workers: ({ index }) => ({ bootMs: index === 0 ? 1_000 : index * 100 }) });
    await cluster.pass(700);
    assert.deepEqual(orders(cluster), [null, 'o1-1-0', null]);
    await cluster.pass(2_000);
    assert.deepEqual(orders(cluster), [null, 'o1-1-0', null]);
  });

  test('is another when it is gone, or leaves', async () => {
    const cluster = scouted();
    await cluster.pass(1_000);
    assert.deepEqual(orders(cluster), ['o1-1-0', null, null]);
    cluster.kill(cluster.worker(0));
    await cluster.pass(1_200);
    assert.deepEqual(orders(cluster).slice(1, 3), ['o1-1-0', null]);
  });

  test('gets the order by its digest, with what is known by then', async () => {
    const cluster = scouted();
    await cluster.pass(1_000);
    assert.deepEqual(cluster.coordinator.scoutingOf('o1-1-0'), { ...ORDER, digest: 'o1-1-0' });
    assert.equal(cluster.coordinator.scoutingOf('o1'), null);
    find(cluster, { kind: 'offered', content: content('d1') });
    assert.equal(cluster.coordinator.scoutingOf('o1-1-0')?.known, 'd1');
  });

  test('hears of another order at once', async () => {
    const cluster = scouted();
    await cluster.pass(1_000);
    cluster.coordinator.lookAt({ ...ORDER, digest: 'o2' });
    await cluster.pass(20);
    assert.deepEqual(orders(cluster), ['o2-1-0', null, null]);
    assert.equal(cluster.coordinator.scoutingOf('o1-1-0'), null);
  });
});

describe('what is found', () => {
  test('first is what the run begins with, after a barrier for all', async () => {
    const cluster = scouted();
    await cluster.pass(3_000);
    assert.deepEqual([cluster.last.phase, cluster.last.templates.digest], ['Preparing', '']);
    assert.ok(cluster.workers.every(({ state }) => state === 'starting'));
    find(cluster, { kind: 'offered', content: content('d1') });
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.verdict, final.scheduled, final.templates.digest], ['Completed', 1000, 'd1']);
  });

  test('later takes the place of what was there', async () => {
    const cluster = scouted();
    await cluster.pass(500);
    find(cluster, { kind: 'offered', content: targets('t1', 600) });
    await cluster.until(() => cluster.runMs > 1_000);
    find(cluster, { kind: 'offered', content: targets('t2', 800) });
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.templates.digest, final.scheduled], ['t2', 800]);
  });

  test('by an order that is none any more changes nothing', async () => {
    const cluster = scouted();
    await cluster.pass(1_000);
    const [order] = orders(cluster);
    cluster.coordinator.lookAt({ ...ORDER, digest: 'o2' });
    find(cluster, { kind: 'offered', order: order!, content: content('d1') });
    find(cluster, { kind: 'refused', order: order!, reason: 'nonsense' });
    find(cluster, { kind: 'trouble', order: order!, reason: 'no bucket' });
    const { digest, refused, lastError } = cluster.coordinator.snapshot().templates;
    assert.deepEqual([digest, refused, lastError], ['', 0, '']);
  });

  test('by a worker of another run, or a stranger, changes nothing', async () => {
    const cluster = scouted();
    await cluster.pass(1_000);
    const finding = { kind: 'offered', order: 'o1-1-0', content: content('d1') } as const;
    const worker = { index: 0, replacement: 0, incarnation: 'w0.0' };
    cluster.coordinator.finding({ ...finding, run: 'r-2', worker });
    cluster.coordinator.finding({ ...finding, run: 'r-1', worker: { ...worker, incarnation: 'other' } });
    assert.equal(cluster.coordinator.digest, null);
  });

  for (const [kind, reason, note] of [
    [
      'refused',
      'track.json:3: nonsense',
      'templates were refused, and there is none yet: track.json:3: nonsense',
    ],
    [
      'trouble',
      'there is no bucket b',
      'the sources of templates cannot be read, and there is none yet: there is no bucket b',
    ],
  ] as const) {
    test(`is ${kind}: the status says so, and so does the failure at startTimeout`, async () => {
      const cluster = scouted();
      await cluster.pass(1_000);
      find(cluster, { kind, reason });
      assert.equal(cluster.coordinator.snapshot().templates.lastError, reason);
      const final = await cluster.end(10_000);
      assert.deepEqual(
        [final.verdict, final.reason],
        ['Failed', `there were no templates to send within startTimeout (8 s): ${reason}`],
      );
      assert.deepEqual(cluster.notes, [note]);
    });
  }
});

describe('workers that do not come up', () => {
  test('are named at startTimeout, with what is known of their trouble', async () => {
    const cluster = new FakeCluster(runSpec({ startTimeoutMs: 5_000, workers: workers(3) }), {
      workers: ({ index }) => (index === 1 ? null : {}),
    });
    cluster.trouble = ({ index }) => (index === 1 ? '0/1 nodes are available: insufficient cpu' : '');
    const final = await cluster.end();
    assert.equal(
      final.reason,
      'not all workers were ready within startTimeout (5 s): ' +
        'worker-1 is not ready (0/1 nodes are available: insufficient cpu)',
    );
  });
});
