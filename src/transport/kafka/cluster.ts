import { setTimeout as pause } from 'node:timers/promises';
import { failureCode } from '../../metrics/outcome.ts';
import type { Address } from '../../target/address.ts';
import type { KafkaTarget } from '../../target/target.ts';
import { Batch } from '../messages/batch.ts';
import { Failure } from '../messages/failure.ts';
import type { MessageOwner } from '../messages/message-slots.ts';
import type { KafkaOptions } from '../protocol.ts';
import type { PartitionBatch } from './batch.ts';
import { Bootstrap } from './bootstrap.ts';
import { Broker, type BrokerOwner } from './broker.ts';
import type { BrokerConnection, BrokerConnectionOptions } from './broker-connection.ts';
import {
  failureOf,
  failureOfCode,
  LEADER_NOT_AVAILABLE,
  NONE,
  NOT_YET,
  UNKNOWN_TOPIC_OR_PARTITION,
} from './failure.ts';
import type { MetadataAnswer } from './kafkajs.ts';
import type { Sequence } from './record-batch.ts';
import { Sequences } from './sequences.ts';
import { type Partition, Topic } from './topic.ts';

/** How long a cluster is asked about a topic that is not there: it may be making it just now, in ms. */
const CREATION_MS = 1500;
const FIRST_LOOK_AGAIN_MS = 20;
/** How much earlier the leader of a new partition may be told than it knows itself, in ms. */
const SETTLE_MS = 100;
/** How often the partitions of a topic are asked for while nothing is wrong, in ms. */
const REFRESH_MS = 300_000;
/** The same while a partition has no leader. */
const LEADERLESS_MS = 1000;
/** More topics than a test has; those of no use at the moment are forgotten beyond them. */
const MOST_TOPICS = 4096;

/**
 * One cluster, as its bootstrap addresses name it: knows the topics that were sent to, and the brokers that lead their
 * partitions. Nothing is connected to before there is a message for it, nor again after a failure: so what cannot be
 * reached is tried as often as messages come, but for a pause that grows up to a second, in which they fail at once.
 */
export class Cluster implements BrokerOwner {
  readonly options: KafkaOptions;
  readonly #bootstrap: Bootstrap;
  readonly #owner: MessageOwner;
  readonly #signal: AbortSignal;
  readonly #topics = new Map<string, Topic>();
  /** By node id. */
  readonly #brokers = new Map<number, Broker>();
  readonly #sequences = new Sequences();

  /** @param addr addresses joined by commas @param signal ends all questions when it is aborted */
  constructor(addr: string, owner: MessageOwner, connections: BrokerConnectionOptions, signal: AbortSignal) {
    this.options = connections.kafka;
    this.#bootstrap = new Bootstrap(addr, connections);
    this.#owner = owner;
    this.#signal = signal;
  }

