import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventMemory } from '../../src/kube/event-memory.ts';
import { FakeClock } from '../attack/fake-clock.ts';

function memory() {
  const clock = new FakeClock();
  const events = new EventMemory(clock);
  let number = 0;
  return { clock, decide: (uid: string, what: string) => events.decide(uid, what, `e${++number}`), events };
}

test('what happens again is counted in the first event, and the count is written each 30 s at most', () => {
  const { clock, decide } = memory();
  assert.deepEqual(decide('u', 'Started'), { kind: 'create' });
  assert.deepEqual(decide('u', 'Started'), { kind: 'drop' });
  clock.by(29_999);
  assert.deepEqual(decide('u', 'Started'), { kind: 'drop' });
  clock.by(1);
  assert.deepEqual(decide('u', 'Started'), { kind: 'repeat', name: 'e1', count: 4 });
  assert.deepEqual(decide('u', 'Started'), { kind: 'drop' });
});

test('after ten minutes of silence it is a new event', () => {
  const { clock, decide } = memory();
  decide('u', 'Started');
  clock.by(10 * 60_000);
  assert.deepEqual(decide('u', 'Started'), { kind: 'create' });
});

test('another object or another word is another event', () => {
  const { decide } = memory();
  for (const [uid, what] of [
    ['u', 'Started'],
    ['u', 'Ended'],
    ['v', 'Started'],
  ] as const)
    assert.deepEqual(decide(uid, what), { kind: 'create' });
});

test('one object has 25 different events at once, then one a minute; others are not in its way', () => {
  const { clock, decide } = memory();
  const kinds = Array.from({ length: 30 }, (_, i) => decide('u', `Event${i}`).kind);
  assert.deepEqual(kinds.filter((kind) => kind === 'create').length, 25);
  assert.equal(decide('v', 'Started').kind, 'create');
  clock.by(60_000);
  assert.deepEqual([decide('u', 'A').kind, decide('u', 'B').kind], ['create', 'drop']);
});

test('an event that could not be written is new when it happens again', () => {
  const { decide, events } = memory();
  decide('u', 'Started');
  events.forget('u', 'Started');
  assert.deepEqual(decide('u', 'Started'), { kind: 'create' });
});

test('of very many, the oldest are forgotten', () => {
  const { decide } = memory();
  decide('first', 'Started');
  for (let i = 0; i < 4096; i++) decide(`u${i}`, 'Started');
  assert.equal(decide('u4095', 'Started').kind, 'drop');
  assert.equal(decide('first', 'Started').kind, 'create');
});
