/**
 * How many templated messages one lane sends to Kafka from one core, beside Kafka's own producer with static messages of
 * the same size, and whether each second has its messages.
 *
 *     node bench/kafka.ts [--rounds 3] [--seconds 8] [--size 300] [--rate 250000]
 *
 * Starts a broker of its own (`test/services/up`). Each round runs Kafka's ProducerPerformance, then Taz asked for
 * `--rate`, far more than it can send, with the same acks, linger and batches. With `--rounds 0` only the seconds are
 * counted. Exits with 1 when a floor is missed.
 */
import { compare, onProducerCore, output, seconds, size } from './messages.ts';

/** Records of a run, about as many as fill its time. */
const PER_SECOND = 250_000;
const BATCH_BYTES = 262_144;

await compare({
  service: 'kafka',
  native: 'ProducerPerformance',
  spec: { timeout: '5s', linger: '5ms', batchBytes: BATCH_BYTES, acks: 'All' },
  address: (at) => at['KAFKA']!,
  async runNative(at, topic) {
    const properties = [
      `bootstrap.servers=${at['KAFKA']}`,
      'acks=all',
      'linger.ms=5',
      `batch.size=${BATCH_BYTES}`,
      'compression.type=none',
    ];
    const printed = await onProducerCore('java', [
      ...java(at, 'ProducerPerformance'),
      ...`--topic ${topic} --num-records ${seconds * PER_SECOND} --record-size ${size}`.split(' '),
      ...`--throughput -1 --command-property ${properties.join(' ')}`.split(' '),
    ]);
    const rates = [...printed.matchAll(/^\d+ records sent, ([0-9.]+) records\/sec/gm)];
    return Number(rates.at(-1)![1]);
  },
  async times(at, topic, count) {
    const printed = await output('java', [
      ...java(at, 'consumer.ConsoleConsumer'),
      ...`--bootstrap-server ${at['KAFKA']} --topic ${topic} --from-beginning`.split(' '),
      ...`--max-messages ${count} --timeout-ms 20000`.split(' '),
      ...'--formatter-property print.timestamp=true --formatter-property print.value=false'.split(' '),
    ]);
    return [...printed.matchAll(/CreateTime:(\d+)/g)].map(([, time]) => Number(time));
  },
});

function java(at: Record<string, string>, program: string): string[] {
  return ['-cp', `${at['KAFKA_LIBS']}/*`, `org.apache.kafka.tools.${program}`];
}
