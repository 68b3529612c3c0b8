import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { NsqTarget } from '../../../src/target/target.ts';
import { createNsqTransport } from '../../../src/transport/nsq/nsq-transport.ts';
import type { NsqOptions } from '../../../src/transport/protocol.ts';
import { openSender, type Sender } from '../messages/sender.ts';

const DEFAULTS: NsqOptions = {
  timeoutMs: 5000,
  inFlight: 10_000,
  lingerMs: 1,
  batchMessages: 500,
  batchBytes: 262_144,
  tls: null,
  auth: null,
};

export function openNsq(
  t: TestContext,
  options: Partial<NsqOptions> = {},
  slots?: number,
): Sender<NsqTarget> {
  return openSender<NsqTarget>(
    t,
    (_, most, report, topics) => createNsqTransport({ ...DEFAULTS, ...options }, most, report, topics),
    slots,
  );
}

export function message(addr: string, topic: string, value: string | Buffer = 'x', deferMs = 0): NsqTarget {
  return { addr, topic, value: Buffer.from(value), deferMs };
}

/** TLS with a certificate that only its own authority knows. */
export function tlsWith(caFile: string | null, insecure = false): NsqOptions['tls'] {
  return { ca: caFile === null ? null : readFileSync(caFile, 'utf8'), serverName: null, insecure };
}

export function secret(value: string): NsqOptions['auth'] {
  return { secret: { name: 's', key: 'k' }, value };
}
