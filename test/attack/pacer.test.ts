import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { Lane } from '../../src/attack/lane.ts';
import { Pacer } from '../../src/attack/pacer.ts';
import { FakeClock } from './fake-clock.ts';

/** A lane that asks for instants in turn, and is finished when none is left. */
class ScriptedLane {
  finished = false;
  readonly ticks: number[] = [];
  onTick: () => void = () => {};
  readonly #clock: FakeClock;
  readonly #wakes: number[];

  constructor(clock: FakeClock, wakes: number[]) {
    this.#clock = clock;
    this.#wakes = wakes;
  }

  tick(): number {
    this.ticks.push(this.#clock.now());
    const wake = this.#wakes.shift();
    this.finished = wake === undefined;
    this.onTick();
    return wake ?? Number.POSITIVE_INFINITY;
  }
}

function paced(wakes: number[], precise = false) {
  const clock = new FakeClock();
  const lane = new ScriptedLane(clock, wakes);
  let finished = 0;
  const pacer = new Pacer(lane as unknown as Lane, clock, precise, () => finished++);
  return {
    clock,
    lane,
    pacer,
    finished: () => finished,
    /** Goes on by `ms` on the clock and on the timers. */
    pass: (ms: number) => {
      clock.by(ms);
      mock.timers.tick(ms);
    },
  };
}

describe('a pacer', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] }));
  afterEach(() => mock.timers.reset());

  test('ticks at the instants that its lane names', () => {
    const { lane, pacer, pass, finished } = paced([5, 12, 12.5]);
    assert.deepEqual(lane.ticks, []);
    pacer.start();
    for (let ms = 0; ms < 20; ms++) pass(1);
    // A timer of less than a millisecond is one of a millisecond.
    assert.deepEqual(lane.ticks, [1, 5, 12, 13]);
    assert.equal(finished(), 1);
  });

  test('does not sleep where it is asked for the present or the past', () => {
    const { lane, pacer, pass } = paced([0, -50, 1]);
    pacer.start();
    pass(0);
    pass(0);
    pass(0);
    assert.deepEqual(lane.ticks, [0, 0, 0]);
  });

  test('sleeps for a second at most, whatever the lane asks for', () => {
    const { lane, pacer, pass } = paced([3_600_000, 3_600_000, Number.POSITIVE_INFINITY, 3_600_000]);
    pacer.start();
    pass(1);
    for (let second = 0; second < 3; second++) pass(1000);
    assert.deepEqual(lane.ticks, [1, 1001, 2001, 3001]);
  });

  test('that is precise spins through the last 2 ms, and one that is efficient sleeps', () => {
    const script = () => [10, 10, 10, 10, 30];
    const precise = paced(script(), true);
    precise.pacer.start();
    precise.pass(0);
    precise.pass(7);
    assert.deepEqual(precise.lane.ticks, [0]);
    precise.pass(2);
    assert.deepEqual(precise.lane.ticks, [0, 9, 9, 9, 9]);
    mock.timers.reset();
    mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
    const efficient = paced(script());
    efficient.pacer.start();
    efficient.pass(0);
    efficient.pass(9);
    assert.deepEqual(efficient.lane.ticks, [0]);
  });

  test('wakes at once, once for many calls, and forgets the timer it had', () => {
    const { lane, pacer, pass } = paced([500, 500, 900]);
    pacer.start();
    pass(0);
    pacer.wake();
    pacer.wake();
    pass(1);
    pass(1);
    assert.deepEqual(lane.ticks, [0, 1]);
    pass(498);
    assert.deepEqual(lane.ticks, [0, 1, 500]);
  });

  test('ticks again when it was woken during a tick', () => {
    const { lane, pacer, pass } = paced([500, 500, 500]);
    lane.onTick = () => {
      if (lane.ticks.length === 1) pacer.wake();
    };
    pacer.start();
    pass(0);
    pass(0);
    assert.equal(lane.ticks.length, 2);
  });

  test('tells once that its lane is finished, also when the last tick wanted to be woken', () => {
    const { lane, pacer, pass, finished } = paced([5]);
    lane.onTick = () => pacer.wake();
    pacer.start();
    for (let ms = 0; ms < 10; ms++) pass(1);
    assert.equal(lane.ticks.length, 2);
    assert.equal(finished(), 1);
    pacer.wake();
    pass(10);
    assert.equal(lane.ticks.length, 2);
    assert.equal(finished(), 1);
  });

  test('may be told to spin from now on', () => {
    const { lane, pacer, pass } = paced([10, 20, 20, 20, 30]);
    pacer.start();
    pass(0);
    pass(9);
    assert.deepEqual(lane.ticks, [0]);
    pacer.precise = true;
    pass(1);
    pass(8);
    assert.deepEqual(lane.ticks, [0, 10, 18]);
  });

  test('that has not begun is not woken', () => {
    const { lane, pacer, pass } = paced([5]);
    pacer.wake();
    pass(10);
    assert.deepEqual(lane.ticks, []);
  });
});
