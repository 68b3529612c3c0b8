import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../../src/transport/messages/backoff.ts';

test('pauses double from 50 ms up to a second, each cut by at most half', () => {
  const backoff = new Backoff();
  assert.ok(!backoff.holds(0));
  let now = 0;
  for (const pauseMs of [50, 100, 200, 400, 800, 1000, 1000, 1000]) {
    backoff.failed(now);
    assert.ok(backoff.holds(now + pauseMs / 2 - 0.001), `${pauseMs} ms`);
    assert.ok(!backoff.holds(now + pauseMs), `${pauseMs} ms`);
    now += pauseMs;
  }
  backoff.succeeded();
  assert.ok(!backoff.holds(now));
  backoff.failed(now);
  assert.ok(!backoff.holds(now + 50), 'begins anew');
});
