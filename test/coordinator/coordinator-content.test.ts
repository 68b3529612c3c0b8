import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { RunSpec } from '../../src/api/run-spec.ts';
import { constant } from '../attack/schedule/schedules.ts';
import { type ClusterOptions, FakeCluster } from './fake-cluster.ts';
import { content, runSpec, targets, workers } from './run-spec.ts';

afterEach(() => FakeCluster.dispose());

/** A cluster of 100 hits/s for 10 s whose run has gone on for 3 s. */
async function running(spec: Partial<RunSpec> = {}, options: ClusterOptions = {}): Promise<FakeCluster> {
  const cluster = new FakeCluster(runSpec(spec), options);
  await cluster.until(() => cluster.runMs >= 3_000);
  return cluster;
}

/** From which hit on, and from which run time, each set was sent: in the order of hits. */
function sets(cluster: FakeCluster): [digest: string, hit: number, dueAt: number][] {
  const found: [string, number, number][] = [];
  for (const [hit, { digest, dueAt }] of [...cluster.decided].toSorted(([a], [b]) => a - b)) {
    if (found.at(-1)?.[0] !== digest) found.push([digest, hit, dueAt]);
  }
  return found;
}

const digests = (cluster: FakeCluster) => sets(cluster).map(([digest]) => digest);

