import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunSnapshot } from '../../src/coordinator/snapshot.ts';
import { failureCode } from '../../src/metrics/outcome.ts';
import { Tally } from '../../src/metrics/tally.ts';
import { achievedRate, summarize } from '../../src/report/summarize.ts';
import { NO_COUNTS, runSnapshot, worker } from './run-snapshot.ts';

/** Every kind of fate once or more, each number another. */
function everyFate(): Tally {
  const tally = new Tally(3);
  for (let i = 0; i < 7; i++) {
    tally.send(0, 1000);
    tally.succeed(0, 200, 2000, 3000, 10, 4);
  }
  for (let i = 0; i < 3; i++) {
    tally.send(1, 1000);
    tally.fail(1, 503, 503, 2000, 3000, 10, 4);
  }
  tally.send(0, 40_000);
  tally.fail(0, failureCode('timeout'), 0, 5_000_000, 5_040_000, 10, 0);
  for (let i = 0; i < 2; i++) {
    tally.send(0, 0);
    tally.interrupt(0);
  }
  tally.send(0, 0);
  for (let i = 0; i < 5; i++) tally.drop(-1, 0);
  for (let i = 0; i < 4; i++) tally.drop(1, 3);
  return tally;
}

function ofEveryFate(differences: Partial<RunSnapshot> = {}) {
  return summarize(
    runSnapshot({
      tally: everyFate(),
      labels: ['track.json', 'identify.json', 'never.json'],
      scheduled: 14 + 9 + 6,
      unreported: 6,
      ...differences,
    }),
  );
}

test('each count comes from where the snapshot has it, and the laws hold', () => {
  const { counts } = ofEveryFate();
  assert.deepEqual(counts, {
    scheduled: 29,
    sent: 14,
    succeeded: 7,
    failed: 4,
    dropped: 9,
    interrupted: 2,
    unreported: 6,
    inFlight: 1,
  });
  assert.equal(counts.scheduled, counts.sent + counts.dropped + counts.unreported);
  assert.equal(counts.sent, counts.succeeded + counts.failed + counts.interrupted + counts.inFlight);
});

test('a law that is broken in the snapshot stays broken: nothing is made to fit', () => {
  assert.equal(ofEveryFate({ scheduled: 1000 }).counts.scheduled, 1000);
});

test('success is of what was answered, failures and statuses by name, drops by reason', () => {
  const summary = ofEveryFate();
  assert.equal(summary.success, 7 / 11);
  assert.deepEqual(summary.failures, { http_503: 3, timeout: 1 });
  assert.deepEqual(summary.statuses, { 200: 7, 503: 3 });
  assert.deepEqual(summary.drops, { busy: 5, late: 0, local: 0, template: 4 });
  assert.deepEqual(summary.bytes, { out: 110, in: 40 });
});

test('times are in milliseconds with three decimals; means and maxima are exact', () => {
  const summary = ofEveryFate();
  assert.equal(summary.serviceTimeMs.mean, Math.round((10 * 2 + 5000) / 0.011) / 1000);
  assert.equal(summary.serviceTimeMs.max, 5000);
  assert.equal(summary.responseTimeMs.max, 5040);
  assert.ok(Math.abs(summary.serviceTimeMs.p50 - 2) < 0.02);
  assert.equal(summary.lagMs.max, 40);
  const tally = new Tally(2);
  tally.send(0, 7);
  tally.succeed(0, 200, 33, 40, 0, 0);
  assert.deepEqual(summarize(runSnapshot({ tally })).serviceTimeMs, {
    mean: 0.033,
    p50: 0.033,
    p90: 0.033,
    p95: 0.033,
    p99: 0.033,
    max: 0.033,
  });
});

test('only the targets that occurred are told, those with nothing but drops too', () => {
  const { targets } = ofEveryFate();
  assert.deepEqual(Object.keys(targets), ['track.json', 'identify.json']);
  assert.deepEqual(targets['identify.json']!.counts, {
    sent: 3,
    succeeded: 0,
    failed: 3,
    dropped: 4,
    interrupted: 0,
    inFlight: 0,
  });
  const tally = new Tally(2);
  tally.drop(1, 3);
  assert.deepEqual(Object.keys(summarize(runSnapshot({ tally })).targets), ['identify.json']);
});

test('a template may have any name', () => {
  const tally = new Tally(2);
  tally.send(0, 0);
  tally.send(1, 0);
  const { targets } = summarize(runSnapshot({ tally, labels: ['__proto__', 'constructor'] }));
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(targets))), ['__proto__', 'constructor']);
});

