import type { HttpOptions, TlsOptions } from './transport.ts';

/** How a test sends, with the options of that way: one value, from the manifest to the lanes. */
export type Protocol =
  | ({ kind: 'http' } & HttpOptions)
  | ({ kind: 'kafka' } & KafkaOptions)
  | ({ kind: 'nsq' } & NsqOptions);

export type ProtocolKind = Protocol['kind'];

/** What the two ways to send messages have in common. */
interface MessageOptions {
  /** From a message's entry into its batch to its acknowledgement, in ms. Enforced by the lane. */
  timeoutMs: number;
  /** The most messages of one lane that are not acknowledged yet. Equals the lane's slots. */
  inFlight: number;
  /** How long a message waits for others to share a batch, in ms; 0: only for those of the same turn. */
  lingerMs: number;
  /** The most messages of a batch. */
  batchMessages: number;
  /** Bytes of its messages at which a batch is full; a message that has more is a batch of its own. */
  batchBytes: number;
  /** null: no TLS. */
  tls: TlsOptions | null;
}

/** Options of the Kafka transport, parsed from `spec.kafka` with its defaults filled in. */
export interface KafkaOptions extends MessageOptions {
  /** Who must have a message before it is acknowledged: all replicas in sync, or the leader alone. */
  acks: 'All' | 'Leader';
  compression: 'None' | 'Gzip' | 'Zstd';
  /** Name under which the brokers know the lanes. */
  clientId: string;
  /** true: batches carry a producer id and sequence numbers, as those of Java's producer do. */
  idempotent: boolean;
  sasl: SaslOptions | null;
}

export interface SaslOptions {
  mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  /** Name of the Secret that holds the login. */
  secretName: string;
  /** What stands in the Secret; null until it has been looked up. */
  login: { username: string; password: string } | null;
}

/** Options of the NSQ transport, parsed from `spec.nsq` with its defaults filled in. */
export interface NsqOptions extends MessageOptions {
  auth: NsqAuthOptions | null;
}

export interface NsqAuthOptions {
  /** Where the secret for nsqd's `AUTH` stands. */
  secret: { name: string; key: string };
  /** What stands there; null until it has been looked up. */
  value: string | null;
}

/** How many hits a lane may have in flight at once. */
export function slotsOf(protocol: Protocol): number {
  return protocol.kind === 'http' ? protocol.connections : protocol.inFlight;
}

/** The most connections of a lane that a test is known to open; messages share a few for each broker. */
export function connectionsOf(protocol: Protocol): number {
  return protocol.kind === 'http' ? protocol.connections : MESSAGE_CONNECTIONS;
}

/** Room for the brokers of a few clusters. */
const MESSAGE_CONNECTIONS = 32;
