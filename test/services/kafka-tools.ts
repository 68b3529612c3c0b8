import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

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

export async function createTopic({ broker, libs }: KafkaServer, topic: string, config: string[] = []) {
  const options = config.flatMap((each) => ['--config', each]);
  const what = ['--create', '--topic', topic, '--partitions', '3', '--replication-factor', '1'];
  await program(libs, 'TopicCommand', ['--bootstrap-server', broker, ...what, ...options]);
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

/** The first `count` messages of a topic, read by Kafka's console consumer. */
export async function consume(
  { broker, libs }: KafkaServer,
  topic: string,
  count: number,
): Promise<Consumed[]> {
  const output = await program(libs, 'consumer.ConsoleConsumer', [
    ...`--bootstrap-server ${broker} --topic ${topic} --from-beginning`.split(' '),
    ...`--max-messages ${count} --timeout-ms 20000`.split(' '),
    ...['partition', 'timestamp', 'headers', 'key'].flatMap((what) => [
      '--formatter-property',
      `print.${what}=true`,
    ]),
    '--formatter-property',
    'key.separator=\t',
  ]);
  return output
    .split('\n')
    .filter((line) => line !== '')
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
