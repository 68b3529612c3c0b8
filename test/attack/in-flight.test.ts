import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InFlight } from '../../src/attack/in-flight.ts';
import { randomStream } from '../metrics/random.ts';

/** The taken slots from the oldest to the newest. */
function inOrder(slots: InFlight): number[] {
  const order: number[] = [];
  for (let slot = slots.oldest; slot !== -1; slot = slots.after(slot)) order.push(slot);
  return order;
}

describe('slots in flight', () => {
  test('are all free at first', () => {
    const slots = new InFlight(3);
    assert.deepEqual([slots.size, slots.free, slots.taken, slots.oldest], [3, 3, 0, -1]);
  });

  test('stand in the order of sending, whichever is answered', () => {
    const slots = new InFlight(4);
    const [a, b, c, d] = [slots.take(), slots.take(), slots.take(), slots.take()];
    assert.deepEqual([slots.free, slots.taken], [0, 4]);
    slots.release(b);
    assert.deepEqual(inOrder(slots), [a, c, d]);
    slots.release(a);
    assert.deepEqual(inOrder(slots), [c, d]);
    slots.release(d);
    assert.deepEqual(inOrder(slots), [c]);
    const again = slots.take();
    assert.deepEqual(inOrder(slots), [c, again]);
    slots.release(c);
    slots.release(again);
    assert.deepEqual([slots.oldest, slots.free], [-1, 4]);
  });

  test('the slot last freed is taken next: its connection is warm', () => {
    const slots = new InFlight(8);
    const first = Array.from({ length: 4 }, () => slots.take());
    slots.release(first[2]!);
    slots.release(first[0]!);
    assert.deepEqual([slots.take(), slots.take()], [first[0], first[2]]);
  });

  test('a released slot keeps no target alive', () => {
    const slots = new InFlight(1);
    const slot = slots.take();
    slots.target[slot] = { method: 'GET', origin: 'http://127.0.0.1', path: '/', headers: [], body: null };
    slots.release(slot);
    assert.equal(slots.target[slot], null);
  });

  test('agree with a plain list through any takes and releases', () => {
    const random = randomStream(5);
    for (let round = 0; round < 50; round++) {
      const slots = new InFlight(1 + Math.floor(random() * 12));
      const list: number[] = [];
      for (let step = 0; step < 200; step++) {
        if (slots.free > 0 && random() < 0.55) {
          const slot = slots.take();
          assert.ok(!list.includes(slot));
          list.push(slot);
        } else if (list.length > 0) {
          const [slot] = list.splice(Math.floor(random() * list.length), 1);
          slots.release(slot!);
        }
        assert.deepEqual(inOrder(slots), list);
        assert.deepEqual([slots.taken, slots.free], [list.length, slots.size - list.length]);
      }
    }
  });
});
