import net from 'node:net';
import tls from 'node:tls';
import { failureCode } from '../../metrics/outcome.ts';
import type { Address } from '../../target/address.ts';
import type { AllowedHosts } from '../../target/allowed-hosts.ts';
import { Failure } from '../messages/failure.ts';
import type { KafkaOptions } from '../protocol.ts';
import { ByteWriter } from './byte-writer.ts';
import { failureOf } from './failure.ts';
import {
  API_KEYS,
  type Connection,
  type Exchange,
  type InitProducerIdAnswer,
  KafkaConnection,
  type MetadataAnswer,
  NO_LOGGER,
  type ProduceAnswer,
  REQUESTS,
  type Versions,
} from './kafkajs.ts';

/** The least version of a produce request that carries record batches (Kafka 0.11), and that which zstd needs (2.1). */
const OLDEST_PRODUCE = 3;
const ZSTD_PRODUCE = 7;
/** As others do: how long a producer id may be unused. Only transactions look at it. */
const TRANSACTION_TIMEOUT_MS = 60_000;
/** Room for the head of a request. */
const HEADER_BYTES = 512;
/** The first bytes of an alert, which is what TLS answers to one who does not speak it. */
const TLS_ALERT = 0x15;
const TLS_MAJOR = 3;

const CLOSED = failureCode('closed');
const CONNECT_TIMEOUT = failureCode('connect_timeout');
const TLS = failureCode('tls');
const PROTOCOL = failureCode('protocol');
const OTHER = failureCode('other');

export interface BrokerConnectionOptions {
  kafka: KafkaOptions;
  /** null: no TLS. */
  secureContext: tls.SecureContext | null;
  /** Sockets that are open. */
  sockets: Set<net.Socket>;
  /** Those that may be connected to: a cluster names its brokers itself. */
  hosts: AllowedHosts;
}

/** One connection to a broker, ready for requests from `open` until it is closed, by either side. */
export class BrokerConnection {
  readonly address: Address;
  /** Called once when it is closed, for whatever reason, after it was open. */
  onClosed: (failure: Failure) => void = () => {};
  readonly #options: BrokerConnectionOptions;
  readonly #connection: Connection;
  #socket: net.Socket | null = null;
  #versions: Versions = {};
  #produce: Exchange<ProduceAnswer> | null = null;
  #failure: Failure | null = null;
  readonly #ended = Promise.withResolvers<never>();