describe('another set', () => {
  test('is what every hit comes from that is due from one instant on, on all workers', async () => {
    const cluster = await running({ workers: workers(3) });
    cluster.coordinator.offer(content('d2'));
    await cluster.until(() => cluster.last.templates.updated === 3 && cluster.last.templates.applied === 1);
    const { templates } = cluster.last;
    assert.deepEqual(templates, {
      digest: 'd2',
      updated: 3,
      of: 3,
      applied: 1,
      refused: 0,
      lastError: '',
    });
    await cluster.endWith(1000);
    const [, [, , from]] = sets(cluster) as [unknown, [string, number, number]];
    assert.deepEqual(digests(cluster), ['d1', 'd2']);
    // Prepared at once, then announced a quarter of a second ahead.
    assert.ok(from > 3_200 && from < 3_500, `${from}`);
    const [note] = cluster.notes;
    assert.match(note!, /^templates have changed: from 3\.\d s on hits come from set d2$/);
  });

  test('is awaited until all workers hold it ready, while the old one goes on', async () => {
    const cluster = await running({}, { workers: ({ index }) => ({ compileMs: () => index * 3_000 }) });
    cluster.coordinator.offer(content('d2'));
    await cluster.until(() => cluster.workers[0]?.sets.report.prepared === 'd2', 100);
    await cluster.pass(2_000);
    assert.deepEqual([cluster.last.templates.digest, cluster.last.templates.updated], ['d1', 2]);
    await cluster.endWith(1000);
    const [, [, , from]] = sets(cluster) as [unknown, [string, number, number]];
    assert.ok(from > 6_200 && from < 6_500, `${from}`);
    // Nothing had to wait for it.
    assert.ok([...cluster.decided.values()].every(({ at, dueAt }) => at - cluster.startAt! - dueAt < 20));
  });

  test('waits for a worker that is out of sight until its lease has run out', async () => {
    const cluster = await running({ durationMs: 15_000 });
    cluster.worker(1).silentUntil = cluster.now + 20_000;
    cluster.coordinator.offer(content('d2'));
    await cluster.pass(3_000);
    assert.equal(cluster.last.templates.digest, 'd1');
    await cluster.until(() => cluster.last.templates.digest === 'd2', 3_000);
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(final.workers[1]?.state, 'lost');
    assert.deepEqual([final.templates.updated, final.templates.of], [2, 2]);
  });

  test('waits for none whose end is proven, and is what its successor begins with', async () => {
    const compileMs = () => 300;
    const cluster = await running({}, { workers: () => ({ compileMs }) });
    cluster.coordinator.offer(content('d2'));
    await cluster.pass(50);
    cluster.kill(cluster.worker(1));
    const successor = (worker = cluster.workers[2]) => worker;
    await cluster.until(() => [...cluster.decided.values()].some(({ worker }) => worker === successor()));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(final.templates.digest, 'd2');
    const its = [...cluster.decided.values()].filter(({ worker }) => worker === successor());
    assert.deepEqual(new Set(its.map(({ digest }) => digest)), new Set(['d2']));
  });

  test('is what a worker begins with that was about to begin with the old one', async () => {
    const cluster = await running(
      {},
      { workers: ({ index }) => ({ prepareMs: index === 2 ? 2_000 : 10, compileMs: () => 500 }) },
    );
    cluster.coordinator.change(runSpec({ workers: workers(3) }));
    await cluster.until(() => cluster.workers.length === 3);
    await cluster.pass(200);
    cluster.coordinator.offer(content('d2'));
    await cluster.endWith(1000);
    const third = [...cluster.decided.values()].filter(({ worker }) => worker === cluster.workers[2]);
    assert.ok(third.length > 50);
    assert.ok(third.every(({ digest }) => digest === 'd2'));
  });

  test('takes the place of one that is not current yet', async () => {
    const cluster = await running({}, { workers: () => ({ compileMs: () => 400 }) });
    cluster.coordinator.offer(content('d2'));
    await cluster.pass(200);
    cluster.coordinator.offer(content('d3'));
    await cluster.endWith(1000);
    assert.deepEqual(digests(cluster), ['d1', 'd3']);
  });

  test('that is the old one again takes back what was to come', async () => {
    const cluster = await running({}, { workers: () => ({ compileMs: () => 400 }) });
    cluster.coordinator.offer(content('d2'));
    await cluster.pass(200);
    cluster.coordinator.offer(content('d1'));
    await cluster.endWith(1000);
    assert.deepEqual(digests(cluster), ['d1']);
    assert.equal(cluster.final?.templates.applied, 0);
  });

  test('may be one that was there before', async () => {
    const cluster = await running();
    for (const digest of ['d2', 'd1', 'd2', 'd3', 'd1']) {
      cluster.coordinator.offer(content(digest));
      await cluster.until(() => cluster.last.templates.digest === digest);
      await cluster.pass(500);
    }
    await cluster.endWith(1000);
    assert.deepEqual(digests(cluster), ['d1', 'd2', 'd1', 'd2', 'd3', 'd1']);
  });

  test('is what the run begins with, where it came before the start', async () => {
    const cluster = new FakeCluster(runSpec(), { workers: ({ index }) => ({ prepareMs: index * 3_000 }) });
    await cluster.pass(500);
    cluster.coordinator.offer(content('d2'));
    await cluster.endWith(1000);
    assert.deepEqual(digests(cluster), ['d2']);
  });

  test('is swapped in while the run is suspended', async () => {
    const cluster = await running();
    cluster.coordinator.change(runSpec({ suspend: true }));
    await cluster.until(() => cluster.last.suspended);
    cluster.coordinator.offer(content('d2'));
    await cluster.until(() => cluster.last.templates.updated === 2 && cluster.last.templates.applied === 1);
    const held = cluster.decided.size;
    cluster.coordinator.change(runSpec());
    await cluster.endWith(1000);
    assert.deepEqual(
      sets(cluster).map(([digest, hit]) => [digest, hit]),
      [
        ['d1', 0],
        ['d2', held],
      ],
    );
  });

  test('comes together with a change of rate, each at its own instant', async () => {
    const cluster = await running();
    cluster.coordinator.change(runSpec({ schedule: constant('200/s') }));
    cluster.coordinator.offer(content('d2'));
    const final = await cluster.end();
    assert.deepEqual(cluster.broken, []);
    assert.equal(cluster.decided.size, final.scheduled);
    assert.ok(final.scheduled > 1500, `${final.scheduled}`);
    assert.deepEqual(digests(cluster), ['d1', 'd2']);
  });

  test('changes nothing once the run has its verdict', async () => {
    const cluster = await running();
    cluster.coordinator.stop('StoppedByUser', 'interrupted');
    cluster.coordinator.offer(content('d2'));
    cluster.coordinator.refuse('nonsense');
    const final = await cluster.end();
    assert.deepEqual([final.templates.digest, final.templates.refused], ['d1', 0]);
  });
});

