import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunSpec } from '../../../src/api/run-spec.ts';
import { Steering } from '../../../src/cli/run/steering.ts';
import { constant, stages } from '../../attack/schedule/schedules.ts';
import { runSpec } from '../../coordinator/run-spec.ts';

/** A steering of 1,000/s, and what it has asked for and told so far. */
function steered(differences: Partial<RunSpec> = {}) {
  const changes: RunSpec[] = [];
  const [stops, notes, shown]: [string[], string[], string[]] = [[], [], []];
  const spec = runSpec({ schedule: constant('1000/s'), ...differences });
  const steering = new Steering(spec, {
    run: {
      change: (changed) => changes.push(changed),
      stop: (verdict, reason) => stops.push(`${verdict}: ${reason}`),
    },
    show: (text) => shown.push(text),
    note: (text) => notes.push(text),
  });
  return { steering, spec, changes, stops, notes, shown, last: () => changes.at(-1)! };
}

test('steps of the rate go to the run as its whole spec, and back to the manifest’s', () => {
  const { steering, spec, changes, shown, last } = steered();
  steering.step('up');
  assert.deepEqual(last(), { ...spec, schedule: constant('1100/s') });
  steering.step('double');
  assert.deepEqual(last().schedule, constant('2200/s'));
  steering.resetRate();
  assert.deepEqual(last(), spec);
  assert.deepEqual(shown, ['1,100/s in place of 1,000/s', '2,200/s in place of 1,000/s', '']);
  assert.equal(changes.length, 3);
});

test('a step too far is a note and no change', () => {
  const { steering, changes, notes } = steered({ schedule: constant('9000000/s') });
  steering.step('double');
  assert.deepEqual([changes, notes], [[], ['the rate stays as it is: it goes from 1/h to 10000000/s']]);
});

test('a pause holds whatever the rate, and the rate whatever the pause', () => {
  const { steering, last, shown } = steered();
  steering.suspend(true);
  steering.step('up');
  assert.deepEqual([last().suspend, steering.isSuspended], [true, true]);
  steering.suspend(false);
  assert.deepEqual(
    [last().suspend, last().schedule, steering.isSuspended],
    [false, constant('1100/s'), false],
  );
  assert.deepEqual(shown, ['paused', '1,100/s in place of 1,000/s · paused', '1,100/s in place of 1,000/s']);
});

test('a run that the manifest suspends goes on by hand', () => {
  const { steering, last, shown } = steered({ suspend: true });
  assert.equal(steering.isSuspended, true);
  steering.suspend(false);
  assert.deepEqual([last().suspend, shown], [false, ['not suspended']]);
});

test('what was set by hand holds until the manifest says something else about the same', () => {
  const { steering, spec, last, shown } = steered();
  steering.step('double');
  steering.suspend(true);
  steering.follow({ ...spec, maxLagMs: 77 });
  assert.deepEqual(last(), { ...spec, maxLagMs: 77, schedule: constant('2000/s'), suspend: true });
  steering.follow({ ...spec, maxLagMs: 77, schedule: constant('300/s') });
  assert.deepEqual([last().schedule, last().suspend], [constant('300/s'), true]);
  steering.follow({ ...spec, schedule: constant('300/s'), suspend: true });
  steering.follow({ ...spec, schedule: constant('300/s'), suspend: false });
  assert.equal(last().suspend, false);
  assert.equal(shown.at(-1), '');
});

test('a change of stages gives up the factor, a change of duration does not', () => {
  const { steering, spec, last } = steered({ schedule: stages(['100/s', 1000]), durationMs: null });
  steering.step('double');
  assert.deepEqual(last().schedule, stages(['200/s', 1000]));
  steering.follow({ ...spec, maxLagMs: 5 });
  assert.deepEqual(last().schedule, stages(['200/s', 1000]));
  steering.follow({ ...spec, schedule: stages(['150/s', 1000]) });
  assert.deepEqual(last().schedule, stages(['150/s', 1000]));
});

test('a stop is the user’s', () => {
  const { steering, stops } = steered();
  steering.stop('stopped by a key');
  assert.deepEqual(stops, ['StoppedByUser: stopped by a key']);
});
