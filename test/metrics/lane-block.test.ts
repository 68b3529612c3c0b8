import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { LaneBlock, LaneValues } from '../../src/metrics/lane-block.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { CountsBlock, Tally } from '../../src/metrics/tally.ts';
import type { WriterData } from './lane-writer.ts';

const LABELS = 3;

/** What must hold in a copy that was taken between two hits of `lane-writer.ts`. */
function checkCopy(copy: LaneValues): void {
  const { counts } = copy.tally;
  assert.deepEqual(checkLaws(counts, counts.sent, 0), []);
  assert.deepEqual(copy.warmup.counts, counts);
  assert.equal(copy.tally.lag.total, counts.sent);
  assert.equal(copy.tally.service.total, counts.succeeded);
  assert.equal(copy.tally.bytesIn, counts.succeeded);
  assert.equal(copy.heartbeat, counts.sent);
  let inLabels = 0;
  for (let label = 0; label < LABELS; label++) {
    const own = copy.tally.label(label);
    assert.equal(own.service.total, own.counts.succeeded);
    inLabels += own.counts.sent;
  }
  assert.equal(inLabels, counts.sent);
}

function startWriter(block: LaneBlock, hitsEach: number): { worker: Worker; stop: Int32Array } {
  const stop = new SharedArrayBuffer(4);
  const workerData: WriterData = { buffer: block.buffer, labels: LABELS, stop, hitsEach };
  const worker = new Worker(new URL('./lane-writer.ts', import.meta.url), { workerData });
  return { worker, stop: new Int32Array(stop) };
}

/** Ends a test whose writer has died. */
function patience(): () => void {
  const end = performance.now() + 30_000;
  return () => assert.ok(performance.now() < end, 'the writer does not get on');
}

/** Waits, without blocking the writer's start. */
async function until(condition: () => boolean): Promise<void> {
  const keepOn = patience();
  while (!condition()) {
    keepOn();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a lane that publishes without a pause', () => {
  for (const hitsEach of [1, 50, 1000]) {
    test(`${hitsEach} hits each: every copy is of one instant, and copies move on`, async () => {
      const block = new LaneBlock(LABELS);
      const copy = new LaneValues(LABELS);
      const { worker, stop } = startWriter(block, hitsEach);
      try {
        let last = 0;
        await until(() => block.live.cursor > 0);
        const keepOn = patience();
        for (let copies = 0; copies < 40; ) {
          keepOn();
          if (!block.read(copy.values)) continue;
          const { sent } = copy.tally.counts;
          assert.ok(sent >= last, 'never back');
          if (sent === last) continue;
          checkCopy(copy);
          assert.equal(sent % hitsEach, 0, 'only what was published');
          last = sent;
          copies += 1;
        }
        const done = once(worker, 'message');
        Atomics.store(stop, 0, 1);
        const [hits] = await done;
        assert.ok(block.read(copy.values));
        assert.equal(copy.tally.counts.sent, hits);
        assert.equal(copy.cursor, Number.POSITIVE_INFINITY);
      } finally {
        await worker.terminate();
      }
    });
  }

  test('ended at any point, the last publication stays readable, live obeys the laws, and another lane goes on', async () => {
    const block = new LaneBlock(LABELS);
    const copy = new LaneValues(LABELS);
    let before = 0;
    for (let round = 0; round < 5; round++) {
      const { worker } = startWriter(block, 1);
      await until(() => block.live.cursor > before + 100);
      await worker.terminate();
      assert.ok(block.read(copy.values));
      const published = copy.tally.counts.sent;
      assert.ok(published > before, 'the new lane published');
      assert.deepEqual(checkLaws(copy.tally.counts, published, 0), []);
      copy.values.set(block.live.values);
      const { counts } = copy.tally;
      assert.deepEqual(checkLaws(counts, counts.sent, 0), []);
      assert.ok(counts.sent >= published);
      before = counts.sent;
    }
  });
});

