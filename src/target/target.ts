/** One HTTP request to send, as a rendered or canned target says it. */
export interface HttpTarget {
  readonly method: string;
  /** Scheme, host and port, such as `http://127.0.0.1:8080`: what a connection is made to. */
  readonly origin: string;
  /** Path and query, always starting with `/`. */
  readonly path: string;
  /** Names and values in turn, in the order in which they are sent: `[name, value, name, value, …]`. */
  readonly headers: string[];
  readonly body: Buffer | null;
}

/** One message for a topic of Kafka. */
export interface KafkaTarget {
  /** The cluster: addresses to ask for its brokers, `host:port` joined by commas. */
  readonly addr: string;
  readonly topic: string;
  readonly value: Buffer;
  /** Decides the partition where none is given; null: none. */
  readonly key: Buffer | null;
  /** null: by the key, or any. */
  readonly partition: number | null;
  /** Names and values in turn. */
  readonly headers: string[];
  /** In ms since 1970; null: when it is sent. */
  readonly timestamp: number | null;
}

/** One message for a topic of NSQ. */
export interface NsqTarget {
  /** The nsqd, `host:port`. */
  readonly addr: string;
  readonly topic: string;
  readonly value: Buffer;
  /** How long nsqd keeps it before it is delivered, in ms; 0: not at all. */
  readonly deferMs: number;
}

/** Every kind of target. */
export type Target = HttpTarget | KafkaTarget | NsqTarget;

/**
 * Reads one target from the JSON text that a template rendered or a canned file holds.
 * @param bodies what stands in the text under a mark instead of in base64
 * @throws TargetError that names the field, its value and what would be right
 */
export type TargetParser<T extends Target = Target> = (json: string, bodies?: MarkedBodies) => T;

/** Bytes that are at hand and need not be read from base64. */
export interface MarkedBodies {
  /** The bytes, where the whole text is a mark; else null. */
  bytesOf(text: string): Buffer | null;
  /** The text with base64 in the place of all marks. */
  written(text: string): string;
}
