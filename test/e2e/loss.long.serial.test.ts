import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dropped } from '../../src/metrics/tally.ts';
import { startRun, useArrivalTarget } from './harness.ts';

describe('losing workers', () => {
  const target = useArrivalTarget();

  const spec = { rate: '600/s', duration: '12s', workers: { replicas: 3 } };
  const first = { index: 0, replacement: 0 };

  it('a killed worker: last report kept, share moved within 3 s, replaced, what it owed is shown', async () => {
    const run = await startRun(target.url, spec);
    await run.until((snapshot) => snapshot.elapsedMs > 2000);
    process.kill(run.pool.pidOf(first)!, 'SIGKILL');
    const killedAt = target.arrivals.length;
    const last = await run.ended;
    const { counts } = last.tally;
    assert.equal(last.verdict, 'Completed');
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.scheduled, 7200);
    assert.equal(counts.sent + dropped(counts) + last.unreported, 7200);
    assert.ok(last.unreported > 0 && last.unreported <= 2 * 200, `${last.unreported} unreported`);
    const arrived = target.arrivals.length;
    assert.ok(counts.succeeded <= arrived && arrived <= counts.sent + last.unreported, `${arrived} arrived`);
    assert.ok(killedAt > 0);
    const lost = last.workers.find(({ name }) => name === 'worker-0');
    assert.equal(lost?.state, 'lost');
    assert.ok(lost.sent > 0, 'its last report stays in the result');
    assert.equal(lost.unreported, last.unreported);
    assert.ok(
      last.workers.some(({ name, sent }) => name === 'worker-0.1' && sent > 0),
      'its successor has sent',
    );
    assertNeverFaster(target.arrivals, 600);
  });

  it('a worker that is asked to leave hands over without a lost hit', async () => {
    const run = await startRun(target.url, spec);
    await run.until((snapshot) => snapshot.elapsedMs > 2000);
    process.kill(run.pool.pidOf(first)!, 'SIGTERM');
    const last = await run.ended;
    assert.equal(last.verdict, 'Completed');
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.unreported, 0);
    assert.equal(last.scheduled, 7200);
    assert.equal(target.arrivals.length, last.tally.counts.sent);
    assert.ok(last.workers.some(({ name, sent }) => name === 'worker-0.1' && sent > 0));
  });

  it('a worker that is only silent keeps its share until its lease is over', async () => {
    const run = await startRun(target.url, { ...spec, duration: '14s' }, { leaseMs: 2000 });
    await run.until((snapshot) => snapshot.elapsedMs > 2000);
    process.kill(run.pool.pidOf(first)!, 'SIGSTOP');
    const stoppedAt = run.coordinator.snapshot().elapsedMs;
    const lost = await run.until((snapshot) => snapshot.workers[0]!.state === 'lost');
    const silentMs = lost.elapsedMs - stoppedAt;
    assert.ok(silentMs > 1000 && silentMs < 4000, `lost after ${silentMs} ms`);
    const last = await run.ended;
    assert.equal(last.verdict, 'Completed');
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.scheduled, 8400);
    assert.ok(target.arrivals.length <= last.tally.counts.sent + last.unreported);
    assertNeverFaster(target.arrivals, 600);
  });

  it('with onLoss: Stop the run fails', async () => {
    const run = await startRun(target.url, { ...spec, workers: { replicas: 2, onLoss: 'Stop' } });
    await run.until((snapshot) => snapshot.elapsedMs > 1000);
    process.kill(run.pool.pidOf(first)!, 'SIGKILL');
    const last = await run.ended;
    assert.equal(last.verdict, 'Failed');
    assert.match(last.reason, /worker-0 was killed by SIGKILL/);
    assert.deepEqual(run.brokenLaws, []);
  });

  it('a lane in an endless loop of its template is ended and started anew', async () => {
    const loop = '<% if (Date.now() > it.From && Date.now() < it.From + 500) for (;;); %>';
    const run = await startRun(
      target.url,
      {
        rate: '200/s',
        duration: '9s',
        variables: [
          { name: 'BaseURL', value: target.url },
          { name: 'From', value: String(Date.now() + 8000) },
        ],
      },
      { templates: { 'event.json': `${loop.replaceAll('it.From', 'Number(it.From)')}{"type": "track"}` } },
    );
    const last = await run.ended;
    assert.equal(last.verdict, 'Completed');
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.scheduled, 1800);
    assert.ok(
      run.notes.some((note) => note.includes('did not move for over 1 s')),
      run.notes.join('\n'),
    );
    assert.ok(last.tally.counts.drops.template >= 1, 'the hit that it was rendering');
    assert.ok(target.arrivals.length >= 1000);
  });

  it('a lane that loops again and again fails the run', async () => {
    const templates = { 'event.json': '<% if (Date.now() > Number(it.From)) for (;;); %>{"type": "track"}' };
    const variables = [
      { name: 'BaseURL', value: target.url },
      { name: 'From', value: String(Date.now() + 6000) },
    ];
    const run = await startRun(target.url, { rate: '200/s', duration: '60s', variables }, { templates });
    const last = await run.ended;
    assert.equal(last.verdict, 'Failed');
    assert.match(last.reason, /lane 0 did not move for over 1 s, for the fourth time within a minute/);
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.tally.counts.inFlight, 0);
  });

  it('workers whose coordinator is killed stop within 5 s', async () => {
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
    const example = fileURLToPath(new URL('../../examples/quickstart.yaml', import.meta.url));
    const args = [
      'run',
      '-f',
      example,
      '--set',
      `BaseURL=${target.url}`,
      '--rate',
      '200/s',
      '--duration',
      '60s',
    ];
    const taz = spawn(process.execPath, [main, ...args, '--workers', '2', '--quiet'], { stdio: 'ignore' });
    const deadline = Date.now() + 30_000;
    while (target.arrivals.length < 200 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(target.arrivals.length >= 200, 'the run is under way');
    taz.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const arrived = target.arrivals.length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(target.arrivals.length, arrived, 'nothing more arrives');
  });
});

/** In no second more than was asked for, but for hits of the second before that came late. */
function assertNeverFaster(arrivals: number[], perSecond: number): void {
  const sorted = [...arrivals].sort((a, b) => a - b);
  let from = 0;
  sorted.forEach((at, index) => {
    while (sorted[from]! < at - 2000) from++;
    const within = index - from + 1;
    // F(b) − F(a − maxLag) + 1 for the 2 s before each arrival, maxLag being 1 s, and 100 ms for delivery.
    assert.ok(within <= 3.1 * perSecond + 1, `${within} hits within 2 s`);
  });
}
