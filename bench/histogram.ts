/**
 * What counting costs: one record in the histogram, and one whole hit (`send` and `succeed`) in a lane's shared memory.
 * Run: node bench/histogram.ts
 */
import { createHistogram } from 'node:perf_hooks';
import { Histogram as PromHistogram, Registry } from 'prom-client';
import { Histogram } from '../src/metrics/histogram.ts';
import { LaneBlock, LaneValues } from '../src/metrics/lane-block.ts';
import { VectorSender } from '../src/metrics/vector-codec.ts';

const ROUNDS = 5;
/** Service times around 1 ms with a long tail, in µs, with a fraction as a clock gives them. */
const TIMES = Float64Array.from({ length: 65_536 }, (_, n) => 300 * Math.exp(3 * ((n * 0.618034) % 1)));

/** The best of some rounds, in ns a call. */
function measure(what: string, calls: number, call: (timeUs: number, n: number) => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    for (let n = 0; n < calls; n++) call(TIMES[n & 65_535]!, n);
    best = Math.min(best, ((performance.now() - begin) * 1e6) / calls);
  }
  console.log(`${what.padEnd(52)} ${best.toFixed(1).padStart(10)} ns`);
}

const histogram = new Histogram();
measure('histogram: record', 10_000_000, (timeUs) => histogram.record(timeUs));

const native = createHistogram();
measure('perf_hooks: record', 3_000_000, (timeUs) => native.record(timeUs | 0));

const prom = new PromHistogram({ name: 'bench', help: 'bench', registers: [new Registry()] });
measure('prom-client: observe', 1_000_000, (timeUs) => prom.observe(timeUs / 1e6));

const LABELS = 5;
const block = new LaneBlock(LABELS);
const { tally } = block.live;
measure('lane: send and succeed', 5_000_000, (timeUs, n) => {
  const label = n % LABELS;
  tally.send(label, timeUs / 10);
  tally.succeed(label, 200, timeUs, timeUs * 1.1, 400, 2);
});
measure('lane: publish', 2000, () => block.publish());

const copy = new LaneValues(LABELS);
measure('worker: read what a lane published', 2000, () => {
  block.read(copy.values);
});
const sender = new VectorSender(copy.tally.values.length);
measure('worker: encode a report', 2000, () => sender.encode(copy.tally.values));
measure('p99', 20_000, () => {
  tally.service.percentileUs(99);
});
console.log(
  `${'memory of a lane'.padEnd(52)} ${(block.buffer.byteLength / 1024).toFixed(0).padStart(10)} KiB`,
);
