import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSpec } from '../../src/api/run-spec.ts';
import type { RunSnapshot } from '../../src/coordinator/snapshot.ts';
import { dropped } from '../../src/metrics/tally.ts';
import { constant, stages } from '../attack/schedule/schedules.ts';
import { type ArrivalTarget, startArrivalTarget, startRun, type TestRun } from './harness.ts';

const first = { index: 0, replacement: 0 };

describe('changes of a run of three workers', () => {
  let target: ArrivalTarget;
  before(async () => {
    target = await startArrivalTarget();
  });
  after(() => target.close());
  beforeEach(() => {
    target.arrivals.length = 0;
  });

  /** Replaces some fields of what holds now, and waits until `condition` does. */
  async function change(
    run: TestRun,
    spec: RunSpec,
    differences: Partial<RunSpec>,
    condition: (snapshot: RunSnapshot) => boolean,
  ): Promise<RunSpec> {
    const changed = { ...spec, ...differences };
    run.coordinator.change(changed);
    await run.until(condition, 8000);
    return changed;
  }

  /** Run times at which changes joined, in ms. */
  const joined = (run: TestRun) => run.segments().map(({ from }) => from);

  /** @param hits what was due, in thousandths of a hit */
  async function ends(run: TestRun, hits: (joins: number[]) => number): Promise<RunSnapshot> {
    const last = await run.ended;
    const { counts } = last.tally;
    const joins = joined(run);
    assert.equal(last.verdict, 'Completed', last.reason);
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.scheduled, Math.ceil(hits(joins) / 1000), `joined at ${joins.join(', ')} ms`);
    assert.equal(counts.sent + dropped(counts) + last.unreported, last.scheduled);
    const arrived = target.arrivals.length;
    assert.ok(counts.succeeded <= arrived && arrived <= counts.sent + last.unreported, `${arrived} arrived`);
    return last;
  }

  it('1,000/s, 5,000/s, 200/s, a pause and then stages: each to the hit', async () => {
    const run = await startRun(target.url, { rate: '1000/s', duration: '60s', workers: { replicas: 3 } });
    let { spec } = run;
    await run.until(({ elapsedMs }) => elapsedMs > 1500);
    spec = await change(run, spec, { schedule: constant('5000/s') }, ({ targetRate }) => targetRate === 5000);
    await sleep(1000);
    spec = await change(run, spec, { schedule: constant('200/s') }, ({ targetRate }) => targetRate === 200);
    await sleep(1000);
    spec = await change(run, spec, { suspend: true }, ({ suspended }) => suspended);
    await sleep(1500);
    const held = target.arrivals.length;
    await sleep(500);
    assert.equal(target.arrivals.length, held, 'nothing is sent while it is suspended');
    // Read at the elapsed schedule time: what is left of ten seconds at 1,000/s, then two down to 0.
    const schedule = stages(['1000/s', 1], ['1000/s', 9_999], ['0/s', 2_000]);
    await change(
      run,
      spec,
      { schedule, durationMs: null, suspend: false },
      ({ suspended, targetRate }) => !suspended && targetRate === 1000,
    );
    const last = await ends(run, ([, fast, slow, paused]) => {
      const [a, b, c] = [fast!, slow!, paused!];
      return 1000 * a + 5000 * (b - a) + 200 * (c - b) + 1000 * (10_000 - c) + 1000 * 1000;
    });
    assert.equal(joined(run).length, 5);
    assert.equal(last.unreported, 0);
    assert.equal(target.arrivals.length, last.tally.counts.sent);
  });

  it('while one of them is stopped by SIGSTOP: its lease decides', async () => {
    const spec = { rate: '300/s', duration: '10s', workers: { replicas: 3 } };
    const run = await startRun(target.url, spec, { leaseMs: 2000 });
    await run.until(({ elapsedMs }) => elapsedMs > 1500);
    process.kill(run.pool.pidOf(first)!, 'SIGSTOP');
    const stoppedAt = run.coordinator.snapshot().elapsedMs;
    await change(run, run.spec, { schedule: constant('900/s') }, ({ targetRate }) => targetRate === 900);
    const last = await ends(run, ([, j]) => 300 * j! + 900 * (10_000 - j!));
    const [, joinedAt] = joined(run) as [number, number];
    assert.ok(joinedAt - stoppedAt > 1200 && joinedAt - stoppedAt < 5000, `${joinedAt} after ${stoppedAt}`);
    assert.ok(last.unreported > 0);
    assert.equal(last.workers[0]?.state, 'lost');
  });

  it('while one of them is killed', async () => {
    const spec = { rate: '300/s', duration: '8s', workers: { replicas: 3 } };
    const run = await startRun(target.url, spec);
    await run.until(({ elapsedMs }) => elapsedMs > 1500);
    const changed = change(
      run,
      run.spec,
      { schedule: constant('900/s') },
      ({ targetRate }) => targetRate === 900,
    );
    process.kill(run.pool.pidOf(first)!, 'SIGKILL');
    await changed;
    const last = await ends(run, ([, j]) => 300 * j! + 900 * (8000 - j!));
    assert.ok(last.workers.some(({ name, sent }) => name === 'worker-0.1' && sent > 0));
    // A third of what was due from its last report until its share moved.
    assert.ok(last.unreported > 0 && last.unreported < 500, `${last.unreported} unreported`);
  });
});
