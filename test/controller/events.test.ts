import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eventOf } from '../../src/controller/events.ts';
import type { TestState } from '../../src/controller/status/test-state.ts';

const starting = (stalled = false, reason: 'Starting' | 'WorkersCannotStart' = 'Starting'): TestState => ({
  kind: 'starting',
  reason,
  message: 'm',
  stalled,
});
const running: TestState = { kind: 'running', message: 'm' };
const held: TestState = { kind: 'held', by: 'Suspended', message: 'm' };
const killed: TestState = { kind: 'held', by: 'KillSwitch', message: 'm' };
const refused = (message: string): TestState => ({ kind: 'refused', reason: 'InvalidSpec', message });
const ended = (verdict: 'Completed' | 'StoppedByVotes' | 'Failed'): TestState => ({
  kind: 'ended',
  verdict,
  message: 'm',
});

const TABLE: [before: TestState | null, now: TestState, told: string | null][] = [
  [null, starting(), 'Normal Starting'],
  [starting(), starting(true, 'WorkersCannotStart'), 'Warning WorkersCannotStart'],
  [starting(true, 'WorkersCannotStart'), starting(), null],
  [starting(), running, 'Normal RunStarted'],
  [running, running, null],
  [null, running, null],
  [running, held, 'Normal RunSuspended'],
  [held, running, 'Normal RunResumed'],
  [held, killed, 'Normal RunHeld'],
  [running, refused('a'), 'Warning InvalidSpec'],
  [refused('a'), refused('a'), null],
  [refused('a'), refused('b'), 'Warning InvalidSpec'],
  [refused('a'), running, null],
  [running, { kind: 'ending', message: 'm' }, null],
  [running, ended('Completed'), 'Normal RunCompleted'],
  [running, ended('StoppedByVotes'), 'Warning RunStoppedByVotes'],
  [running, ended('Failed'), 'Warning RunFailed'],
];

suite('events of a test', () => {
  for (const [before, now, told] of TABLE) {
    test(`${before?.kind ?? 'nothing'} → ${now.kind}: ${told ?? 'nothing'}`, () => {
      const event = eventOf(before, now);
      assert.equal(event && `${event.type} ${event.reason}`, told);
    });
  }
});
