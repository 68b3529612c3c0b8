import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WindowTally } from '../../../src/metrics/window.ts';
import { WindowCollector } from '../../../src/worker/lanes/window-collector.ts';

/** A window in which that many hits were sent. */
function sent(count: number): Float64Array {
  const window = new WindowTally();
  for (let hit = 0; hit < count; hit++) window.send(0);
  return window.values;
}

/** Index and hits of the windows that are whole. */
function told(whole: { index: number; window: WindowTally }[]): [number, number][] {
  return whole.map(({ index, window }) => [index, window.sent]);
}

describe('windows of several lanes', () => {
  test('of one lane are whole at once', () => {
    const collector = new WindowCollector(1);
    assert.deepEqual(told(collector.add(0, 0, sent(3))), [[0, 3]]);
    assert.deepEqual(told(collector.add(0, 1, sent(4))), [[1, 4]]);
  });

  test('are whole when every lane has told, and then the sum of all', () => {
    const collector = new WindowCollector(3);
    assert.deepEqual(told(collector.add(1, 0, sent(1))), []);
    assert.deepEqual(told(collector.add(0, 0, sent(10))), []);
    assert.deepEqual(told(collector.add(1, 1, sent(2))), []);
    assert.deepEqual(told(collector.add(2, 0, sent(100))), [[0, 111]]);
    assert.deepEqual(told(collector.add(2, 1, sent(200))), []);
    assert.deepEqual(told(collector.add(0, 1, sent(20))), [[1, 222]]);
  });

  test('come in order, also several at once', () => {
    const collector = new WindowCollector(2);
    for (const index of [0, 1, 2]) assert.deepEqual(told(collector.add(0, index, sent(index + 1))), []);
    assert.deepEqual(told(collector.add(1, 2, sent(10))), [
      [0, 1],
      [1, 2],
      [2, 13],
    ]);
  });

  test('do not wait for a lane that has told of a later one', () => {
    // A lane that was started anew begins with window 4.
    const collector = new WindowCollector(2);
    for (const index of [0, 1, 2, 3]) collector.add(0, index, sent(1));
    assert.deepEqual(told(collector.add(1, 4, sent(5))), [
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    assert.deepEqual(told(collector.add(0, 4, sent(1))), [[4, 6]]);
  });

  test('are given out unwhole where a lane says nothing for 16 of them, and only the oldest', () => {
    const collector = new WindowCollector(2);
    for (let index = 0; index < 16; index++) assert.deepEqual(collector.add(0, index, sent(1)), []);
    assert.deepEqual(told(collector.add(0, 16, sent(1))), [[0, 1]]);
    assert.deepEqual(told(collector.add(0, 17, sent(1))), [[1, 1]]);
    assert.deepEqual(told(collector.add(1, 17, sent(2))).at(-1), [17, 3]);
  });
});
