/**
 * How many templated messages one lane sends to NSQ from one core, beside go-nsq's `PublishAsync` with static messages of
 * the same size, one a PUB, as many outstanding; and whether each second has its messages.
 *
 *     node bench/nsq.ts [--rounds 3] [--seconds 8] [--size 300] [--rate 250000]
 *
 * Starts an nsqd of its own (`test/services/up`) and builds `bench/go-nsq` (Go 1.26). Each round runs that, then Taz
 * asked for `--rate`, far more than it can send. With `--rounds 0` only the seconds are counted. Exits with 1 when a floor
 * is missed.
 */
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compare, onProducerCore, output, seconds, size } from './messages.ts';

const OUTSTANDING = 1000;

const source = fileURLToPath(new URL('go-nsq', import.meta.url));
const program = join(mkdtempSync(join(os.tmpdir(), 'taz-go-nsq-')), 'go-nsq');
await output('go', ['build', '-C', source, '-o', program, '.']);

await compare({
  service: 'nsq',
  native: 'go-nsq, PublishAsync',
  spec: { timeout: '5s', inFlight: OUTSTANDING },
  address: (at) => at['NSQD_TCP']!,
  async runNative(at, topic) {
    const how = ['-size', `${size}`, '-outstanding', `${OUTSTANDING}`, '-duration', `${seconds}s`];
    return Number(await onProducerCore(program, ['-addr', at['NSQD_TCP']!, '-topic', topic, ...how]));
  },
  async times(at, topic, count) {
    const what = ['-addr', at['NSQD_TCP']!, '-topic', topic, '-consume', `${count}`];
    return (await output(program, what)).trim().split('\n').map(Number);
  },
});
