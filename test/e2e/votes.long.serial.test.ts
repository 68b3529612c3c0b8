import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { RunSnapshot } from '../../src/coordinator/snapshot.ts';
import { type CountingTarget, startCountingTarget } from '../../src/counting-target/counting-target.ts';
import { startRun, type TestRun } from './harness.ts';

describe('stop votes against a real server', () => {
  let target: CountingTarget;
  before(async () => {
    target = await startCountingTarget();
  });
  after(() => target.close());
  afterEach(() => {
    target.setBehaviour({ latencyMs: 0, failShare: 0, hangShare: 0 });
    target.resetStats();
  });

  /** A window is void where the machine itself was late by a tenth of the latency: here 50 ms, which few machines are. */
  const stopWhen = { successBelow: '98%', latencyAbove: '500ms', window: '1s', votes: 3 };
  const spec = { rate: '300/s', duration: '25s', http: { timeout: '3s' }, stopWhen };

  /** Windows up to `last` that judged nothing, as this machine was too busy: each puts the decision off by one. */
  const voidWindows = (run: TestRun, last: number): number =>
    run.notes.filter((note) => Number(/window ([0-9]+) .* is void/.exec(note)?.[1] ?? Infinity) <= last)
      .length;

  async function stopsAfterThreeWindows(run: TestRun): Promise<RunSnapshot> {
    const last = await run.ended;
    assert.equal(last.verdict, 'StoppedByVotes');
    assert.deepEqual(run.brokenLaws, []);
    const deciding = Number(/^worker-0 reached 3 votes: window ([0-9]+) \(/.exec(last.reason)?.[1]);
    assert.equal(deciding, 3 + voidWindows(run, deciding), last.reason);
    const stoppedMs = last.elapsedMs - deciding * 1000;
    // The coordinator knows a worker's clock to a few milliseconds.
    assert.ok(stoppedMs > -50 && stoppedMs < 2000, `stopped ${stoppedMs} ms after the deciding window`);
    assert.equal(last.tally.counts.inFlight, 0);
    return last;
  }

  it('a target that fails 10 % is stopped after exactly three windows', async () => {
    target.setBehaviour({ failShare: 0.1 });
    const last = await stopsAfterThreeWindows(await startRun(target.url, spec));
    assert.match(last.reason, /success [0-9.]+ % < 98 %/);
    assert.equal(target.stats().requests, last.tally.counts.sent);
  });

  it('a target that is slow is stopped', async () => {
    target.setBehaviour({ latencyMs: 1000 });
    const last = await stopsAfterThreeWindows(await startRun(target.url, spec));
    assert.match(last.reason, /p99 [0-9.]+ m?s > 500 ms/);
  });

  it('a target that hangs is stopped, although no answer ever comes', async () => {
    target.setBehaviour({ hangShare: 1 });
    const last = await stopsAfterThreeWindows(await startRun(target.url, spec));
    assert.equal(last.tally.counts.succeeded, 0);
  });

  it('a target that hangs but for a fast answer now and then is stopped', async () => {
    target.setBehaviour({ hangShare: 0.995 });
    await stopsAfterThreeWindows(await startRun(target.url, spec));
  });

  it('a target slower than the bound in flight is voted down, for `busy` drops are its slowness', async () => {
    target.setBehaviour({ latencyMs: 150 });
    const run = await startRun(target.url, {
      ...spec,
      maxLag: '100ms',
      http: { timeout: '3s', connections: 4 },
    });
    const last = await stopsAfterThreeWindows(run);
    assert.ok(last.tally.counts.drops.busy > 300, `${last.tally.counts.drops.busy} busy`);
    assert.match(last.reason, /success/);
  });

  it('a target that recovers is not stopped', async () => {
    target.setBehaviour({ failShare: 1 });
    const run = await startRun(target.url, { ...spec, duration: '15s' });
    await run.until((snapshot) => snapshot.votes.highest >= 1);
    target.setBehaviour({ failShare: 0 });
    const last = await run.ended;
    assert.equal(last.verdict, 'Completed');
    assert.equal(last.votes.highest, 0);
    assert.ok(last.tally.counts.failed > 0);
  });

  it('a generator without enough CPU is not mistaken for a slow target', async () => {
    const templates = {
      'event.json':
        '<% const until = performance.now() + 8; while (performance.now() < until); %>{"type": "track"}',
    };
    const run = await startRun(target.url, { ...spec, duration: '6s', maxLag: '200ms' }, { templates });
    const last = await run.ended;
    assert.equal(last.verdict, 'Completed');
    assert.equal(last.votes.highest, 0);
    assert.ok(last.generatorSaturated);
    assert.ok(last.tally.counts.drops.late > 100, `${last.tally.counts.drops.late} late`);
    assert.deepEqual(run.brokenLaws, []);
  });
});
