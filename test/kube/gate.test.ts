import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../../src/kube/gate.ts';

test('no more than a number are inside at a time, the others in turn', async () => {
  const gate = new Gate(2);
  const { signal } = new AbortController();
  const order: number[] = [];
  const leave: (() => void)[] = [];
  let most = 0;
  let inside = 0;
  const visits = [0, 1, 2, 3, 4].map((n) =>
    gate.through(signal, async () => {
      order.push(n);
      most = Math.max(most, ++inside);
      await new Promise<void>((resolve) => leave.push(resolve));
      inside--;
    }),
  );
  for (let left = 5; left > 0; left--) {
    await new Promise(setImmediate);
    leave.shift()!();
  }
  await Promise.all(visits);
  assert.equal(most, 2);
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
});

test('who gives up waiting takes no place, nor does who fails', async () => {
  const gate = new Gate(1);
  const stop = new AbortController();
  let leave = (): void => {};
  const first = gate.through(stop.signal, () => new Promise<void>((resolve) => (leave = resolve)));
  const gaveUp = new AbortController();
  const second = gate.through(gaveUp.signal, async () => {});
  gaveUp.abort(new Error('no time'));
  await assert.rejects(second, /no time/);
  leave();
  await first;
  await assert.rejects(
    gate.through(stop.signal, () => Promise.reject(new Error('failed'))),
    /failed/,
  );
  assert.equal(await gate.through(stop.signal, async () => 'in'), 'in');
  await assert.rejects(
    gate.through(gaveUp.signal, async () => 'in'),
    /no time/,
  );
});