test('where nothing was answered there is no share of success', () => {
  const summary = summarize(runSnapshot());
  assert.equal(summary.success, null);
  assert.deepEqual(summary.failures, {});
  assert.deepEqual(summary.serviceTimeMs, { mean: 0, p50: 0, p90: 0, p95: 0, p99: 0, max: 0 });
});

test('the achieved rate is of the schedule time of the main part', () => {
  const rows: [
    what: string,
    scheduleMs: number,
    durationMs: number | null,
    warmupMs: number,
    sent: number,
    rate: number,
  ][] = [
    ['100,000 in 20 s', 20_000, 20_000, 0, 100_000, 5000],
    ['the wait for answers does not count', 21_400, 20_000, 0, 100_000, 5000],
    ['stopped after 4 s of 20 s', 4000, 20_000, 0, 20_000, 5000],
    ['the warm-up does not count', 20_000, 20_000, 5000, 75_000, 5000],
    ['in the warm-up there is no main part yet', 3000, 20_000, 5000, 0, 0],
    ['persistent', 60_000, null, 0, 6, 0.1],
    ['before the start', 0, 20_000, 0, 0, 0],
    ['thousandths of a hit', 3000, null, 0, 1, 0.333],
  ];
  for (const [what, scheduleMs, durationMs, warmupMs, sent, rate] of rows) {
    assert.equal(achievedRate({ scheduleMs, durationMs, warmupMs }, { sent }), rate, what);
  }
});

test('the warm-up has a block of its own', () => {
  const warmup = {
    scheduled: 12,
    unreported: 1,
    counts: { ...NO_COUNTS, sent: 8, succeeded: 8, drops: { busy: 1, late: 1, local: 1, template: 0 } },
  };
  const summary = summarize(runSnapshot({ warmup }));
  assert.deepEqual(summary.warmup.counts, {
    scheduled: 12,
    sent: 8,
    succeeded: 8,
    failed: 0,
    dropped: 3,
    interrupted: 0,
    unreported: 1,
    inFlight: 0,
  });
  assert.equal(summary.counts.sent, 0);
});

test('the rest is told as it is', () => {
  const summary = summarize(
    runSnapshot({
      verdict: 'StoppedByVotes',
      reason: 'because',
      finishedAt: Date.UTC(2026, 10, 23, 19, 0, 20),
      targetRate: 23 / 60,
      generatorSaturated: true,
      votes: { highest: 3, limit: 10, workers: [{ name: 'worker-0', votes: 3, reason: 'slow' }] },
      workers: [worker({ sent: 5, problem: 'gone', state: 'lost' })],
    }),
  );
  assert.equal(summary.verdict, 'StoppedByVotes');
  assert.equal(summary.reason, 'because');
  assert.equal(summary.startedAt, '2026-11-23T19:00:00.000Z');
  assert.equal(summary.finishedAt, '2026-11-23T19:00:20.000Z');
  assert.equal(summary.rate.target, 0.383);
  assert.equal(summary.generatorSaturated, true);
  assert.deepEqual(summary.votes.workers, [{ name: 'worker-0', votes: 3, reason: 'slow' }]);
  assert.deepEqual(summary.templates, {
    digest: 'd1',
    workersUpdated: '1/1',
    applied: 0,
    refused: 0,
    lastError: '',
  });
  assert.deepEqual(summary.workers, [
    { name: 'worker-0', state: 'lost', lanes: 1, sent: 5, dropped: 0, unreported: 0, problem: 'gone' },
  ]);
});

test('single hits stand under the names of their targets, in the words of the report', () => {
  const sample = {
    draw: 0.1,
    kind: 'failed' as const,
    hit: 12,
    label: 1,
    method: 'POST',
    url: 'http://a/v1/track',
    outcome: 'http_503',
    status: 503,
    error: '',
    sentAtWall: Date.UTC(2026, 10, 23, 19, 0, 1) + 0.25,
    serviceMs: 1.23456,
    lagMs: 0.0004,
  };
  assert.deepEqual(ofEveryFate({ samples: [{ sample, chosen: 'failed' }] }).samples, [
    {
      sentAt: '2026-11-23T19:00:01.000Z',
      chosen: 'failed',
      target: 'identify.json',
      method: 'POST',
      url: 'http://a/v1/track',
      outcome: 'http_503',
      status: 503,
      serviceTimeMs: 1.235,
      lagMs: 0,
      error: '',
      hit: 12,
    },
  ]);
});
