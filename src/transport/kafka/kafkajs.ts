import { createRequire } from 'node:module';
import type net from 'node:net';

/**
 * The parts of kafkajs that are used here: its connections (framing, TLS, SASL) and the requests around a produce
 * request. They are no public interface of the package, so its version is pinned; decision 10 says why.
 */

const VERSION = '2.2.4';

/** As much as is used of the logger that each part takes. */
export interface Logger {
  namespace(name: string): Logger;
  info(): void;
  warn(): void;
  error(): void;
  debug(): void;
}

/** A request with what reads its answer. */
export interface Exchange<Answer> {
  request: {
    apiKey: number;
    apiVersion: number;
    apiName: string;
    encode(): Promise<unknown>;
  };
  response: {
    decode: (bytes: Buffer) => Promise<Answer>;
    parse: (answer: Answer) => Promise<Answer>;
  };
}

/** By key of an API, the versions that a broker speaks. */
export type Versions = Record<number, { minVersion: number; maxVersion: number }>;

export interface Connection {
  readonly requestQueue: RequestQueue;
  nextCorrelationId(): number;
  connect(): Promise<unknown>;
  authenticate(): Promise<void>;
  /** false also where there is no login. */
  isAuthenticated(): boolean;
  send<Answer>(exchange: Exchange<Answer>): Promise<Answer>;
  setVersions(versions: Versions): void;
  setSupportAuthenticationProtocol(supported: boolean): void;
}

export interface ConnectionOptions {
  host: string;
  port: number;
  clientId: string;
  sasl: { mechanism: string; username: string; password: string } | null;
  logger: Logger;
  socketFactory(options: { host: string; port: number; onConnect: () => void }): net.Socket;
  /** In ms. Nothing else is timed: `enforceRequestTimeout` is false. */
  connectionTimeout: number;
  requestTimeout: number;
  enforceRequestTimeout: boolean;
}

export interface ApiVersionsAnswer {
  apiVersions: { apiKey: number; minVersion: number; maxVersion: number }[];
}

export interface MetadataAnswer {
  brokers: { nodeId: number; host: string; port: number }[];
  topicMetadata: {
    topicErrorCode: number;
    topic: string;
    partitionMetadata: { partitionErrorCode: number; partitionId: number; leader: number }[];
  }[];
}

export interface InitProducerIdAnswer {
  errorCode: number;
  producerId: string;
  producerEpoch: number;
}

export interface ProduceAnswer {
  topics: { topicName: string; partitions: { partition: number; errorCode: number }[] }[];
  /** How long the broker wants to be left alone, in ms. */
  clientSideThrottleTime?: number;
}

interface Definition<Options, Answer> {
  versions: string[];
  protocol(of: { version: number }): (options: Options) => Exchange<Answer>;
}

interface Requests {
  ApiVersions: Definition<void, ApiVersionsAnswer>;
  Metadata: Definition<{ topics: string[]; allowAutoTopicCreation: boolean }, MetadataAnswer>;
  InitProducerId: Definition<{ transactionalId: null; transactionTimeout: number }, InitProducerIdAnswer>;
  Produce: Definition<{ acks: number; timeout: number; topicData: never[] }, ProduceAnswer>;
}

export interface RequestQueue {
  pending: unknown[];
  /** Calls `sendRequest` when the broker's throttling allows it, and `resolve` with the answer's bytes. */
  push(request: {
    entry: {
      apiKey: number;
      apiName: string;
      apiVersion: number;
      correlationId: number;
      resolve: (answer: { payload: Buffer }) => void;
      reject: (error: Error) => void;
    };
    expectResponse: boolean;
    sendRequest: () => void;
  }): void;
  maybeThrottle(ms: number | undefined): void;
}

const require = createRequire(import.meta.url);
const { version } = require('kafkajs/package.json') as { version: string };
if (version !== VERSION) {
  throw new Error(`kafkajs is ${version}: the Kafka transport uses inner parts of ${VERSION}, install that`);
}

export const KafkaConnection = require('kafkajs/src/network/connection.js') as new (
  options: ConnectionOptions,
) => Connection;
export const API_KEYS = require('kafkajs/src/protocol/requests/apiKeys.js') as Record<
  keyof Requests,
  number
> &
  Record<'SaslAuthenticate', number>;
export const REQUESTS = (require('kafkajs/src/protocol/requests/index.js') as { requests: Requests })
  .requests;
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode: (code: number) => { type: string; message: string };
};

/** What the protocol calls an error, and what it means in words. */
export function brokerError(code: number): { type: string; message: string } {
  return createErrorFromCode(code);
}

export const NO_LOGGER: Logger = {
  namespace: () => NO_LOGGER,
  info: () => {},
  warn: () => {},
  error: () => {},
  debug: () => {},
};

/**
 * As it is published, a queue that was used once sets a timer of at most a millisecond for ever, though nothing is
 * pending: about 900 timers a second, 2 % of a core, for each connection.
 */
const queues = require('kafkajs/src/network/requestQueue/index.js') as {
  prototype: { scheduleCheckPendingRequests: (this: RequestQueue) => void };
};
const schedule = queues.prototype.scheduleCheckPendingRequests;
queues.prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(): void {
  if (this.pending.length > 0) schedule.call(this);
};