describe('labels', () => {
  test('keep their index, and those for which there is no room are other', async () => {
    const cluster = await running();
    for (const digest of ['d2', 'd3', 'd1']) {
      cluster.coordinator.offer(content(digest));
      await cluster.until(() => cluster.last.templates.digest === digest);
      await cluster.pass(1_000);
    }
    await cluster.endWith(1000);
    const { labels, tally } = cluster.final!;
    assert.deepEqual(labels, ['d1.json', 'd2.json', 'other']);
    const hits = (digest: string) =>
      [...cluster.decided.values()].filter((each) => each.digest === digest).length;
    assert.equal(
      tally.label(0).counts.sent,
      hits('d1') + hits('d3'),
      'fake lanes count what is unknown here',
    );
    assert.equal(tally.label(1).counts.sent, hits('d2'));
  });
});

describe('a set that is refused', () => {
  test('is told once, and the last good one goes on', async () => {
    const cluster = await running();
    cluster.coordinator.refuse('track.json:3: nonsense');
    cluster.coordinator.refuse('track.json:3: nonsense');
    await cluster.pass(200);
    const note = 'templates were refused, the last good set goes on: track.json:3: nonsense';
    assert.deepEqual(cluster.notes, [note]);
    const { digest, refused, lastError } = cluster.last.templates;
    assert.deepEqual([digest, refused, lastError], ['d1', 1, 'track.json:3: nonsense']);
    assert.equal(cluster.worker(0).assignment?.content.refused, 1);
    cluster.coordinator.offer(content('d1'));
    assert.equal(cluster.coordinator.snapshot().templates.lastError, '');
    cluster.coordinator.refuse('track.json:3: nonsense');
    assert.deepEqual(cluster.notes, [note, note]);
    await cluster.endWith(1000);
  });

  test('does not hold up the one before it', async () => {
    const cluster = await running({}, { workers: () => ({ compileMs: () => 400 }) });
    cluster.coordinator.offer(content('d2'));
    cluster.coordinator.refuse('nonsense');
    await cluster.endWith(1000);
    assert.deepEqual(digests(cluster), ['d1', 'd2']);
    assert.deepEqual([cluster.final?.templates.refused, cluster.final?.templates.lastError], [1, 'nonsense']);
  });
});

describe('canned targets that are sent once', () => {
  const canned = (digest: string, count: number) => ({ content: targets(digest, count) });
  const endless = { durationMs: null };

  test('end the run after the last line of those that are current', async () => {
    const cluster = await running(endless, { coordinator: canned('t1', 600) });
    cluster.coordinator.offer(targets('t2', 800));
    await cluster.endWith(800);
    const [, [digest, hit, from]] = sets(cluster) as [unknown, [string, number, number]];
    assert.equal(digest, 't2');
    // Their number is part of the plan, whose changes take a fence.
    assert.ok(from > 3_500 && from < 3_900, `${from}`);
    assert.equal(hit, Math.ceil(from / 10));
  });

  test('of which so many have been sent already complete the run', async () => {
    const cluster = await running(endless, { coordinator: canned('t1', 600) });
    cluster.coordinator.offer(targets('t2', 200));
    const final = await cluster.end(3_000);
    assert.equal(final.verdict, 'Completed');
    assert.ok(final.scheduled > 350 && final.scheduled < 390, `${final.scheduled}`);
    assert.deepEqual(cluster.broken, []);
    assert.deepEqual(digests(cluster), ['t1']);
  });

  test('as many as before are swapped without a change of the plan', async () => {
    const cluster = await running(endless, { coordinator: canned('t1', 600) });
    cluster.coordinator.offer(targets('t2', 600));
    await cluster.endWith(600);
    assert.deepEqual(digests(cluster), ['t1', 't2']);
    assert.equal(cluster.worker(0).assignment?.segments.length, 1);
  });

  test('may follow templates, and templates them', async () => {
    const cluster = await running();
    cluster.coordinator.offer(targets('t2', 800));
    await cluster.until(() => cluster.last.templates.digest === 't2');
    await cluster.pass(1_000);
    cluster.coordinator.offer(content('d3'));
    await cluster.endWith(1000);
    assert.deepEqual(digests(cluster), ['d1', 't2', 'd3']);
  });

  test('that come just before the end come too late', async () => {
    const cluster = await running(endless, { coordinator: canned('t1', 340) });
    cluster.coordinator.offer(targets('t2', 800));
    await cluster.endWith(340);
    assert.deepEqual(digests(cluster), ['t1']);
  });
});
