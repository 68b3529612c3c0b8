import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DROP_REASONS, FAILURE_CLASSES } from '../../src/metrics/outcome.ts';
import { explainDrop, explainFailure } from '../../src/report/explain.ts';
import { widthOf } from '../../src/report/layout.ts';
import { wantsColour } from '../../src/report/style.ts';
import { summarize } from '../../src/report/summarize.ts';
import type { Summary } from '../../src/report/summary.ts';
import { reportText } from '../../src/report/text.ts';
import { runSnapshot } from './run-snapshot.ts';

const TIMES = { mean: 1.23, p50: 1.02, p90: 1.8, p95: 2.41, p99: 8.4, max: 215.3 };
const COUNTS = {
  scheduled: 100_000,
  sent: 99_900,
  succeeded: 99_580,
  failed: 318,
  dropped: 88,
  interrupted: 2,
  unreported: 12,
  inFlight: 0,
};

function summary(differences: Partial<Summary> = {}): Summary {
  return { ...summarize(runSnapshot()), ...differences };
}

/** A run in which everything went wrong that can. */
const BAD_DAY = summary({
  verdict: 'StoppedByVotes',
  reason: 'worker-1 has 10 of 10 votes: in window 17 p99 of service time was 212 ms, over 100 ms',
  finishedAt: '2026-11-23T19:00:20.012Z',
  rate: { target: 5000, achieved: 4995 },
  counts: COUNTS,
  warmup: { counts: { ...COUNTS, scheduled: 5000, sent: 5000, dropped: 0, interrupted: 0, unreported: 0 } },
  success: 0.9968,
  serviceTimeMs: TIMES,
  responseTimeMs: TIMES,
  lagMs: { p50: 0.4, p99: 2.1, max: 13 },
  bytes: { out: 33_123_123, in: 2_100_000 },
  failures: { timeout: 18, http_503: 300 },
  drops: { busy: 80, late: 8, local: 0, template: 0 },
  statuses: { 200: 99_580, 503: 300 },
  targets: {
    'track.json': {
      counts: { sent: 99_900, succeeded: 99_580, failed: 318, dropped: 5, interrupted: 2, inFlight: 0 },
      serviceTimeMs: TIMES,
    },
  },
  votes: {
    highest: 10,
    limit: 10,
    workers: [{ name: 'worker-1', votes: 10, reason: 'p99 212 ms over 100 ms' }],
  },
  generatorSaturated: true,
  workers: [
    { name: 'worker-0', state: 'ended', lanes: 1, sent: 50_000, dropped: 40, unreported: 0, problem: '' },
    {
      name: 'worker-1',
      state: 'lost',
      lanes: 1,
      sent: 49_900,
      dropped: 48,
      unreported: 12,
      problem: 'killed',
    },
  ],
});

test('the whole report of a bad day', () => {
  assert.deepEqual(reportText(BAD_DAY).split('\n'), [
    '',
    ' ✖ Stopped by votes   tracking-api',
    '             worker-1 has 10 of 10 votes: in window 17 p99 of service time was 212 ms, over 100 ms',
    '',
    ' Hits        100,000 scheduled   99,900 sent   88 dropped   2 interrupted   12 unreported',
    ' Warm-up     5,000 scheduled   5,000 sent',
    '             Its hits are part of no other figure here.',
    ' Rate        5,000/s asked   4,995/s achieved',
    ' Duration    20.0 s   2026-11-23T19:00:00.000Z – 2026-11-23T19:00:20.012Z',
    ' Success     99.68% of 99,898 answered hits   318 failed',
    ' Statuses    200: 99,580   503: 300',
    ' Bodies      33.1 MB out (332 B a hit)   2.10 MB in (21 B a hit)',
    ' Stop votes  10 of 10',
    '             worker-1: 10, p99 212 ms over 100 ms',
    '',
    '                   mean      p50      p90      p95      p99      max',
    ' Service time   1.23 ms  1.02 ms  1.80 ms  2.41 ms  8.40 ms   215 ms',
    ' Response time  1.23 ms  1.02 ms  1.80 ms  2.41 ms  8.40 ms   215 ms',
    ' Lag                  –   400 µs        –        –  2.10 ms  13.0 ms',
    '',
    ' Target        sent  success  failed  dropped      p50      p95      p99     max',
    ' track.json  99,900   99.68%     318        5  1.02 ms  2.41 ms  8.40 ms  215 ms',
    '',
    ' Failures',
    '   http_503  300  0.30%',
    `     ${explainFailure('http_503')}`,
    '   timeout    18  0.02%',
    '     No whole answer or acknowledgement came within the timeout (http.timeout, kafka.timeout,',
    '     nsq.timeout). The target is slow, hangs, or the timeout is too short for it.',
    '',
    ' Dropped',
    '   busy  80   0.08%',
    '     No connection or place in flight came free in time: the target was too slow for this rate. More',
    '     http.connections, kafka.inFlight or nsq.inFlight would send more at once.',
    '   late   8  <0.01%',
    '     A connection or place in flight was free but this machine was not on time: give Taz more CPU,',
    '     lanes or workers.',
    '',
    ' Worker    state  lanes    sent  dropped  unreported',
    ' worker-0  ended      1  50,000       40           0',
    ' worker-1  lost       1  49,900       48          12  killed',
    '',
    ' Unreported  A worker was lost before its last word. These hits were due to it after its last',
    '             report, so whether they were sent is not known.',
    '',
    ' Saturated   The generator was not fast enough in at least one window: its own delay may show in',
    '             these times, and such windows cast no votes. Give it more CPU, lanes or workers before',
    '             you trust them.',
    '',
    '',
  ]);
});

