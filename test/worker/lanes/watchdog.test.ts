import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Watchdog } from '../../../src/worker/lanes/watchdog.ts';
import { FakeClock } from '../../attack/fake-clock.ts';

const EVERY_MS = 100;

/** A watchdog that looks on time from 5,000 ms on, as long as the clock is moved by `watch`. */
function watched() {
  const clock = new FakeClock(5_000);
  const watchdog = new Watchdog(clock);
  return {
    clock,
    watchdog,
    watch: (untilMs: number) => {
      while (clock.now() + EVERY_MS <= untilMs) {
        clock.by(EVERY_MS);
        watchdog.look(EVERY_MS);
      }
    },
  };
}

describe('a lane is stuck', () => {
  test('when it has not moved for over a second', () => {
    const { watchdog, watch } = watched();
    watch(7_000);
    assert.equal(watchdog.isStuck(5_999), true);
    assert.equal(watchdog.isStuck(6_000), false);
    assert.equal(watchdog.isStuck(6_950), false);
  });

  test('not before the watchdog has watched for a second itself', () => {
    const { watchdog, watch } = watched();
    watch(6_000);
    assert.equal(watchdog.isStuck(1), false);
    watch(6_100);
    assert.equal(watchdog.isStuck(1), true);
  });

  test('never, while it has nothing to do', () => {
    const { watchdog, watch } = watched();
    watch(60_000);
    assert.equal(watchdog.isStuck(Number.POSITIVE_INFINITY), false);
  });

  test('not where the watchdog was late itself: for a second from then on it says nothing', () => {
    const { clock, watchdog, watch } = watched();
    watch(8_000);
    clock.by(351);
    watchdog.look(EVERY_MS);
    assert.equal(watchdog.isStuck(7_000), false);
    watch(clock.now() + 1_000);
    assert.equal(watchdog.isStuck(7_000), false);
    watch(clock.now() + 100);
    assert.equal(watchdog.isStuck(7_000), true);
  });

  test('also where the watchdog was a little late', () => {
    const { clock, watchdog, watch } = watched();
    watch(8_000);
    clock.by(350);
    watchdog.look(EVERY_MS);
    assert.equal(watchdog.isStuck(7_000), true);
  });
});

describe('restarts', () => {
  test('are three within a minute', () => {
    const { clock, watchdog } = watched();
    const allowed = [0, 10_000, 20_000, 30_000, 60_000].map((ms) => {
      clock.to(5_000 + ms);
      return watchdog.allowRestart();
    });
    assert.deepEqual(allowed, [true, true, true, false, false]);
  });

  test('are forgotten after a minute, one by one', () => {
    const { clock, watchdog } = watched();
    for (const ms of [0, 10_000, 20_000]) {
      clock.to(5_000 + ms);
      watchdog.allowRestart();
    }
    clock.to(65_001);
    assert.equal(watchdog.allowRestart(), true);
    assert.equal(watchdog.allowRestart(), false);
    clock.to(75_001);
    assert.equal(watchdog.allowRestart(), true);
  });
});
