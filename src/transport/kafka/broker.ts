import { failureCode, SUCCEEDED } from '../../metrics/outcome.ts';
import type { Address } from '../../target/address.ts';
import type { KafkaTarget } from '../../target/target.ts';
import { Backoff } from '../messages/backoff.ts';
import { sizeOf } from '../messages/batch.ts';
import type { Failure } from '../messages/failure.ts';
import type { MessageOwner } from '../messages/message-slots.ts';
import type { KafkaOptions } from '../protocol.ts';
import { PartitionBatch } from './batch.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { failureOf, failureOfCode, isMisplaced, NONE } from './failure.ts';
import type { ProduceAnswer } from './kafkajs.ts';
import { compressorOf, sizeOfRequest, writeProduceRequest } from './produce-request.ts';
import type { Sequence } from './record-batch.ts';
import type { Partition, Topic } from './topic.ts';

/** What a broker needs of the cluster and of the transport. */
export interface BrokerOwner extends Pick<MessageOwner, 'placed' | 'settled'> {
  readonly options: KafkaOptions;
  /** @throws Failure */
  open(address: Address): Promise<BrokerConnection>;
  /** The place of the next `count` messages for a partition; null: no numbers are asked for; 'wait': there are none yet. */
  sequence(partition: Partition, count: number): Sequence | null | 'wait';
  /** The numbers given out are of no use any more. */
  sequenceBroken(): void;
  /** A topic's partitions must be asked for anew; these messages of it were not sent. */
  misplaced(topic: Topic, unsent: PartitionBatch[]): void;
  /** @param failure why it cannot be connected to; null: its connection has ended */
  lost(broker: Broker, failure: Failure | null): void;
}

/** Requests that a broker is asked at once: what more there is waits in batches, where it can be given up. */
const MOST_REQUESTS = 5;
/** Bytes of messages from which on a request takes no further batch. */
const REQUEST_BYTES = 4 * 1024 * 1024;
const PROTOCOL = failureCode('protocol');

/** A produce request on its way. */
interface Request {
  batches: PartitionBatch[];
  /** Clock time in ms. */
  sentAt: number;
}

/**
 * One broker of a cluster: gathers messages into batches of one partition each, for at most the linger, and sends those
 * that are ready, one for each partition, as one request. At most `MOST_REQUESTS` are on their way; meanwhile batches grow.
 */
export class Broker {
  readonly address: Address;
  readonly #owner: BrokerOwner;
  #connection: BrokerConnection | null = null;
  #opening = false;
  readonly #backoff = new Backoff();
  /** Why it could not be connected to last. */
  #failure: Failure | null = null;
  /** Batches that take messages, and those that are to go, both in the order in which they began. */
  #open: PartitionBatch[] = [];
  #ready: PartitionBatch[] = [];
  readonly #requests = new Set<Request>();
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  readonly #compress: ReturnType<typeof compressorOf>;
  #compressing = false;

  constructor(address: Address, owner: BrokerOwner) {
    this.address = address;
    this.#owner = owner;
    this.#compress = compressorOf(owner.options.compression);
  }

  get connection(): BrokerConnection | null {
    return this.#connection;
  }

