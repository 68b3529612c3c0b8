import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunSnapshot } from '../../src/coordinator/snapshot.ts';
import { Rational } from '../../src/units/rational.ts';
import { endComplete, startRun, type TestRun, useArrivalTarget } from './harness.ts';

describe('a run against a real server sends exactly what its schedule says', () => {
  const target = useArrivalTarget();

  /** What every undisturbed run ends with. */
  async function ends(run: TestRun, scheduled: number): Promise<RunSnapshot> {
    const last = await endComplete(run, scheduled);
    assert.equal(target.arrivals.length, last.tally.counts.sent, "the target's own count");
    return last;
  }

  it('5,000/s for 20 s over 2 workers: 100,000 hits', async () => {
    const run = await startRun(target.url, { rate: '5000/s', duration: '20s', workers: { replicas: 2 } });
    const last = await ends(run, 100_000);
    assert.ok(last.tally.counts.succeeded <= target.arrivals.length);
    assertNeverAhead(target.arrivals, 5);
  });

  it('stages up, held and down: the area under the line', async () => {
    const stages = [{ to: '1000/s', over: '3s' }, { hold: '2s' }, { to: '0/s', over: '3s' }];
    await ends(await startRun(target.url, { stages, workers: { replicas: 2 } }), 1500 + 2000 + 1500);
  });

  it('a wave over whole periods: its mean', async () => {
    const wave = { mean: '500/s', amplitude: '400/s', period: '2s' };
    await ends(await startRun(target.url, { wave, duration: '6s', workers: { replicas: 2 } }), 3000);
  });

  it('90/m for 10 s: 15 hits', async () => {
    await ends(await startRun(target.url, { rate: '90/m', duration: '10s', workers: { replicas: 2 } }), 15);
  });

  it('a warm-up has counts of its own', async () => {
    const run = await startRun(target.url, { rate: '200/s', duration: '5s', warmup: '2s' });
    const last = await run.ended;
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.warmup.scheduled, 400);
    assert.equal(last.scheduled, 600);
    assert.equal(target.arrivals.length, last.warmup.counts.sent + last.tally.counts.sent);
  });

  it('a change of rate in the middle is exact to the hit', async () => {
    const run = await startRun(target.url, { rate: '500/s', duration: '8s', workers: { replicas: 3 } });
    await run.until((snapshot) => snapshot.elapsedMs > 2000);
    const rate = Rational.of(2000);
    run.coordinator.change({ ...run.spec, schedule: { kind: 'constant', rate } });
    const changed = await run.until((snapshot) => snapshot.targetRate === 2000, 3000);
    const last = await run.ended;
    assert.deepEqual(run.brokenLaws, []);
    assert.equal(last.verdict, 'Completed');
    assert.equal(last.unreported, 0);
    assert.equal(target.arrivals.length, last.tally.counts.sent);
    // The instant J is a whole ms, so that 500·J + 2000·(8 − J) hits are due: one J explains the count to the hit.
    const joinedMs = (2000 * 8 - last.scheduled) / 1.5;
    assert.ok(Math.abs(joinedMs - Math.round(joinedMs)) < 0.7, `J = ${joinedMs} ms`);
    assert.ok(
      joinedMs > 2000 && joinedMs <= changed.elapsedMs,
      `J = ${joinedMs} ms, seen at ${changed.elapsedMs} ms`,
    );
  });

  it('while suspended nothing is sent, and the schedule goes on where it stood', async () => {
    const run = await startRun(target.url, { rate: '500/s', duration: '4s', workers: { replicas: 2 } });
    await run.until((snapshot) => snapshot.elapsedMs > 1500);
    run.coordinator.change({ ...run.spec, suspend: true });
    await run.until((snapshot) => snapshot.suspended, 3000);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const held = target.arrivals.length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(target.arrivals.length, held);
    run.coordinator.change({ ...run.spec, suspend: false });
    await ends(run, 2000);
  });
});

/** Up to any instant no more hits have come than were due: 5 in each ms, from the first one's on. */
function assertNeverAhead(arrivals: number[], perMs: number): void {
  const sorted = [...arrivals].sort((a, b) => a - b);
  const start = sorted[0]!;
  const maxLagMs = 1000;
  let worst = Number.NEGATIVE_INFINITY;
  sorted.forEach((at, index) => {
    // The first hit may have come late itself, so hits may stand up to that lateness ahead of it.
    worst = Math.max(worst, index + 1 - ((at - start) * perMs + 1));
  });
  assert.ok(worst <= perMs * maxLagMs, `${worst} hits more than due`);
}
