import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DisplayState, shownCounts } from '../../../src/cli/display/state.ts';
import { Tally } from '../../../src/metrics/tally.ts';
import { NO_COUNTS, runSnapshot } from '../../report/run-snapshot.ts';

/** A run that is fed second by second, each with so many hits of one service time. */
class Feed {
  readonly state = new DisplayState();
  readonly tally = new Tally(2);
  atMs = 0;

  constructor() {
    this.state.update(runSnapshot({ tally: this.tally }));
  }

  second(hits: number, serviceMs: number, stepMs = 1000): void {
    for (let i = 0; i < hits; i++) {
      this.tally.send(0, 0);
      this.tally.succeed(0, 200, serviceMs * 1000, serviceMs * 1000, 0, 0);
    }
    this.atMs += stepMs;
    this.state.update(runSnapshot({ tally: this.tally, elapsedMs: this.atMs }));
  }
}

function near(actual: number | null, expected: number): void {
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= expected * 0.01,
    `${actual} is not ${expected}`,
  );
}

test('what is recent is of the last five seconds, whatever was before', () => {
  const feed = new Feed();
  for (let i = 0; i < 30; i++) feed.second(1000, 500);
  near(feed.state.recent.p50, 500);
  assert.equal(feed.state.recent.rate, 1000);
  for (let i = 0; i < 5; i++) feed.second(10, 2);
  assert.equal(feed.state.recent.rate, 10);
  near(feed.state.recent.p50, 2);
  near(feed.state.recent.p99, 2);
});

test('in the first seconds it is of what there was until then', () => {
  const feed = new Feed();
  feed.second(50, 1, 500);
  assert.equal(feed.state.recent.rate, 100);
  near(feed.state.recent.p95, 1);
});

test('percentiles are of the hits answered in that time, not of all', () => {
  const feed = new Feed();
  for (let i = 0; i < 5; i++) feed.second(90, 1);
  for (let i = 0; i < 5; i++) {
    feed.second(98, 1, 0);
    feed.second(2, 80);
  }
  near(feed.state.recent.p50, 1);
  near(feed.state.recent.p95, 1);
  near(feed.state.recent.p99, 80);
});

test('the history has one point a second, whatever the pace of snapshots', () => {
  const quick = new Feed();
  for (let i = 0; i < 50; i++) quick.second(10, 3, 200);
  assert.equal(quick.state.history.length, 10);
  for (const { rate, p99 } of quick.state.history) {
    assert.equal(rate, 50);
    near(p99, 3);
  }
  const slow = new Feed();
  slow.second(30, 3, 3000);
  assert.deepEqual(
    slow.state.history.map(({ rate }) => rate),
    [10, 10, 10],
  );
});

test('a second without an answer has no percentile, and is not 0', () => {
  const feed = new Feed();
  feed.second(0, 0);
  assert.deepEqual(feed.state.history, [{ rate: 0, p99: null }]);
  assert.deepEqual(feed.state.recent, { rate: 0, p50: null, p95: null, p99: null });
});

test('memory is fixed: two minutes of history, however long the run', () => {
  const feed = new Feed();
  for (let i = 0; i < 400; i++) feed.second(1, 1);
  assert.equal(feed.state.history.length, 120);
  feed.second(5, 1, 3_600_000);
  assert.equal(feed.state.history.length, 120);
});

test('before the start nothing is counted', () => {
  const state = new DisplayState();
  state.update(runSnapshot({ startedAt: null, phase: 'Preparing' }));
  state.update(runSnapshot({ startedAt: null, phase: 'Preparing' }));
  assert.deepEqual(state.history, []);
});

test('another run begins anew', () => {
  const feed = new Feed();
  for (let i = 0; i < 5; i++) feed.second(10, 1);
  feed.state.update(runSnapshot({ run: 'r-2' }));
  assert.deepEqual(feed.state.history, []);
  assert.equal(feed.state.recent.rate, 0);
});

test('counts that shrink (a send that turned out to be a drop) never make a rate negative', () => {
  const feed = new Feed();
  feed.tally.send(0, 0);
  feed.second(0, 0);
  feed.tally.unsend(0, 0);
  feed.second(0, 0);
  assert.equal(feed.state.history.at(-1)!.rate, 0);
});

test('hits of the warm-up are counted with the others', () => {
  const tally = new Tally(2);
  tally.send(0, 0);
  tally.drop(-1, 1);
  const counts = shownCounts(
    runSnapshot({
      tally,
      warmup: {
        scheduled: 9,
        unreported: 0,
        counts: {
          ...NO_COUNTS,
          sent: 7,
          succeeded: 3,
          failed: 2,
          interrupted: 1,
          inFlight: 1,
          drops: { busy: 1, late: 1, local: 0, template: 0 },
        },
      },
    }),
  );
  assert.deepEqual(counts, {
    sent: 8,
    succeeded: 3,
    failed: 2,
    interrupted: 1,
    inFlight: 2,
    dropped: 3,
    drops: { busy: 1, late: 2, local: 0, template: 0 },
  });
});
