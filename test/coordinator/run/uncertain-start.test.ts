import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Course } from '../../../src/coordinator/course/course.ts';
import { Member, type MemberState } from '../../../src/coordinator/crew/member.ts';
import { Life } from '../../../src/coordinator/run/life.ts';
import { UncertainStart } from '../../../src/coordinator/run/uncertain-start.ts';
import type { CourseRecord } from '../../../src/coordinator/run-record.ts';
import { MOST_LABELS } from '../calls.ts';
import { runSpec } from '../run-spec.ts';

const OFFSET = 1_000_000;
const EPOCH = 2;

/** What an earlier coordinator wrote down: the start at 500, and how many joinings after it. */
function record(incarnations: string[], joinings = 0): CourseRecord {
  const { schedule, durationMs, warmupMs } = runSpec();
  const course = new Course();
  const goal = {
    schedule,
    durationMs,
    warmupMs,
    suspended: false,
    hitLimit: null,
    stripes: incarnations.length,
    owners: Object.fromEntries(incarnations.map((incarnation, stripe) => [incarnation, [stripe]])),
  };
  course.intendStart(500, goal);
  course.name();
  for (let time = 1; time <= joinings; time++) {
    course.intend(time * 100, { ...goal, suspended: time % 2 === 1 });
    course.name();
  }
  return course.record(OFFSET)!;
}

/** A start that was about to be named to these workers, each in the state that it has now. */
function starting(states: Record<string, MemberState>, written = record(Object.keys(states))) {
  const members = Object.entries(states).map(([incarnation, state], index) => {
    const member = new Member({ index, replacement: 0 }, MOST_LABELS, 0);
    return Object.assign(member, { incarnation, state });
  });
  const [course, life] = [new Course(), new Life(0)];
  const start = new UncertainStart({ course, crew: { members }, life, epoch: EPOCH, wallOffset: OFFSET });
  const restore = (isStopped = false) =>
    start.restore(
      written,
      members.map((member) => member.record(OFFSET, false)),
      isStopped,
    );
  return { start, course, life, members, restore };
}

describe('a start of which it is not known whether it was heard', () => {
  test('is open while all its workers wait', () => {
    const { start, course, life, restore } = starting({ a: 'ready', b: 'ready' });
    restore();
    assert.equal(start.course?.startAt, OFFSET + 500);
    assert.equal(start.review(), false);
    assert.deepEqual([start.course === null, course.startAt, life.phase], [false, null, 'Preparing']);
  });

  test('is forgotten when all of them have taken an assignment of this coordinator over', () => {
    const { start, course, life, members, restore } = starting({ a: 'ready', b: 'ready' });
    restore();
    members[0]!.received = { epoch: EPOCH, n: 1 };
    members[1]!.received = { epoch: EPOCH - 1, n: 7 };
    assert.equal(start.review(), false);
    assert.notEqual(start.course, null, 'one of them may hear an earlier one yet');
    members[1]!.received = { epoch: EPOCH, n: 1 };
    assert.equal(start.review(), false);
    assert.deepEqual([start.course, course.startAt, life.phase], [null, null, 'Preparing']);
  });

  for (const state of ['running', 'leaving', 'ended', 'lost'] as const) {
    test(`holds when one of them turns out to be ${state}`, () => {
      const { start, course, life, members, restore } = starting({ a: 'ready', b: 'ready' });
      restore();
      members[1]!.state = state;
      assert.equal(start.review(), true);
      assert.deepEqual([start.course, course.startAt, life.phase], [null, 500, 'Running']);
    });
  }

  test('holds when one of them is not known any more', () => {
    const { start, restore } = starting({ a: 'ready' }, record(['a', 'b']));
    restore();
    assert.equal(start.review(), true);
  });

  for (const [what, states, joinings, isStopped] of [
    ['a worker had begun', { a: 'ready', b: 'running' }, 0, false],
    ['its course had changed since', { a: 'ready', b: 'ready' }, 1, false],
    ['the run had its ending', { a: 'ready', b: 'ready' }, 0, true],
  ] as const) {
    test(`holds at once where ${what}`, () => {
      const { start, course, restore } = starting(states, record(['a', 'b'], joinings));
      restore(isStopped);
      assert.deepEqual([start.course, course.startAt], [null, 500]);
    });
  }

  test('that there is not is held for nothing', () => {
    const { start, course, life } = starting({ a: 'ready' });
    start.hold();
    assert.deepEqual([course.startAt, life.phase], [null, 'Preparing']);
  });
});
