import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureCode, LOCAL, SUCCEEDED } from '../../src/metrics/outcome.ts';
import { INTERRUPTED, type ResultLine } from '../../src/report/result-line.ts';
import { ResultsTally } from '../../src/report/results-tally.ts';
import { resultsText } from '../../src/report/results-text.ts';
import { goDuration, vegetaText } from '../../src/report/vegeta-text.ts';

const START = Date.UTC(2026, 10, 23, 19, 10, 11);

function line(differences: Partial<ResultLine> = {}): ResultLine {
  return {
    attack: 'a',
    code: 200,
    method: 'POST',
    sentAtWall: START,
    latencyNs: 1_000_000,
    bytesOut: 10,
    bytesIn: 4,
    error: '',
    target: 'track.json',
    outcome: SUCCEEDED,
    lagNs: 500_000,
    ...differences,
  };
}

function tallyOf(...lines: ResultLine[]): ResultsTally {
  const tally = new ResultsTally();
  for (const each of lines) tally.add(each);
  return tally;
}

test('each line counts once, under its outcome, its status and its target; what a file cannot know is null', () => {
  const report = tallyOf(
    line(),
    line({ attack: 'b', sentAtWall: START + 500, target: 'identify.json' }),
    line({ sentAtWall: START + 1000, code: 503, outcome: 503, error: '503', latencyNs: 3_000_000 }),
    line({
      sentAtWall: START + 750,
      code: 0,
      outcome: failureCode('timeout'),
      error: 'late',
      latencyNs: 2_000_000_000,
    }),
    line({
      sentAtWall: START + 2000,
      code: 0,
      outcome: INTERRUPTED,
      error: 'interrupted',
      bytesOut: 0,
      bytesIn: 0,
    }),
    line({ sentAtWall: START + 2000, code: 0, outcome: LOCAL, error: 'EMFILE', bytesOut: 0, bytesIn: 0 }),
  ).report(['f']);
  assert.deepEqual(report.counts, {
    scheduled: null,
    sent: 5,
    succeeded: 2,
    failed: 2,
    dropped: null,
    interrupted: 1,
    unreported: null,
    inFlight: null,
  });
  assert.equal(report.success, 0.5);
  assert.deepEqual(report.failures, { http_503: 1, timeout: 1 });
  assert.deepEqual(report.statuses, { 200: 2, 503: 1 });
  assert.deepEqual(report.drops, { local: 1 });
  assert.deepEqual(report.rate, { target: null, achieved: 2.5 });
  assert.deepEqual(report.bytes, { out: 40, in: 16 });
  assert.equal(report.attacks, 2);
  assert.equal(report.startedAt, '2026-11-23T19:10:11.000Z');
  assert.equal(report.finishedAt, '2026-11-23T19:10:13.750Z');
  assert.deepEqual(Object.keys(report.targets), ['track.json', 'identify.json']);
  assert.deepEqual(report.targets['track.json']!.counts, {
    sent: 4,
    succeeded: 1,
    failed: 2,
    interrupted: 1,
  });
  assert.deepEqual(report.errors, ['503', 'late', 'interrupted', 'EMFILE']);
});

test('response time and lag are told only if every line tells its lag', () => {
  const whole = tallyOf(line(), line()).report([]);
  assert.equal(whole.serviceTimeMs?.max, 1);
  assert.equal(whole.responseTimeMs?.max, 1.5);
  assert.equal(whole.lagMs?.max, 0.5);
  const mixed = tallyOf(line(), line({ lagNs: null })).report([]);
  assert.equal(mixed.responseTimeMs, null);
  assert.equal(mixed.lagMs, null);
  assert.notEqual(mixed.serviceTimeMs, null);
});

test('of nothing there is no rate, no time and no share', () => {
  const tally = new ResultsTally();
  const report = tally.report(['empty']);
  assert.deepEqual(
    [report.success, report.serviceTimeMs, report.lagMs, report.rate.achieved, report.startedAt],
    [null, null, null, null, null],
  );
  assert.match(resultsText(report, tally.vegeta()), /nothing was answered/);
});

test('memory is bounded: beyond 31 targets the rest is one, errors and attacks have a limit', () => {
  const tally = new ResultsTally();
  for (let i = 0; i < 12_000; i++) tally.add(line({ attack: `a${i}`, target: `t${i % 40}`, error: `e${i}` }));
  const report = tally.report([]);
  assert.equal(Object.keys(report.targets).length, 32);
  assert.equal(report.targets['other']!.counts.sent, 2700);
  assert.equal(report.errors.length, 20);
  assert.equal(report.attacks, 10_000);
});

test('a file without targets has no table of them', () => {
  assert.deepEqual({ ...tallyOf(line({ target: null })).report([]).targets }, {});
});

test("Vegeta's lines are what `vegeta report` prints of the same file", () => {
  // Checked against vegeta v12 with these four results.
  const tally = tallyOf(
    line({ sentAtWall: START + 500, bytesOut: 1, bytesIn: 2, latencyNs: 20_000 }),
    line({ sentAtWall: START + 400, bytesOut: 1, bytesIn: 2, latencyNs: 30_000 }),
    line({ sentAtWall: START + 600, bytesOut: 1, bytesIn: 2 }),
    line({
      sentAtWall: START + 450,
      bytesOut: 0,
      bytesIn: 0,
      latencyNs: 30_000,
      code: 503,
      error: '503 Service Unavailable',
      outcome: 503,
    }),
  );
  assert.deepEqual(vegetaText(tally.vegeta()), [
    'Requests      [total, rate, throughput]         4, 20.00, 14.93',
    'Duration      [total, attack, wait]             201ms, 200ms, 1ms',
    'Latencies     [min, mean, 50, 90, 95, 99, max]  20µs, 270µs, 30µs, 1ms, 1ms, 1ms, 1ms',
    'Bytes In      [total, mean]                     6, 1.50',
    'Bytes Out     [total, mean]                     3, 0.75',
    'Success       [ratio]                           75.00%',
    'Status Codes  [code:count]                      200:3  503:1',
    'Error Set:',
    '503 Service Unavailable',
  ]);
});

test("times are printed and rounded as in Vegeta's report", () => {
  const rows: [ns: number, text: string][] = [
    [0, '0s'],
    [999, '999ns'],
    [1500, '1.5µs'],
    [412_345, '412.345µs'],
    [34_333_333, '34.333ms'],
    [999_999_999, '1s'],
    [1_001_400_000, '1.001s'],
    [59_999_600_000, '1m0s'],
    [100_000_000_000, '1m40s'],
    [3_600_000_000_000, '1h0m0s'],
    [5_430_000_000_000, '1h31m0s'],
  ];
  for (const [ns, text] of rows) assert.equal(goDuration(ns), text, String(ns));
});

test('messages have no statuses, as the code of one only says that it was acknowledged', () => {
  const report = tallyOf(
    line({ method: 'PUBLISH' }),
    line({ method: 'PUBLISH', code: 0, outcome: failureCode('not_leader') }),
  ).report([]);
  assert.deepEqual(report.statuses, {});
  assert.deepEqual([report.counts.succeeded, report.failures], [1, { not_leader: 1 }]);
});
