import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { DeadlineError, sleep, withDeadline } from '../../src/kube/deadline.ts';
import { VirtualTime } from './virtual-time.ts';

const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

test('work ends at its deadline, or with its signal, and leaves nothing on the signal', async () => {
  const time = new VirtualTime();
  try {
    const outer = new AbortController();
    const late = assert.rejects(
      withDeadline(1000, outer.signal, never),
      (error) => error instanceof DeadlineError && error.afterMs === 1000,
    );
    await time.advance(1000);
    await late;

    const stopped = new Error('stopped');
    const ended = assert.rejects(withDeadline(1000, outer.signal, never), stopped);
    outer.abort(stopped);
    await ended;
    await assert.rejects(withDeadline(1000, outer.signal, never), stopped);

    const third = new AbortController();
    assert.equal(await withDeadline(1000, third.signal, async () => 5), 5);
    assert.deepEqual(getEventListeners(third.signal, 'abort'), []);
    assert.equal(await withDeadline(1000, undefined, async () => 5), 5);
  } finally {
    time.dispose();
  }
});

test('a sleep says whether its time has passed', async () => {
  const time = new VirtualTime();
  try {
    const { signal } = new AbortController();
    const whole = sleep(500, signal);
    await time.advance(500);
    assert.equal(await whole, true);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);

    const stop = new AbortController();
    const cut = sleep(500, stop.signal);
    stop.abort();
    assert.equal(await cut, false);
    assert.equal(await sleep(500, stop.signal), false);
  } finally {
    time.dispose();
  }
});
