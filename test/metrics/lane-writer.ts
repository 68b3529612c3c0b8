/** A lane for `lane-block.test.ts`: counts hits and publishes without a pause until it is told to stop or ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { LaneBlock } from '../../src/metrics/lane-block.ts';
import { randomStream } from './random.ts';

export interface WriterData {
  buffer: SharedArrayBuffer;
  labels: number;
  /** Not 0: stop. */
  stop: SharedArrayBuffer;
  /** Hits between two publications. */
  hitsEach: number;
}

const { buffer, labels, stop, hitsEach } = workerData as WriterData;
const block = new LaneBlock(labels, buffer);
const { live } = block;
const stopped = new Int32Array(stop);
const random = randomStream(1);
let hit = live.tally.counts.sent;
live.tally.interruptAll();
live.warmup.interruptAll();
while (Atomics.load(stopped, 0) === 0) {
  for (let left = hitsEach; left > 0; left--) {
    const label = hit % labels;
    live.tally.send(label, random() * 100);
    live.warmup.send();
    hit += 1;
    live.cursor = hit;
    live.heartbeat = hit;
    if (hit % 3 === 0) continue;
    live.tally.succeed(label, 200, random() * 1e6, random() * 1e6, 1, 1);
    live.warmup.succeed();
  }
  block.publish();
}
live.cursor = Number.POSITIVE_INFINITY;
block.publish();
parentPort?.postMessage(hit);
