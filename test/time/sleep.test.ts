import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { sleep } from '../../src/time/sleep.ts';
import { VirtualTime } from './virtual-time.ts';

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
