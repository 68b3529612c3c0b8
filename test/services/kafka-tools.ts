import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';

/** Kafka's own programs, as witnesses that Taz did not write. */

const run = promisify(execFile);
const MAX_OUTPUT = 256 * 1024 * 1024;

export interface KafkaServer {
  /** `host:port` without TLS or login. */
  broker: string;
  /** Folder of Kafka's jars. */
  libs: string;
}

async function program(libs: string, name: string, args: string[]): Promise<string> {
  const java = [
    '-Xshare:auto',
    '-XX:TieredStopAtLevel=1',
    '-cp',
    `${libs}/*`,
    `org.apache.kafka.tools.${name}`,
  ];
  const { stdout } = await run('java', [...java, ...args], { maxBuffer: MAX_OUTPUT });
  return stdout;
}

/** Makes topics of three partitions. Nobody's witness, so it may be quick. */
export async function createTopics({ broker }: Pick<KafkaServer, 'broker'>, topics: string[]): Promise<void> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    topics: topics.map((topic) => ({ topic, numPartitions: 3 })),
    waitForLeaders: true,
  });
  await admin.disconnect();
}

/** How many messages a topic has taken, by partition. */
export async function offsets({ broker, libs }: KafkaServer, topic: string): Promise<number[]> {
  const args = ['--bootstrap-server', broker, '--topic', topic];
  const output = await program(libs, 'GetOffsetShell', args);
  return [...output.matchAll(/^[^:\n]+:\d+:(\d+)$/gm)].map(([, offset]) => Number(offset));
}

export async function messageCount(server: KafkaServer, topic: string): Promise<number> {
  return (await offsets(server, topic)).reduce((sum, count) => sum + count, 0);
}

/** A message as the console consumer prints it: texts. */
export interface Consumed {
  partition: number;
  timestamp: number;
  /** `name:value` joined by commas, or `NO_HEADERS`. */
  headers: string;
  /** `null` for none. */
  key: string;
  value: string;
}

/** The first `count` messages of a topic, or fewer after `timeoutMs` without one, read by Kafka's console consumer. */
export async function consume(
  { broker, libs }: KafkaServer,
  topic: string,
  count: number,
  timeoutMs = 20_000,
): Promise<Consumed[]> {
  const output = await program(libs, 'consumer.ConsoleConsumer', [
    ...`--bootstrap-server ${broker} --topic ${topic} --from-beginning`.split(' '),
    ...`--max-messages ${count} --timeout-ms ${timeoutMs}`.split(' '),
    ...['partition', 'timestamp', 'headers', 'key'].flatMap((what) => [
      '--formatter-property',
      `print.${what}=true`,
    ]),
    '--formatter-property',
    'key.separator=\t',
  ]);
  return output
    .split('\n')
    .filter((line) => line.includes('\tPartition:'))
    .map((line) => {
      const [timestamp, partition, headers, key, value] = line.split('\t') as [
        string,
        string,
        string,
        string,
        string,
      ];
      return {
        partition: Number(partition.replace('Partition:', '')),
        timestamp: Number(timestamp.replace(/^\w+:/, '')),
        headers,
        key,
        value,
      };
    });
}
