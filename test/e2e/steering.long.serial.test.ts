import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ScheduleSpec } from '../../src/api/run-spec.ts';
import type { Segment } from '../../src/attack/schedule/segment.ts';
import { Steering } from '../../src/cli/run/steering.ts';
import type { RunSnapshot } from '../../src/coordinator/snapshot.ts';
import { constant, integral, stages } from '../attack/schedule/schedules.ts';
import { type ArrivalTarget, startRun, type TestRun, useArrivalTarget } from './harness.ts';

/** How long each part goes on, in ms. */
const PART_MS = 1000;

/** A part of a course: a schedule, or a pause of the one before. */
type Part = ScheduleSpec | null;

describe('a run that is steered: 1,000, 5,000 and 200/s, a pause and other stages, on three workers', () => {
  const target = useArrivalTarget();

  it('is exact to the hit', async (t) => {
    const run = await start(t, target);
    const { last, due } = await steer(run);
    assert.deepEqual([last.scheduled, last.unreported], [due, 0]);
    assertArrived(target, last);
  });

  it('is so while one worker stands still: its lease decides when its share moves', async (t) => {
    const run = await start(t, target);
    const pid = run.pool.pidOf({ index: 1, replacement: 0 })!;
    const { last, due } = await steer(run, () => process.kill(pid, 'SIGSTOP'));
    assert.ok(run.notes.includes('worker-1 gave no sign of life for 2 s'), run.notes.join('\n'));
    assert.equal(last.scheduled, due);
    assertArrived(target, last);
  });

  it('is so while one worker is killed', async (t) => {
    const run = await start(t, target);
    const pid = run.pool.pidOf({ index: 2, replacement: 0 })!;
    const { last, due } = await steer(run, () => process.kill(pid, 'SIGKILL'));
    assert.equal(last.scheduled, due);
    assertArrived(target, last);
  });
});

async function start(t: TestContext, target: ArrivalTarget): Promise<TestRun> {
  const run = await startRun(target.url, { rate: '1000/s', workers: { replicas: 3 } }, { leaseMs: 2000 });
  t.after(async () => {
    run.coordinator.stop('StoppedByUser', 'the test is over');
    await run.ended;
  });
  return run;
}

/**
 * Goes through the course to its end.
 * @param deed what happens just before the first change
 * @returns the final snapshot, and how many hits were due by the instants that workers were told
 */
async function steer(run: TestRun, deed: () => void = () => {}): Promise<{ last: RunSnapshot; due: number }> {
  const steering = new Steering(run.spec, { run: run.coordinator, show: () => {}, note: () => {} });
  const follow = (schedule: ScheduleSpec) => steering.follow({ ...run.spec, schedule });
  const lasts = async () => {
    const { elapsedMs } = run.coordinator.snapshot();
    await run.until((snapshot) => snapshot.elapsedMs > elapsedMs + PART_MS);
  };
  const course: Part[] = [constant('1000/s'), constant('5000/s'), constant('200/s'), null];
  await run.until(({ phase }) => phase === 'Running');
  await lasts();
  deed();
  for (const schedule of course.slice(1)) {
    if (schedule === null) steering.suspend(true);
    else follow(schedule);
    const rate = schedule?.kind === 'constant' ? schedule.rate.toNumber() : 0;
    await run.until(({ targetRate }) => targetRate === rate);
    await lasts();
  }
  // A line from 0/s at the start of the clock that ends three parts from now.
  const endMs = Math.ceil(run.coordinator.snapshot().scheduleMs) + 3 * PART_MS;
  course.push(stages(['400/s', endMs]));
  follow(course.at(-1)!);
  steering.suspend(false);
  const last = await run.ended;
  assert.deepEqual(run.brokenLaws, []);
  assert.equal(last.verdict, 'Completed');
  return { last, due: hitsDue(course, run.plan(), endMs) };
}

/**
 * Hits by the textbook's formulas of the course, of whose plan only the instants are taken. A share that moves begins a
 * segment too, with the schedule that was there before.
 */
function hitsDue(course: readonly Part[], plan: readonly Segment[], endMs: number): number {
  let [hits, scheduleMs, at] = [0, 0, 0];
  for (const [index, segment] of plan.entries()) {
    if (!isPart(course[at]!, segment)) at++;
    const part = course[at]!;
    assert.ok(isPart(part, segment), `segment ${index} is part ${at} of the course`);
    if (part === null) continue;
    const next = plan[index + 1];
    const end = next === undefined ? endMs : scheduleMs + next.from - segment.from;
    hits += integral(part, null, end) - integral(part, null, scheduleMs);
    scheduleMs = end;
  }
  assert.equal(at, course.length - 1, 'the whole course was run');
  return Math.ceil(hits - 1e-6);
}

function isPart(part: Part, { suspended, pieces }: Segment): boolean {
  const rate = pieces[0]?.rate;
  if (part === null || rate?.kind !== 'linear') return part === null && suspended;
  if (part.kind === 'constant') return Math.abs(rate.start * 1000 - part.rate.toNumber()) < 1e-9;
  return rate.slope > 0;
}

/** The target's own count: what a lost worker has sent after its last report is known to it alone. */
function assertArrived(target: ArrivalTarget, { tally, unreported }: RunSnapshot): void {
  const { sent, succeeded } = tally.counts;
  const arrived = target.arrivals.length;
  const failures = JSON.stringify(tally.failures());
  assert.ok(
    succeeded <= arrived && arrived <= sent + unreported,
    `${arrived} of ${sent} and ${unreported}, ${failures}`,
  );
}
