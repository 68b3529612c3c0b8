import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LoadTestStatus } from '../../../src/api/status.ts';
import { figuresOf, votesOf } from '../../../src/controller/status/figures.ts';
import {
  type RunFigures,
  type RunningView,
  statusOf,
  type TestView,
} from '../../../src/controller/status/status.ts';
import type { LoadTestObject } from '../../../src/kube/resources.ts';
import { summarize } from '../../../src/report/summarize.ts';
import type { Summary } from '../../../src/report/summary.ts';
import { manifestWith } from '../../api/load-test-manifest.ts';
import { runSnapshot } from '../../report/run-snapshot.ts';

const NOW = new Date('2026-11-26T12:00:00.500Z');
const SELECTOR = 'taz.dev/loadtest=a';

const object = (spec: Record<string, unknown> = { duration: '10m' }): LoadTestObject => ({
  ...(manifestWith(spec) as unknown as LoadTestObject),
  metadata: { name: 'a', namespace: 'n', uid: 'u', generation: 3 },
});

const summary = (differences: Partial<Summary> = {}): Summary => ({
  ...summarize(runSnapshot()),
  ...differences,
});

const figures = (differences: Partial<RunFigures> = {}): RunFigures => ({
  summary: summary(),
  recentRate: null,
  endsAt: '2026-11-26T12:10:00.250Z',
  ...differences,
});

const run = (differences: Partial<RunningView> = {}): RunningView => ({
  id: 'r-1',
  key: 'k',
  figures: () => figures(),
  votesSince: new Map(),
  workers: { desired: 2, ready: 1, replicas: 2 },
  templatesLoaded: true,
  ...differences,
});

const view = (differences: Partial<TestView> = {}): TestView => ({
  state: { kind: 'running', message: '2 of 2 workers send' },
  run: run(),
  ended: null,
  before: null,
  now: NOW,
  ...differences,
});

suite('the status of a test', () => {
  test('that runs names the run, its end and its workers, and is as the schema has it', () => {
    const status = statusOf(object(), view(), SELECTOR);
    assert.deepEqual(LoadTestStatus.parse(JSON.parse(JSON.stringify(status))), status);
    assert.equal(status.observedGeneration, 3);
    assert.deepEqual(status.run, {
      id: 'r-1',
      key: 'k',
      startedAt: '2026-11-23T19:00:00Z',
      endsAt: '2026-11-26T12:10:00Z',
    });
    assert.deepEqual(status.workers, { desired: 2, ready: 1, replicas: 2, selector: SELECTOR });
  });

  test('keeps what a new leader does not know yet', () => {
    const before = statusOf(
      object(),
      view({ run: run({ figures: () => figures({ summary: summary({ success: 0.5 }) }) }) }),
      SELECTOR,
    );
    const after = statusOf(
      object(),
      view({ before, run: run({ figures: () => figures({ summary: null }) }) }),
      SELECTOR,
    );
    assert.deepEqual(after, before);
  });

  test('keeps nothing of another run', () => {
    const before = statusOf(object(), view(), SELECTOR);
    const other = run({ id: 'r-2', figures: () => figures({ summary: null, endsAt: null }) });
    assert.deepEqual(statusOf(object(), view({ before, run: other }), SELECTOR).run, { id: 'r-2', key: 'k' });
  });

  test('keeps the date of a condition whose status has not changed', () => {
    const before = statusOf(object(), view({ now: new Date('2026-11-26T11:00:00Z') }), SELECTOR);
    const after = statusOf(object(), view({ before }), SELECTOR);
    assert.deepEqual(after, before);
    const state = { kind: 'refused', reason: 'InvalidSpec', message: 'x' } as const;
    const refused = statusOf(object(), view({ before, state }), SELECTOR);
    assert.equal(refused.conditions![0]!.lastTransitionTime, '2026-11-26T12:00:00Z');
  });

  test('that has ended has the verdict, and what is left of a run whose result is gone', () => {
    const ended = {
      run: 'r-1',
      key: 'k',
      verdict: 'Completed',
      reason: 'all hits are done',
      finishedAt: '2026-11-26T11:59:00.900Z',
      summary: summary({ success: 1 }),
    } as const;
    const state = { kind: 'ended', verdict: 'Completed', message: 'all hits are done' } as const;
    const told = statusOf(object(), view({ state, run: null, ended }), SELECTOR);
    assert.deepEqual(told.run, {
      id: 'r-1',
      key: 'k',
      startedAt: '2026-11-23T19:00:00Z',
      finishedAt: '2026-11-26T11:59:00Z',
      verdict: 'Completed',
      reason: 'all hits are done',
    });
    assert.deepEqual(told.workers, { desired: 0, ready: 0, replicas: 0, selector: SELECTOR });
    const later = view({ state, run: null, ended: { ...ended, summary: null }, before: told });
    assert.deepEqual(statusOf(object(), later, SELECTOR), told);
  });

  test('of a test that never ran has no run', () => {
    const state = { kind: 'refused', reason: 'InvalidSpec', message: 'x' } as const;
    const status = statusOf(object(), view({ state, run: null }), SELECTOR);
    assert.equal(status.run, undefined);
    assert.equal(status.phase, 'Refused');
  });

  for (const [spec, isPersistent] of [
    [{}, true],
    [{ duration: '1m' }, false],
    [{ stages: [{ hold: '1m' }] }, false],
    [{ targets: { from: [] } }, false],
    [{ targets: { from: [], loop: true } }, true],
  ] as const) {
    test(`tells of success only where there is an end: ${JSON.stringify(spec)}`, () => {
      const { conditions = [] } = statusOf(object(spec), view(), SELECTOR);
      assert.equal(
        conditions.some(({ type }) => type === 'Succeeded'),
        !isPersistent,
      );
    });
  }
});

suite('the figures of a status', () => {
  test('have units, and nothing where nothing was answered', () => {
    const figures = figuresOf(summary({ rate: { target: 5000, achieved: 4999.84 } }), null);
    assert.deepEqual(figures.rate, { target: '5000/s', achieved: '4999.8/s' });
    assert.equal(figures.latency, undefined);
    assert.equal(figures.success, undefined);
  });

  test('have the rate of late where it is known', () => {
    assert.equal(figuresOf(summary(), 12.5).rate!.achieved, '12.5/s');
  });

  test('cut what is too long', () => {
    const templates = { ...summary().templates, lastError: 'x'.repeat(10_000) };
    assert.equal(figuresOf(summary({ templates }), null).templates!.lastError!.length, 4096);
  });

  test('list the ten workers with most votes, each with when its first one was', () => {
    const workers = Array.from({ length: 12 }, (_, index) => ({
      name: `worker-${index}`,
      votes: index,
      reason: 'y'.repeat(2000),
    }));
    const since = new Map([['worker-11', '2026-11-26T11:00:00Z']]);
    const votes = votesOf(summary({ votes: { highest: 11, limit: 10, workers } }), since);
    assert.deepEqual(
      votes.workers!.map(({ name }) => name),
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((index) => `worker-${index}`),
    );
    assert.equal(votes.workers![0]!.since, '2026-11-26T11:00:00Z');
    assert.equal(votes.workers![0]!.reason!.length, 1024);
    assert.equal(votes.workers![1]!.since, undefined);
  });
});