  /** Takes a connection that was made for something else, if it has none. */
  adopt(connection: BrokerConnection): void {
    if (this.#connection === null && !this.#opening && connection.isOpen) this.#take(connection);
  }

  /** @returns null, or why it cannot be sent now */
  add(partition: Partition, slot: number, target: KafkaTarget, time: number): Failure | null {
    if (this.#connection === null && !this.#opening) {
      if (this.#failure !== null && this.#backoff.holds(performance.now())) return this.#failure;
      void this.#connect();
    }
    const { batchMessages, batchBytes } = this.#owner.options;
    let batch = partition.open;
    if (batch !== null && batch.bytes + sizeOf(target) > batchBytes) {
      this.#close(batch);
      batch = null;
    }
    batch ??= this.#begin(partition);
    this.#owner.placed(slot, batch, batch.add(slot, target, time));
    if (batch.slots.length >= batchMessages || batch.bytes >= batchBytes) this.#close(batch);
    return null;
  }

  /** Sends what is ready, as far as requests may go out. */
  drain(): void {
    while (this.#ready.length > 0 && !this.#isFull()) {
      const batches = this.#takeReady();
      if (batches === null) return;
      if (batches.length > 0) this.#send(this.#connection!, batches);
    }
  }

  /** Clock time in ms at which the oldest request that waits for its answer was sent; Infinity: none waits. */
  get waitsSince(): number {
    for (const { sentAt } of this.#requests) return sentAt;
    return Number.POSITIVE_INFINITY;
  }

  get isIdle(): boolean {
    return this.#requests.size === 0 && this.#open.length === 0 && this.#ready.length === 0;
  }

  /** Takes out what was not sent, of one topic or of all. */
  takeUnsent(topic: Topic | null): PartitionBatch[] {
    const isMeant = (batch: PartitionBatch) => topic === null || batch.partition.topic === topic;
    const taken = [...this.#ready, ...this.#open].filter(isMeant);
    for (const batch of taken) batch.partition.open = null;
    this.#ready = this.#ready.filter((batch) => !isMeant(batch));
    this.#open = this.#open.filter((batch) => !isMeant(batch));
    return taken;
  }

  /** Ends its connection; its messages are lost. */
  destroy(failure: Failure): void {
    clearTimeout(this.#timer ?? undefined);
    clearImmediate(this.#immediate ?? undefined);
    this.#timer = null;
    this.#immediate = null;
    this.#connection?.destroy(failure);
  }

  #begin(partition: Partition): PartitionBatch {
    const batch = new PartitionBatch(partition);
    partition.open = batch;
    this.#open.push(batch);
    if (this.#timer === null && this.#immediate === null) this.#arm();
    return batch;
  }

  #arm(): void {
    const { lingerMs } = this.#owner.options;
    if (lingerMs === 0) this.#immediate = setImmediate(this.#lingered);
    else this.#timer = setTimeout(this.#lingered, lingerMs);
  }

  readonly #lingered = (): void => {
    this.#timer = null;
    this.#immediate = null;
    // Nothing more can go out now: then they rather grow, and go with the next answer.
    if (this.#isFull()) return;
    this.#closeAll();
    this.drain();
  };

  #isFull(): boolean {
    return this.#connection === null || this.#compressing || this.#requests.size >= MOST_REQUESTS;
  }

  #closeAll(): void {
    for (const batch of this.#open.splice(0)) {
      batch.partition.open = null;
      batch.partition.topic.turn(batch.partition);
      this.#ready.push(batch);
    }
  }

  #close(batch: PartitionBatch): void {
    const partition = batch.partition;
    partition.open = null;
    partition.topic.turn(partition);
    this.#open.splice(this.#open.indexOf(batch), 1);
    this.#ready.push(batch);
    this.drain();
  }

  /** The next batches, one for each partition; null: they have to wait. */
  #takeReady(): PartitionBatch[] | null {
    const taken: PartitionBatch[] = [];
    const left: PartitionBatch[] = [];
    let bytes = 0;
    for (const batch of this.#ready) {
      if (batch.live === 0) continue;
      const isLater = taken.some(({ partition }) => partition === batch.partition);
      if (isLater || bytes >= REQUEST_BYTES) {
        left.push(batch);
      } else {
        taken.push(batch);
        bytes += batch.bytes;
      }
    }
    const sequences = taken.map((batch) => this.#owner.sequence(batch.partition, batch.live));
    if (sequences.includes('wait')) return null;
    taken.forEach((batch, index) => {
      batch.sequence = sequences[index] as Sequence | null;
    });
    this.#ready = left;
    return taken;
  }

  #send(connection: BrokerConnection, batches: PartitionBatch[]): void {
    const request: Request = { batches, sentAt: performance.now() };
    this.#requests.add(request);
    this.#produce(connection, batches).then(
      (answer) => this.#hear(request, answer),
      (error: unknown) => this.#fail(request, failureOf(error)),
    );
  }

  async #produce(connection: BrokerConnection, batches: PartitionBatch[]): Promise<ProduceAnswer> {
    const { options } = this.#owner;
    let compressed = null;
    if (this.#compress !== null) {
      this.#compressing = true;
      try {
        compressed = await this.#compress(batches);
      } finally {
        this.#compressing = false;
      }
    }
    const answer = connection.produce(sizeOfRequest(batches), (writer) =>
      writeProduceRequest(writer, options, batches, compressed),
    );
    for (const batch of batches) batch.markSent();
    if (compressed !== null) this.drain();
    return answer;
  }

  #hear(request: Request, { topics }: ProduceAnswer): void {
    this.#requests.delete(request);
    const moved = new Set<Topic>();
    for (const batch of request.batches) {
      const { topic, id } = batch.partition;
      const answer = topics
        .find(({ topicName }) => topicName === topic.name)
        ?.partitions.find(({ partition }) => partition === id);
      if (answer?.errorCode === NONE) {
        this.#owner.settled(batch, SUCCEEDED, '');
        continue;
      }
      if (batch.sequence !== null) this.#owner.sequenceBroken();
      if (answer === undefined) {
        this.#owner.settled(batch, PROTOCOL, 'the answer of the broker is not about this message');
      } else {
        const { outcome, message } = failureOfCode(answer.errorCode);
        if (isMisplaced(answer.errorCode)) moved.add(topic);
        this.#owner.settled(batch, outcome, message);
      }
    }
    for (const topic of moved) this.#owner.misplaced(topic, this.takeUnsent(topic));
    this.#flush();
  }

  /** The request will not be answered; the end of the connection tells the rest. */
  #fail(request: Request, failure: Failure): void {
    if (!this.#requests.delete(request)) return;
    for (const batch of request.batches) {
      if (batch.sequence !== null) this.#owner.sequenceBroken();
      this.#owner.settled(batch, failure.outcome, failure.message);
    }
  }

  /** A request more can go out: with what is ready, then with what has lingered. */
  #flush(): void {
    this.drain();
    if (this.#timer !== null || this.#immediate !== null || this.#isFull()) return;
    this.#closeAll();
    this.drain();
  }

  async #connect(): Promise<void> {
    this.#opening = true;
    try {
      const connection = await this.#owner.open(this.address);
      this.#opening = false;
      this.#take(connection);
      this.#flush();
    } catch (error) {
      this.#opening = false;
      this.#lose(failureOf(error));
    }
  }

  #take(connection: BrokerConnection): void {
    this.#connection = connection;
    this.#failure = null;
    this.#backoff.succeeded();
    connection.onClosed = (failure) => {
      this.#connection = null;
      // Where requests are pending they fail now, not in some later turn.
      for (const request of this.#requests) this.#fail(request, failure);
      this.#lose(null);
    };
  }

  /** @param failure why it cannot be connected to; null: it was connected */
  #lose(failure: Failure | null): void {
    this.#failure = failure;
    if (failure !== null) this.#backoff.failed(performance.now());
    this.#owner.lost(this, failure);
  }
}