  topic(name: string): Topic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      if (this.#topics.size >= MOST_TOPICS) this.#forgetTopics();
      topic = new Topic(name);
      this.#topics.set(name, topic);
    }
    return topic;
  }

  send(topic: Topic, slot: number, target: KafkaTarget): void {
    this.#send(topic, slot, target, Date.now());
  }

  get isIdle(): boolean {
    for (const broker of this.#brokers.values()) if (!broker.isIdle) return false;
    for (const topic of this.#topics.values()) if (topic.waiting.live > 0) return false;
    return true;
  }

  /** Gives up connections on which a request has waited since before `time`, clock time in ms. */
  endStalled(time: number, failure: Failure): void {
    for (const broker of this.#brokers.values()) if (broker.waitsSince < time) broker.destroy(failure);
  }

  /** Asks for topics anew whose time it is. @param now clock time in ms */
  refresh(now: number): void {
    for (const topic of this.#topics.values()) {
      if (topic.partitions !== null && !topic.loading && topic.refreshAt <= now) void this.#load(topic);
    }
  }

  destroy(failure: Failure): void {
    this.#bootstrap.destroy(failure);
    for (const broker of this.#brokers.values()) broker.destroy(failure);
  }

  // --- BrokerOwner ---

  open(address: Address): Promise<BrokerConnection> {
    return this.#bootstrap.open(address);
  }

  sequence({ topic, id }: Partition, count: number): Sequence | null | 'wait' {
    if (!this.options.idempotent) return null;
    return this.#sequences.take(topic.name, id, count) ?? 'wait';
  }

  /** Another id with numbers from 0 on: what became of a batch may not be known, so its numbers cannot be used again. */
  sequenceBroken(): void {
    if (!this.#sequences.isReady) return;
    this.#sequences.end();
    for (const topic of this.#topics.values()) this.#misplace(topic);
  }

  placed(slot: number, batch: Batch, index: number): void {
    this.#owner.placed(slot, batch, index);
  }

  settled(batch: Batch, outcome: number, error: string): void {
    this.#owner.settled(batch, outcome, error);
  }

  misplaced(topic: Topic, unsent: PartitionBatch[]): void {
    topic.partitions = null;
    this.#wait(topic, unsent);
  }

  lost(broker: Broker, failure: Failure | null): void {
    const unsent = broker.takeUnsent(null);
    if (failure !== null) {
      for (const batch of unsent) this.settled(batch, failure.outcome, failure.message);
    }
    for (const topic of this.#topics.values()) {
      if (!topic.partitions?.some((partition) => partition.broker === broker)) continue;
      topic.partitions = null;
      if (failure === null)
        this.#wait(
          topic,
          unsent.filter((batch) => batch.partition.topic === topic),
        );
    }
  }

  // --- topics ---

  #send(topic: Topic, slot: number, target: KafkaTarget, time: number): void {
    if (topic.partitions === null) return this.#hold(topic, slot, target, time);
    const partition = topic.choose(target);
    const failure =
      partition instanceof Failure ? partition : partition.broker!.add(partition, slot, target, time);
    if (failure !== null) this.#owner.refused(slot, failure);
  }

  /** Until its partitions are known, a message waits, unless asking for them has just failed. */
  #hold(topic: Topic, slot: number, target: KafkaTarget, time: number): void {
    const failure = topic.loading ? null : this.#failureFor(topic);
    if (failure !== null) return this.#owner.refused(slot, failure);
    const { waiting } = topic;
    this.#owner.placed(slot, waiting, waiting.add(slot, target, time));
    if (!topic.loading) void this.#load(topic);
  }

  #failureFor(topic: Topic): Failure | null {
    const now = performance.now();
    return this.#bootstrap.refusal(now) ?? (topic.backoff.holds(now) ? topic.failure : null);
  }

  #misplace(topic: Topic): void {
    if (topic.partitions === null) return;
    const brokers = new Set(topic.partitions.map(({ broker }) => broker));
    topic.partitions = null;
    this.#wait(
      topic,
      [...brokers].flatMap((broker) => broker?.takeUnsent(topic) ?? []),
    );
  }

  #wait(topic: Topic, unsent: readonly PartitionBatch[]): void {
    for (const batch of unsent) {
      batch.slots.forEach((slot, index) => {
        const target = batch.targets[index];
        if (target) this.#hold(topic, slot, target, batch.times[index]!);
      });
    }
  }

  /** Asks who leads the partitions of a topic, and sends what has waited for that. */
  async #load(topic: Topic): Promise<void> {
    topic.loading = true;
    topic.refreshAt = performance.now() + REFRESH_MS;
    const before = topic.partitions;
    try {
      const leaders = await this.#leadersOf(topic);
      if (this.options.idempotent && !this.#sequences.isReady) await this.#becomeProducer();
      topic.loading = false;
      if (leaders.includes(null)) topic.refreshAt = performance.now() + LEADERLESS_MS;
      // Nothing has changed: batches go on as they are.
      if (topic.partitions !== null && topic.isLedBy(leaders)) return;
      if (before !== null) this.#misplace(topic);
      topic.learn(leaders);
      this.#sendWaiting(topic);
      for (const broker of new Set(leaders)) broker?.drain();
    } catch (error) {
      topic.loading = false;
      if (topic.partitions !== null) return;
      topic.failure = failureOf(error);
      topic.backoff.failed(performance.now());
      this.#failWaiting(topic, topic.failure);
    }
  }

  #sendWaiting(topic: Topic): void {
    const { slots, targets, times } = topic.waiting;
    topic.waiting = new Batch();
    slots.forEach((slot, index) => {
      const target = targets[index];
      if (target) this.#send(topic, slot, target, times[index]!);
    });
  }

  #failWaiting(topic: Topic, failure: Failure): void {
    const { waiting } = topic;
    topic.waiting = new Batch();
    this.settled(waiting, failure.outcome, failure.message);
  }

  /**
   * By id of the partition; null where there is no leader. A topic that is not there, or not whole, is looked for for a
   * while: the brokers may be making it.
   */
  async #leadersOf(topic: Topic): Promise<(Broker | null)[]> {
    const until =
      performance.now() + (topic.failure === null ? Math.min(CREATION_MS, this.#bootstrap.openMs / 2) : 0);
    let isNew = false;
    for (let pauseMs = FIRST_LOOK_AGAIN_MS; ; pauseMs *= 2) {
      const connection = await this.#anyConnection();
      const answer = await connection.metadata(topic.name, this.#bootstrap.askMs);
      const found = answer.topicMetadata.find((each) => each.topic === topic.name);
      const code = found?.topicErrorCode ?? UNKNOWN_TOPIC_OR_PARTITION;
      const isLate = performance.now() + pauseMs > until;
      if (found !== undefined && code === NONE) {
        const leaders = this.#leadersIn(answer, found, connection);
        if (isLate || !leaders.includes(null)) {
          if (isNew) await pause(SETTLE_MS, undefined, { signal: this.#signal });
          return leaders;
        }
        isNew = true;
      } else {
        const mayCome = code === UNKNOWN_TOPIC_OR_PARTITION || code === LEADER_NOT_AVAILABLE;
        if (isLate || !mayCome) throw missing(topic.name, code);
        isNew = true;
      }
      await pause(pauseMs, undefined, { signal: this.#signal });
    }
  }

  #leadersIn(
    { brokers }: MetadataAnswer,
    { partitionMetadata }: MetadataAnswer['topicMetadata'][number],
    asked: BrokerConnection,
  ): (Broker | null)[] {
    const leaders: (Broker | null)[] = new Array<null>(partitionMetadata.length).fill(null);
    for (const { partitionId, leader } of partitionMetadata) {
      const at = brokers.find(({ nodeId }) => nodeId === leader);
      if (at !== undefined && partitionId < leaders.length) {
        leaders[partitionId] = this.#brokerAt(leader, { host: at.host, port: at.port }, asked);
      }
    }
    return leaders;
  }

  #brokerAt(id: number, address: Address, asked: BrokerConnection): Broker {
    let broker = this.#brokers.get(id);
    if (broker === undefined || !isSame(broker.address, address)) {
      if (broker?.isIdle)
        broker.destroy(new Failure(failureCode('closed'), 'the broker has another address'));
      broker = new Broker(address, this);
      this.#brokers.set(id, broker);
    }
    const isTaken = [...this.#brokers.values()].some(({ connection }) => connection === asked);
    if (!isTaken && isSame(asked.address, address)) broker.adopt(asked);
    return broker;
  }

  /** A broker that has just started may have no ids to give yet. */
  async #becomeProducer(): Promise<void> {
    const until = performance.now() + CREATION_MS;
    for (let pauseMs = FIRST_LOOK_AGAIN_MS; !this.#sequences.isReady; pauseMs *= 2) {
      const connection = await this.#anyConnection();
      const { errorCode, producerId, producerEpoch } = await connection.producerId(this.#bootstrap.askMs);
      if (errorCode === NONE) {
        if (!this.#sequences.isReady) this.#sequences.begin(BigInt(producerId), producerEpoch);
        return;
      }
      if (!NOT_YET.has(errorCode) || performance.now() + pauseMs > until) throw failureOfCode(errorCode);
      await pause(pauseMs, undefined, { signal: this.#signal });
    }
  }

  /** One that is open, or a new one. @throws Failure when no address can be connected to */
  #anyConnection(): Promise<BrokerConnection> | BrokerConnection {
    for (const { connection } of this.#brokers.values()) if (connection?.isOpen) return connection;
    return this.#bootstrap.connection();
  }

  #forgetTopics(): void {
    for (const [name, topic] of this.#topics) {
      const open = topic.partitions?.some((partition) => partition.open !== null) ?? topic.loading;
      if (!open && topic.waiting.live === 0) this.#topics.delete(name);
    }
  }
}

function isSame(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}

function missing(topic: string, code: number): Failure {
  const { outcome, message } = failureOfCode(code);
  if (code !== UNKNOWN_TOPIC_OR_PARTITION) return new Failure(outcome, `topic ${topic}: ${message}`);
  return new Failure(
    failureCode('unknown_topic'),
    `topic ${topic} does not exist, and the brokers do not make it by themselves`,
  );
}
