import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { RunSpec } from '../../../src/api/run-spec.ts';
import { type ClusterOptions, FakeCluster } from '../fake-cluster.ts';
import { runSpec, workers } from '../run-spec.ts';

afterEach(() => FakeCluster.dispose());

const STORE = { delayMs: () => 20, fails: () => false };

async function running(spec: Partial<RunSpec> = {}, options: ClusterOptions = {}): Promise<FakeCluster> {
  const cluster = new FakeCluster(runSpec({ durationMs: 30_000, ...spec }), options);
  await cluster.until(() => cluster.runMs >= 3_000);
  return cluster;
}

const living = (cluster: FakeCluster) =>
  cluster.workers.filter(({ dead }) => !dead).map(({ incarnation }) => incarnation);

/** Ends with each hit once, in time, and nobody missed. */
async function ends(cluster: FakeCluster, hits: number): Promise<void> {
  const final = await cluster.end();
  assert.deepEqual(cluster.broken, []);
  assert.deepEqual([final.verdict, final.scheduled, final.unreported], ['Completed', hits, 0]);
  assert.equal(cluster.decided.size, hits);
  assert.ok([...cluster.decided.values()].every(({ at, dueAt }) => at - cluster.startAt! - dueAt < 20));
  assert.deepEqual(cluster.notes, []);
}

describe('workers that are to be replaced', () => {
  test('are so one after another, each once its successor has taken over, at full rate', async () => {
    const cluster = await running({ workers: workers(3) }, { workers: () => ({ prepareMs: 500 }) });
    cluster.coordinator.roll();
    let most = 0;
    const isDone = () => {
      most = Math.max(most, living(cluster).length);
      return living(cluster).join() === 'w0.1,w1.1,w2.1';
    };
    await cluster.until(isDone);
    assert.equal(most, 4);
    await ends(cluster, 3000);
    assert.equal(cluster.workers.length, 6);
  });

  test('are not those that may stay', async () => {
    const cluster = await running({ workers: workers(3) });
    cluster.coordinator.roll(({ index }) => index !== 1);
    await cluster.until(() => living(cluster).join() === 'w0.0,w2.0,w1.1');
    await ends(cluster, 3000);
    assert.equal(cluster.workers.length, 4);
  });

  test('are replaced anew where that is asked for in the middle', async () => {
    const cluster = await running({}, { workers: () => ({ prepareMs: 1_000 }) });
    cluster.coordinator.roll();
    await cluster.until(() => cluster.workers.length === 3);
    await cluster.pass(300);
    const first = cluster.worker(0);
    cluster.coordinator.roll();
    await cluster.until(() => living(cluster).join() === 'w0.2,w1.1');
    assert.ok(first.dead);
    assert.equal(first.report().cursors.length, 0);
    await ends(cluster, 3000);
  });

  test('are still so when another coordinator goes on', async () => {
    const options = { store: STORE, workers: () => ({ prepareMs: 1_000 }) };
    const cluster = await running({ workers: workers(3) }, options);
    cluster.coordinator.roll();
    await cluster.until(() => living(cluster).includes('w1.1'));
    cluster.crash();
    await cluster.pass(1_000);
    cluster.restart();
    await cluster.until(() => living(cluster).join() === 'w0.1,w1.1,w2.1');
    await ends(cluster, 3000);
  });

  test('go on where their successor does not come up', async () => {
    const cluster = await running(
      {},
      { workers: ({ replacement }) => ({ prepareMs: replacement === 0 ? 30 : Infinity }) },
    );
    cluster.coordinator.roll();
    for (let time = 0; time < 6; time++) {
      await cluster.pass(2_000);
      if (cluster.worker(0).worker.replacement > 0) cluster.kill(cluster.worker(0), 'exited with code 7');
    }
    assert.equal(cluster.last.phase, 'Running');
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.verdict, final.scheduled, final.unreported], ['Completed', 3000, 0]);
  });

  test('are all replaced at once before the start', async () => {
    const cluster = new FakeCluster(runSpec(), {
      workers: ({ index }) => ({ prepareMs: 500 + index * 2_000 }),
    });
    await cluster.pass(1_000);
    cluster.coordinator.roll();
    await cluster.until(() => living(cluster).join() === 'w0.1,w1.1', 3_000);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual([final.scheduled, final.unreported], [1000, 0]);
  });

  test('work by the protocol that they began with, their successors by the new one', async () => {
    const cluster = await running();
    const { protocol } = runSpec();
    const next = { ...protocol, timeoutMs: 3_000 };
    cluster.change(runSpec({ durationMs: 30_000, protocol: next }));
    cluster.coordinator.roll(({ index }) => index === 0);
    await cluster.until(() => living(cluster).join() === 'w0.0,w1.1');
    assert.equal(cluster.worker(1).assignment?.protocol.timeoutMs, 3_000);
    await ends(cluster, 3000);
  });
});

describe('workers that are let go and wanted again', () => {
  test('are not counted as losses', async () => {
    const cluster = await running({ durationMs: 60_000 });
    for (let time = 0; time < 5; time++) {
      cluster.change(runSpec({ durationMs: 60_000, workers: workers(1) }));
      await cluster.until(() => living(cluster).length === 1);
      cluster.change(runSpec({ durationMs: 60_000 }));
      await cluster.until(() => cluster.last.workers.filter(({ state }) => state === 'running').length === 2);
      await cluster.pass(1_000);
    }
    await ends(cluster, 6000);
  });
});
