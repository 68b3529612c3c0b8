import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClockOffset } from '../../../src/worker/conversation/clock-offset.ts';
import { randomStream } from '../../metrics/random.ts';

/** The coordinator's clock is ours plus this. */
const AHEAD = 1_795_000_000_000.25;

/** A call sent at `at`, with so much time on each way, held in between. */
function call(offset: ClockOffset, at: number, there: number, heldMs: number, back: number, ahead = AHEAD) {
  offset.observe(at, at + there + heldMs + back, heldMs, at + there + heldMs + ahead);
}

describe('the coordinator’s clock', () => {
  test('is known exactly where both ways take as long', () => {
    const offset = new ClockOffset();
    call(offset, 100, 3, 500, 3);
    assert.ok(Math.abs(offset.toLocal(AHEAD + 900) - 900) < 1e-3);
  });

  test('is off by half the difference of the ways at most', () => {
    const offset = new ClockOffset();
    call(offset, 100, 10, 500, 0);
    assert.ok(Math.abs(offset.toLocal(AHEAD + 900) - 900) <= 5.001);
  });

  test('is read from the quickest call, whenever it was', () => {
    const offset = new ClockOffset();
    call(offset, 100, 80, 0, 2);
    call(offset, 200, 0.1, 1000, 0.1);
    call(offset, 300, 2, 500, 90);
    assert.ok(Math.abs(offset.toLocal(AHEAD + 900) - 900) < 1e-3);
  });

  test('follows when it drifts: what is 64 calls ago is forgotten', () => {
    const offset = new ClockOffset();
    call(offset, 100, 0.1, 0, 0.1);
    for (let n = 0; n < 64; n++) call(offset, 200 + n, 1, 0, 1, AHEAD + 50);
    assert.ok(Math.abs(offset.toLocal(AHEAD + 900) - 850) < 1e-3);
  });

  test('forgets another coordinator but for the newest call', () => {
    const offset = new ClockOffset();
    call(offset, 100, 0.1, 0, 0.1);
    call(offset, 200, 5, 0, 5, AHEAD + 5000);
    offset.restart();
    assert.ok(Math.abs(offset.toLocal(AHEAD + 5900) - 900) < 10);
  });

  test('bears a call that says it was held longer than it took', () => {
    const offset = new ClockOffset();
    offset.observe(100, 103, 5, AHEAD + 103);
    assert.ok(Math.abs(offset.toLocal(AHEAD + 900) - 900) < 1e-3);
  });

  test('is never further off than half the quickest call', () => {
    const random = randomStream(9);
    for (let round = 0; round < 200; round++) {
      const offset = new ClockOffset();
      let quickest = Number.POSITIVE_INFINITY;
      for (let n = 0; n < 20; n++) {
        const [there, back] = [random() * 50, random() * 50];
        quickest = Math.min(quickest, there + back);
        call(offset, n * 1000, there, random() * 1000, back);
      }
      assert.ok(Math.abs(offset.toLocal(AHEAD + 900) - 900) <= quickest / 2 + 1e-3);
    }
  });
});
