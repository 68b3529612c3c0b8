import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { DelayedWork } from '../../src/kube/delayed-work.ts';
import { type WorkDone, WorkQueue } from '../../src/kube/work-queue.ts';
import { FakeClock } from '../attack/fake-clock.ts';
import { VirtualTime } from '../time/virtual-time.ts';

const queueOf = (...keys: string[]) => {
  const queue = new WorkQueue({ clock: new FakeClock() });
  for (const key of keys) queue.add(key);
  return queue;
};

suite('a queue', () => {
  test('is fair: first in, first out', async () => {
    const queue = queueOf('a', 'b', 'c');
    assert.deepEqual([await queue.take(), await queue.take(), await queue.take()], ['a', 'b', 'c']);
  });

  test('is stingy: a key that waits is not added again', async () => {
    const queue = queueOf('a', 'b', 'a', 'a');
    assert.equal(queue.depth, 2);
    assert.equal(await queue.take(), 'a');
    queue.done('a');
    assert.equal(await queue.take(), 'b');
    assert.equal(queue.depth, 0);
  });

  test('gives a key that is added while it is worked on once more, when that is done', async () => {
    const queue = queueOf('a');
    assert.equal(await queue.take(), 'a');
    queue.add('a');
    queue.add('a');
    assert.deepEqual([queue.depth, queue.working], [0, 1]);
    let again: string | null | undefined;
    const taken = queue.take().then((key) => (again = key));
    await new Promise(setImmediate);
    assert.equal(again, undefined);
    queue.done('a');
    assert.equal(await taken, 'a');
    queue.done('a');
    assert.deepEqual([queue.depth, queue.working], [0, 0]);
  });

  test('serves those who wait in turn', async () => {
    const queue = queueOf();
    const taken = [queue.take(), queue.take()];
    queue.add('a');
    queue.add('b');
    assert.deepEqual(await Promise.all(taken), ['a', 'b']);
  });

  test('is emptied when it shuts down, and takes nothing in', async () => {
    const queue = queueOf('a', 'b');
    assert.equal(await queue.take(), 'a');
    queue.add('a');
    const waiting = [queue.take(), queue.take(), queue.take()];
    queue.shutDown();
    queue.add('c');
    assert.equal(await waiting[0], 'b');
    queue.done('a');
    assert.equal(await waiting[1], 'a');
    assert.equal(await waiting[2], null);
    assert.equal(await queue.take(), null);
  });

  test('knows nothing of a key that was not taken', async () => {
    const queue = queueOf('a');
    queue.done('a');
    queue.done('x');
    assert.equal(await queue.take(), 'a');
  });

  test('tells how long work waited and took', async () => {
    const clock = new FakeClock();
    const done: WorkDone[] = [];
    const queue = new WorkQueue({ clock, observe: (work) => done.push(work) });
    queue.add('a');
    clock.by(5);
    await queue.take();
    clock.by(2);
    queue.add('a');
    clock.by(1);
    queue.done('a');
    clock.by(10);
    await queue.take();
    queue.done('a');
    assert.deepEqual(done, [
      { waitedMs: 5, workedMs: 3 },
      { waitedMs: 11, workedMs: 0 },
    ]);
  });

  test('lets no two work on one key, and loses none, whatever comes in which order', async () => {
    const queue = queueOf();
    const working = new Set<string>();
    const wanted = new Map<string, number>();
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
    const worker = async (): Promise<void> => {
      for (let key = await queue.take(); key !== null; key = await queue.take()) {
        assert.ok(!working.has(key), key);
        working.add(key);
        wanted.delete(key);
        for (let turns = random(4); turns > 0; turns--) await new Promise(setImmediate);
        working.delete(key);
        queue.done(key);
      }
    };
    const workers = [worker(), worker(), worker()];
    for (let i = 0; i < 2000; i++) {
      const key = `k${random(10)}`;
      wanted.set(key, i);
      queue.add(key);
      if (random(3) === 0) await new Promise(setImmediate);
    }
    queue.shutDown();
    await Promise.all(workers);
    assert.deepEqual([...wanted], []);
  });
});

test('keys are added later, at the earliest time that was asked for', async () => {
  const time = new VirtualTime();
  try {
    const added: [key: string, at: number][] = [];
    const start = time.clock.now();
    const delayed = new DelayedWork(time.clock, (key) => added.push([key, time.clock.now() - start]));
    delayed.addAfter('now', 0);
    delayed.addAfter('a', 1000);
    delayed.addAfter('a', 5000);
    delayed.addAfter('b', 3000);
    delayed.addAfter('b', 2000);
    delayed.addAfter('c', 1000);
    delayed.cancel('c');
    assert.equal(delayed.size, 2);
    await time.advance(10_000);
    assert.deepEqual(added, [
      ['now', 0],
      ['a', 1000],
      ['b', 2000],
    ]);
    delayed.addAfter('a', 1000);
    delayed.close();
    await time.advance(2000);
    assert.equal(added.length, 3);
  } finally {
    time.dispose();
  }
});

test('a delay may be longer than the longest timer', async () => {
  const time = new VirtualTime();
  try {
    const added: string[] = [];
    const delayed = new DelayedWork(time.clock, (key) => added.push(key));
    delayed.addAfter('a', 3 * 2 ** 31);
    await time.advance(3 * 2 ** 31 - 1000, 2 ** 29);
    assert.deepEqual(added, []);
    await time.advance(1000);
    assert.deepEqual(added, ['a']);
  } finally {
    time.dispose();
  }
});
