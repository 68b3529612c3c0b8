import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SteeringCommand } from '../../../src/cli/display/keys.ts';
import { LiveControl } from '../../../src/cli/run/live-control.ts';
import { Steering } from '../../../src/cli/run/steering.ts';
import { formatRate } from '../../../src/units/rate.ts';
import { constant } from '../../attack/schedule/schedules.ts';
import { runSpec } from '../../coordinator/run-spec.ts';
import { runSnapshot } from '../../report/run-snapshot.ts';

/** A control of a run of 1,000/s, with what it was asked for in words. */
function controlled() {
  const asked: string[] = [];
  const steering = new Steering(runSpec({ schedule: constant('1000/s') }), {
    run: {
      change: ({ schedule, suspend }) =>
        asked.push(
          `${schedule.kind === 'constant' && formatRate(schedule.rate)}${suspend ? ' suspended' : ''}`,
        ),
      stop: (_, reason) => asked.push(reason),
    },
    show: () => {},
    note: () => {},
  });
  const control = new LiveControl({
    steering,
    reload: () => asked.push('reload'),
    snapshot: () => runSnapshot(),
    display: null,
  });
  return { control, asked };
}

test('each key asks for its own', () => {
  const rows: [SteeringCommand, string][] = [
    ['up', '1100/s'],
    ['down', '1000/s'],
    ['double', '2000/s'],
    ['pause', '2000/s suspended'],
    ['pause', '2000/s'],
    ['halve', '1000/s'],
    ['up', '1100/s'],
    ['own rate', '1000/s'],
    ['reload', 'reload'],
    ['stop', 'stopped by a key'],
    ['interrupt', 'interrupted by SIGINT'],
  ];
  const { control, asked } = controlled();
  for (const [command] of rows) control.press(command);
  assert.deepEqual(
    asked,
    rows.map(([, expected]) => expected),
  );
});

test('signals are handled for as long as the run goes on', () => {
  const { control, asked } = controlled();
  const count = () => ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGTSTP'].map((name) => process.listenerCount(name));
  const before = count();
  const forget = control.handleSignals();
  assert.deepEqual(
    count(),
    before.map((listeners) => listeners + 1),
  );
  process.emit('SIGHUP', 'SIGHUP');
  process.emit('SIGTERM', 'SIGTERM');
  assert.deepEqual(asked, ['reload', 'interrupted by SIGTERM']);
  forget();
  assert.deepEqual(count(), before);
});