test('a good run says only what is of interest', () => {
  const text = reportText(summary({ verdict: 'Completed', counts: { ...COUNTS, dropped: 0 }, success: 1 }));
  for (const absent of ['Failures', 'Dropped', 'dropped', 'Warm-up', 'Stop votes', 'Worker', 'Saturated']) {
    assert.ok(!text.includes(absent), absent);
  }
  assert.match(text, /✔ Completed/);
});

test('every verdict has words and a sign, and an unfinished run goes on', () => {
  const rows: [Summary['verdict'], string][] = [
    ['Completed', '✔ Completed'],
    ['StoppedByVotes', '✖ Stopped by votes'],
    ['StoppedByUser', '■ Stopped by the user'],
    ['Failed', '✖ Failed'],
    [null, '▶ Running'],
  ];
  for (const [verdict, words] of rows) assert.ok(reportText(summary({ verdict })).includes(words), words);
});

test('where nothing was answered no time is invented', () => {
  const text = reportText(
    summary({ verdict: 'Failed', reason: 'worker-0 did not get ready', startedAt: null }),
  );
  assert.match(text, /nothing was answered/);
  for (const absent of ['NaN', 'Duration', 'p99', 'Service time', 'Lag'])
    assert.ok(!text.includes(absent), absent);
});

test('prose is broken at the width of the page', () => {
  for (const columns of [60, 80, 120]) {
    const prose = reportText(BAD_DAY, { columns })
      .split('\n')
      .filter((line) => /^ {5}/.test(line) && !/ms|2026|mean/.test(line));
    assert.ok(prose.length > 3);
    for (const line of prose) assert.ok(widthOf(line) <= columns, `${columns}: ${line}`);
  }
});

test('colour changes nothing but colour', () => {
  const coloured = reportText(BAD_DAY, { colour: true });
  assert.ok(coloured.includes('\x1b[31m'));
  assert.equal(coloured.replace(/\p{Cc}\[[0-9;]*m/gu, ''), reportText(BAD_DAY));
});

test('a target cannot write to the terminal through names and reasons', () => {
  const evil = '\x1b[2Jevil\n';
  const text = reportText(
    summary({
      name: evil,
      reason: evil,
      votes: { highest: 1, limit: 2, workers: [{ name: evil, votes: 1, reason: evil }] },
      targets: { [evil]: BAD_DAY.targets['track.json']! },
      workers: [{ ...BAD_DAY.workers[0]!, name: evil, problem: evil }],
    }),
  );
  assert.ok(!text.includes('\x1b'));
});

test('every class of failure, every status and every drop is explained', () => {
  for (const name of FAILURE_CLASSES) assert.ok(explainFailure(name).length > 20, name);
  for (let status = 100; status < 600; status++)
    assert.ok(explainFailure(`http_${status}`).length > 20, String(status));
  for (const reason of DROP_REASONS) assert.ok(explainDrop(reason).length > 20, reason);
  assert.equal(explainFailure('unheard_of'), '');
});

test('colour is for terminals, unless the user wants none', () => {
  assert.equal(wantsColour({ isTTY: true }, {}), true);
  assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '' }), true);
  assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '1' }), false);
  assert.equal(wantsColour({ isTTY: true }, { TERM: 'dumb' }), false);
  assert.equal(wantsColour({ isTTY: false }, {}), false);
  assert.equal(wantsColour({}, {}), false);
});

test('which set of templates was sent is told where it changed, or should have', () => {
  const templates = {
    digest: 'abcdef0123456789',
    workersUpdated: '3/3',
    applied: 0,
    refused: 0,
    lastError: '',
  };
  const told = (differences: Partial<typeof templates>) =>
    reportText(summary({ templates: { ...templates, ...differences } }))
      .split('\n')
      .filter((line) => /Templates|last error/.test(line));
  assert.deepEqual(told({}), []);
  assert.match(told({ applied: 2 })[0]!, /^ Templates +set abcdef012345 on 3\/3 workers {3}2 changed$/);
  const [figures, reason] = told({ refused: 1, lastError: 'mix.json:3: nonsense' });
  assert.match(figures!, /0 changed {3}1 refused$/);
  assert.match(reason!, /^ +The last error: mix\.json:3: nonsense$/);
  assert.equal(told({ lastError: 'nobody listens' }).length, 2);
});

test('single hits are shown one a line, from the whole run and not too many of them', () => {
  const sample = (hit: number): Summary['samples'][number] => ({
    sentAt: new Date(Date.UTC(2026, 10, 23, 19, 0, 0, hit)).toISOString(),
    chosen: hit === 0 ? 'failed' : 'ordinary',
    target: 'track.json',
    method: 'POST',
    url: 'http://a/v1/track',
    outcome: hit === 0 ? 'refused' : 'succeeded',
    status: 0,
    serviceTimeMs: 1.5,
    lagMs: 0,
    error: hit === 0 ? 'connect ECONNREFUSED' : '',
    hit,
  });
  assert.doesNotMatch(reportText(summary()), /Samples/);
  const few = reportText(summary({ samples: [sample(0), sample(1)] }));
  assert.match(
    few,
    /Samples\n {3}19:00:00\.000 +failed +refused +1\.50 ms +POST http:\/\/a\/v1\/track connect ECONNREFUSED\n/,
  );
  const many = reportText(summary({ samples: Array.from({ length: 60 }, (_, hit) => sample(hit)) }));
  assert.match(many, /19:00:00\.057/);
  assert.match(many, /… and 40 more in the JSON report/);
  assert.equal(many.match(/POST/g)!.length, 20);
});