  private constructor(address: Address, options: BrokerConnectionOptions, deadlineMs: number) {
    const { clientId, sasl } = options.kafka;
    this.address = address;
    this.#options = options;
    this.#ended.promise.catch(() => {});
    this.#connection = new KafkaConnection({
      ...address,
      clientId,
      sasl: sasl === null ? null : { mechanism: sasl.mechanism, ...sasl.login! },
      logger: NO_LOGGER,
      socketFactory: ({ onConnect }) => this.#connect(onConnect),
      connectionTimeout: deadlineMs,
      // Lanes hold the only clock for messages, `#within` for all else.
      requestTimeout: 2 ** 31 - 1,
      enforceRequestTimeout: false,
    });
  }

  /** Connects, asks which versions are spoken, logs in. @throws Failure */
  static async open(
    address: Address,
    options: BrokerConnectionOptions,
    deadlineMs: number,
  ): Promise<BrokerConnection> {
    const refusal = options.hosts.refusal(address.host, address.port);
    if (refusal !== null) throw new Failure(OTHER, refusal);
    const made = new BrokerConnection(address, options, deadlineMs);
    await made.#within(deadlineMs, () => made.#open());
    return made;
  }

  get isOpen(): boolean {
    return this.#failure === null;
  }

  /** What the cluster says about one topic; brokers may make it now. @throws Failure */
  metadata(topic: string, deadlineMs: number): Promise<MetadataAnswer> {
    const version = this.#versionOf('Metadata', REQUESTS.Metadata.versions);
    const ask = REQUESTS.Metadata.protocol({ version })({ topics: [topic], allowAutoTopicCreation: true });
    return this.#within(deadlineMs, () => this.#send(ask));
  }

  /** Asks for a new id for an idempotent producer. @throws Failure */
  producerId(deadlineMs: number): Promise<InitProducerIdAnswer> {
    const version = this.#versionOf('InitProducerId', REQUESTS.InitProducerId.versions);
    const options = { transactionalId: null, transactionTimeout: TRANSACTION_TIMEOUT_MS };
    const ask = REQUESTS.InitProducerId.protocol({ version })(options);
    return this.#within(deadlineMs, () => this.#send(ask));
  }

  /**
   * Sends a produce request. It has no deadline. @param size about how many bytes the body has
   * @param writeBody writes it; called before this returns
   * @throws Failure when the connection ends before the answer
   */
  async produce(size: number, writeBody: (writer: ByteWriter) => void): Promise<ProduceAnswer> {
    const { request, response } = this.#produce!;
    const { apiKey, apiName, apiVersion } = request;
    const correlationId = this.#connection.nextCorrelationId();
    const writer = new ByteWriter(size + HEADER_BYTES);
    writer.putInt32(0);
    writer.putInt16(apiKey);
    writer.putInt16(apiVersion);
    writer.putInt32(correlationId);
    writer.putString(this.#options.kafka.clientId);
    writeBody(writer);
    writer.setInt32(0, writer.at - 4);
    try {
      if (this.#failure !== null) throw this.#failure;
      // A login may be good for a while only.
      if (this.#options.kafka.sasl !== null && !this.#connection.isAuthenticated()) {
        await this.#connection.authenticate();
      }
      const { payload } = await new Promise<{ payload: Buffer }>((resolve, reject) => {
        this.#connection.requestQueue.push({
          entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
          expectResponse: true,
          sendRequest: () => void this.#socket!.write(writer.written),
        });
      });
      const answer = await response.decode(payload);
      this.#connection.requestQueue.maybeThrottle(answer.clientSideThrottleTime);
      return answer;
    } catch (error) {
      throw this.#failure ?? failureOf(error);
    }
  }

  /** Ends it at once; `onClosed` is called before this returns. */
  destroy(failure: Failure): void {
    this.#end(failure);
    this.#socket?.destroy(failure);
  }

  #end(failure: Failure): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    this.#ended.reject(failure);
    this.onClosed(failure);
  }

  async #open(): Promise<void> {
    await this.#connection.connect();
    const ask = REQUESTS.ApiVersions.protocol({ version: 1 });
    const { apiVersions } = await this.#connection.send(ask());
    this.#versions = Object.fromEntries(apiVersions.map((api) => [api.apiKey, api]));
    this.#connection.setVersions(this.#versions);
    this.#connection.setSupportAuthenticationProtocol(API_KEYS.SaslAuthenticate in this.#versions);
    const version = this.#versionOf('Produce', REQUESTS.Produce.versions);
    const needed = this.#options.kafka.compression === 'Zstd' ? ZSTD_PRODUCE : OLDEST_PRODUCE;
    if (version < needed) {
      throw new Failure(
        PROTOCOL,
        `the broker is too old: it takes produce requests up to version ${version}`,
      );
    }
    this.#produce = REQUESTS.Produce.protocol({ version })({ acks: 0, timeout: 0, topicData: [] });
    await this.#connection.authenticate();
  }

  #versionOf(name: keyof typeof REQUESTS, known: string[]): number {
    const spoken = this.#versions[API_KEYS[name]];
    const version = Math.min(spoken?.maxVersion ?? -1, Math.max(...known.map(Number)));
    if (spoken === undefined || version < spoken.minVersion) {
      throw new Failure(PROTOCOL, `the broker speaks no version of ${name} requests that is known here`);
    }
    return version;
  }

  async #send<Answer>({ request, response }: Exchange<Answer>): Promise<Answer> {
    return this.#connection.send({ request, response: { decode: response.decode, parse: asItIs } });
  }

  async #within<T>(deadlineMs: number, work: () => Promise<T>): Promise<T> {
    const { host, port } = this.address;
    const late = new Failure(CONNECT_TIMEOUT, `${host}:${port} did not answer within ${deadlineMs} ms`);
    const timer = setTimeout(() => this.destroy(late), deadlineMs);
    try {
      if (this.#failure !== null) throw this.#failure;
      return await Promise.race([work(), this.#ended.promise]);
    } catch (error) {
      const failure = this.#failure ?? failureOf(error);
      this.destroy(failure);
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }

  #connect(onConnect: () => void): net.Socket {
    const { secureContext, sockets, kafka } = this.#options;
    const { host, port } = this.address;
    const socket =
      secureContext === null
        ? net.connect({ host, port }, onConnect)
        : tls.connect(
            {
              host,
              port,
              secureContext,
              servername: kafka.tls?.serverName ?? (net.isIP(host) === 0 ? host : ''),
              rejectUnauthorized: kafka.tls?.insecure !== true,
            },
            onConnect,
          );
    this.#socket = socket;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.once('data', (chunk: Buffer) => {
      if (secureContext === null && chunk[0] === TLS_ALERT && chunk[1] === TLS_MAJOR) {
        this.destroy(new Failure(TLS, `${host}:${port} speaks TLS: give kafka.tls`));
      }
    });
    socket.on('error', (error) => this.#end(failureOf(error)));
    socket.once('close', () => {
      sockets.delete(socket);
      this.#end(new Failure(CLOSED, `${host}:${port} closed the connection`));
    });
    return socket;
  }
}

async function asItIs<Answer>(answer: Answer): Promise<Answer> {
  return answer;
}
