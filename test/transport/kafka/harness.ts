import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { KafkaTarget } from '../../../src/target/target.ts';
import { createKafkaTransport } from '../../../src/transport/kafka/kafka-transport.ts';
import type { KafkaOptions } from '../../../src/transport/protocol.ts';
import { openSender, type Sender } from '../messages/sender.ts';

export const DEFAULTS: KafkaOptions = {
  timeoutMs: 5000,
  inFlight: 10_000,
  lingerMs: 5,
  batchMessages: 500,
  batchBytes: 262_144,
  tls: null,
  acks: 'All',
  compression: 'None',
  clientId: 'taz-test',
  idempotent: false,
  sasl: null,
};

export function openKafka(
  t: TestContext,
  options: Partial<KafkaOptions> = {},
  slots?: number,
): Sender<KafkaTarget> {
  return openSender<KafkaTarget>(
    t,
    (_, most, report, topics) => createKafkaTransport({ ...DEFAULTS, ...options }, most, report, topics),
    slots,
  );
}

export function message(
  addr: string,
  topic: string,
  value: string | Buffer = 'x',
  differences: Partial<KafkaTarget> = {},
): KafkaTarget {
  return {
    addr,
    topic,
    value: Buffer.from(value),
    key: null,
    partition: null,
    headers: [],
    timestamp: null,
    ...differences,
  };
}

/** TLS with a certificate that only its own authority knows. */
export function tlsWith(caFile: string | null, insecure = false): KafkaOptions['tls'] {
  return { ca: caFile === null ? null : readFileSync(caFile, 'utf8'), serverName: null, insecure };
}

export function login(
  mechanism: NonNullable<KafkaOptions['sasl']>['mechanism'],
  username: string,
  password: string,
): KafkaOptions['sasl'] {
  return { mechanism, secretName: 's', login: { username, password } };
}
