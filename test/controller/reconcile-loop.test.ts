import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { ReconcileLoop } from '../../src/controller/reconcile-loop.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { VirtualTime } from '../time/virtual-time.ts';

suite('the loop that looks at tests', () => {
  let time: VirtualTime;
  let end: AbortController;
  let running: Promise<void>;
  let looks: string[];
  let waits: number[];
  /** What a look at a key comes to: when to look again, or what it fails with. */
  let results: Map<string, (number | null | Error | Promise<null>)[]>;
  let loop: ReconcileLoop;

  beforeEach(() => {
    time = new VirtualTime();
    end = new AbortController();
    [looks, waits, results] = [[], [], new Map()];
    loop = new ReconcileLoop({
      clock: time.clock,
      workers: 2,
      reconcile: async (key) => {
        looks.push(`${key} ${Math.round(time.clock.now() - 1000)}`);
        const result = await (results.get(key)?.shift() ?? null);
        if (result instanceof Error) throw result;
        return result;
      },
      observe: (_key, _ms, error, waitMs) => error !== undefined && waits.push(waitMs),
    });
    running = loop.run(end.signal);
  });

  afterEach(async () => {
    end.abort();
    await running;
    time.dispose();
  });

  test('comes again when it was told to, and not before', async () => {
    results.set('a', [500, null]);
    loop.add('a');
    await time.advance(2000);
    assert.deepEqual(looks, ['a 0', 'a 500']);
  });

  test('tries again after a failure, each time later, and at once when something happens', async () => {
    const failure = new Error('x');
    results.set('a', [failure, failure, failure, null, failure]);
    loop.add('a');
    await time.advance(700);
    assert.deepEqual(looks, ['a 0', 'a 200', 'a 600']);
    loop.add('a');
    await time.advance(100);
    loop.add('a');
    await time.settle();
    assert.deepEqual(waits, [200, 400, 800, 200], 'a look that went well makes it forget');
  });

  test('waits as long as the API server asks', async () => {
    results.set('a', [new KubeError('TooManyRequests', 'x', { retryAfterMs: 3000 })]);
    loop.add('a');
    await time.advance(3500);
    assert.deepEqual(looks, ['a 0', 'a 3000']);
  });

  test('looks at several at a time, and at none twice at once', async () => {
    const { promise, resolve } = Promise.withResolvers<null>();
    results.set('a', [promise]);
    for (const key of ['a', 'a', 'b', 'c']) loop.add(key);
    await time.settle();
    loop.add('a');
    await time.advance(400);
    assert.deepEqual(looks, ['a 0', 'b 0', 'c 0']);
    assert.equal(loop.longestMs, 400);
    resolve(null);
    await time.settle();
    assert.deepEqual(looks.at(-1), 'a 400');
    assert.equal(loop.longestMs, 0);
  });

  test('ends when what was begun has ended, and begins nothing more', async () => {
    const { promise, resolve } = Promise.withResolvers<null>();
    results.set('a', [promise]);
    results.set('b', [promise]);
    for (const key of ['a', 'b', 'c']) loop.add(key);
    loop.addAfter('d', 100);
    await time.settle();
    end.abort();
    let isOver = false;
    void running.then(() => (isOver = true));
    await time.advance(500);
    assert.equal(isOver, false);
    resolve(null);
    await time.settle();
    assert.equal(isOver, true);
    assert.deepEqual(looks, ['a 0', 'b 0']);
  });

  test('forgets the times of one that is gone', async () => {
    results.set('a', [500]);
    loop.add('a');
    await time.settle();
    loop.forget('a');
    await time.advance(1000);
    assert.deepEqual(looks, ['a 0']);
  });
});