describe('publishing', () => {
  test('before the first publication all is 0', () => {
    const block = new LaneBlock(LABELS);
    block.live.tally.send(0, 5);
    const copy = new LaneValues(LABELS, new Float64Array(LaneValues.size(LABELS)).fill(7));
    assert.ok(block.read(copy.values));
    assert.ok(copy.values.every((value) => value === 0));
  });

  test('what was counted after it is not read until the next; live shows it at once', () => {
    const block = new LaneBlock(LABELS);
    const reader = new LaneBlock(LABELS, block.buffer);
    const copy = new LaneValues(LABELS);
    for (let publication = 1; publication <= 5; publication++) {
      block.live.tally.send(1, 5);
      block.live.warmup.send();
      block.live.cursor = publication * 10;
      block.live.heartbeat = 0.5;
      block.live.state = 3;
      block.publish();
      block.live.tally.send(2, 5);
      block.live.tally.interrupt(2);
      assert.ok(reader.read(copy.values));
      assert.equal(copy.tally.label(1).counts.sent, publication);
      assert.equal(copy.tally.label(2).counts.sent, publication - 1);
      assert.equal(copy.warmup.counts.inFlight, publication);
      assert.deepEqual([copy.cursor, copy.heartbeat, copy.state], [publication * 10, 0.5, 3]);
      copy.values.set(reader.live.values);
      assert.equal(copy.tally.label(2).counts.sent, publication);
      assert.equal(reader.live.tally.label(2).counts.sent, publication);
    }
  });

  /** An array to read into, during whose filling the lane publishes so many times. */
  function overtaken(block: LaneBlock, publications: number): Float64Array {
    const into = new Float64Array(LaneValues.size(LABELS));
    into.set = function (source: ArrayLike<number>) {
      const middle = source.length >> 1;
      for (let index = 0; index < middle; index++) this[index] = source[index]!;
      for (let left = publications; left > 0; left--) {
        block.live.values.fill(block.live.values[0]! + 1);
        block.publish();
      }
      for (let index = middle; index < source.length; index++) this[index] = source[index]!;
    };
    return into;
  }

  test('a reader that is overtaken once has a whole copy all the same', () => {
    const block = new LaneBlock(LABELS);
    const into = overtaken(block, 1);
    assert.ok(block.read(into));
    assert.ok(block.read(into));
    assert.ok(into.every((value) => value === 1));
  });

  for (const publications of [2, 3, 4, 5]) {
    test(`a reader that is overtaken by ${publications} publications at each try gives up`, () => {
      const block = new LaneBlock(LABELS);
      assert.equal(block.read(overtaken(block, publications)), false);
      assert.ok(block.live.values[0]! <= 100 * publications, 'after few tries');
      const copy = new Float64Array(LaneValues.size(LABELS));
      assert.ok(block.read(copy), 'and has one when the lane lets it');
      assert.deepEqual(copy, block.live.values);
    });
  }

  test('the sequence wraps around', () => {
    const block = new LaneBlock(LABELS);
    // The sequence is the first number of the buffer; this one is four publications before it is 0 again.
    new Int32Array(block.buffer, 0, 1)[0] = -8;
    const copy = new LaneValues(LABELS);
    for (let publication = 1; publication <= 10; publication++) {
      block.live.cursor = publication;
      block.publish();
      assert.ok(block.read(copy.values));
      assert.equal(copy.cursor, publication);
      const into = overtaken(block, 2);
      block.live.values.fill(0);
      assert.equal(block.read(into), false);
      new Int32Array(block.buffer, 0, 1)[0] = -8 + 2 * publication;
    }
  });
});

describe('sizes', () => {
  test('a block of other labels is refused', () => {
    const { buffer } = new LaneBlock(LABELS);
    assert.throws(() => new LaneBlock(LABELS + 1, buffer), /a block of 4 labels has \d+ bytes, not \d+/);
    assert.throws(
      () => new LaneValues(LABELS, new Float64Array(5)),
      /a lane of 3 labels has \d+ values, not 5/,
    );
  });

  test('the parts of a lane follow one another', () => {
    const lane = new LaneValues(LABELS);
    assert.equal(LaneValues.size(LABELS), Tally.size(LABELS) + CountsBlock.size + 3);
    lane.tally.values.fill(1);
    lane.warmup.values.fill(2);
    lane.cursor = 3;
    lane.heartbeat = 4;
    lane.state = 5;
    assert.equal(lane.values.indexOf(0), -1);
    assert.ok(lane.tally.values.every((value) => value === 1));
    assert.ok(lane.warmup.values.every((value) => value === 2));
  });
});
