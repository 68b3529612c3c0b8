import type net from 'node:net';
import { failureCode } from '../../metrics/outcome.ts';
import type { TopicBlock } from '../../metrics/topic-counts.ts';
import { type AllowedHosts, ANY_HOST } from '../../target/allowed-hosts.ts';
import type { KafkaTarget } from '../../target/target.ts';
import { Failure } from '../messages/failure.ts';
import { MessageSlots } from '../messages/message-slots.ts';
import { closeAll } from '../messages/sockets.ts';
import type { KafkaOptions } from '../protocol.ts';
import { secureContext } from '../tls-context.ts';
import type { MessageTransportFactory, Report, Transport } from '../transport.ts';
import type { BrokerConnectionOptions } from './broker-connection.ts';
import { Cluster } from './cluster.ts';
import type { Topic } from './topic.ts';

/** How often to look for connections on which nothing is answered any more, and for topics to ask for anew, in ms. */
const LOOK_MS = 500;
/** How much longer than a message's timeout a broker may take for a request: until then it is its own to answer so. */
const STALL_MARGIN_MS = 1000;
/** More clusters than a test has; those of no use at the moment are closed beyond them. */
const MOST_CLUSTERS = 64;

const STALLED = failureCode('stalled');
const CLOSED = failureCode('closed');

/**
 * Messages to Kafka. @throws Error when `options.tls.ca` is no PEM text
 *
 * A hit is one message, sent once. It enters the batch of its partition at once, and goes out with it: after the linger, or
 * when the batch is full. It has succeeded when the broker has acknowledged its batch as `acks` asks. What does not go out,
 * because the broker is slow or gone, stays where the lane can give it up; so the slots bound all memory.
 */
export const createKafkaTransport: MessageTransportFactory<KafkaTarget, KafkaOptions> = (
  options,
  slots,
  report,
  topics,
  hosts = ANY_HOST,
) => new KafkaTransport(options, slots, report, topics, hosts);

class KafkaTransport implements Transport<KafkaTarget> {
  readonly #slots: MessageSlots;
  readonly #connections: BrokerConnectionOptions;
  readonly #clusters = new Map<string, Cluster>();
  readonly #closing = new AbortController();
  readonly #watch: NodeJS.Timeout;
  /** Where the last message went, as most go to one topic. */
  #last: { addr: string; name: string; cluster: Cluster; topic: Topic } | null = null;

  constructor(options: KafkaOptions, slots: number, report: Report, topics: TopicBlock, hosts: AllowedHosts) {
    if (options.sasl?.login === null)
      throw new Error(`kafka.sasl: Secret ${options.sasl.secretName} was not read`);
    this.#slots = new MessageSlots(slots, report, topics);
    this.#connections = {
      kafka: options,
      secureContext: options.tls === null ? null : secureContext(options.tls.ca, 'kafka.tls.ca'),
      sockets: new Set<net.Socket>(),
      hosts,
    };
    this.#watch = setInterval(() => this.#look(), LOOK_MS);
    this.#watch.unref();
  }

  send(slot: number, target: KafkaTarget): void {
    this.#slots.begin(slot, target);
    let last = this.#last;
    if (last === null || last.addr !== target.addr || last.name !== target.topic) last = this.#find(target);
    last.cluster.send(last.topic, slot, target);
  }

  abort(slot: number): void {
    this.#slots.abort(slot);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#watch);
    this.#slots.close();
    const closed = new Failure(CLOSED, 'the transport is closed');
    for (const cluster of this.#clusters.values()) cluster.destroy(closed);
    await closeAll(this.#connections.sockets);
  }

  #find({ addr, topic: name }: KafkaTarget): { addr: string; name: string; cluster: Cluster; topic: Topic } {
    let cluster = this.#clusters.get(addr);
    if (cluster === undefined) {
      if (this.#clusters.size >= MOST_CLUSTERS) this.#closeIdle();
      cluster = new Cluster(addr, this.#slots, this.#connections, this.#closing.signal);
      this.#clusters.set(addr, cluster);
    }
    this.#last = { addr, name, cluster, topic: cluster.topic(name) };
    return this.#last;
  }

  #look(): void {
    const waitedMs = this.#connections.kafka.timeoutMs + STALL_MARGIN_MS;
    const stalled = new Failure(STALLED, `the broker has answered nothing for ${waitedMs} ms`);
    const now = performance.now();
    for (const cluster of this.#clusters.values()) {
      cluster.endStalled(now - waitedMs, stalled);
      cluster.refresh(now);
    }
  }

  #closeIdle(): void {
    for (const [addr, cluster] of this.#clusters) {
      if (!cluster.isIdle) continue;
      cluster.destroy(new Failure(CLOSED, 'it was of no use any more'));
      this.#clusters.delete(addr);
    }
    this.#last = null;
  }
}
