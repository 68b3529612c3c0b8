import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { DeadlineError, withDeadline } from '../../src/time/deadline.ts';
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
      (error) => error instanceof DeadlineError && error.limitMs === 1000,
    );
    await time.advance(1000);
    await late;

    const stopped = new Error('stopped');
    const ended = assert.rejects(withDeadline(1000, outer.signal, never), stopped);
    outer.abort(stopped);
    await ended;
    await assert.rejects(withDeadline(1000, outer.signal, never), stopped);

    const deaf = assert.rejects(
      withDeadline(1000, undefined, () => new Promise<never>(() => {})),
      DeadlineError,
    );
    await time.advance(1000);
    await deaf;

    const third = new AbortController();
    assert.equal(await withDeadline(1000, third.signal, async () => 5), 5);
    assert.deepEqual(getEventListeners(third.signal, 'abort'), []);
    assert.equal(await withDeadline(1000, undefined, async () => 5), 5);
  } finally {
    time.dispose();
  }
});
