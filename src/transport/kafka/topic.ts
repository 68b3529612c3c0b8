import { failureCode } from '../../metrics/outcome.ts';
import type { KafkaTarget } from '../../target/target.ts';
import { Backoff } from '../messages/backoff.ts';
import { Batch } from '../messages/batch.ts';
import { Failure } from '../messages/failure.ts';
import type { PartitionBatch } from './batch.ts';
import type { Broker } from './broker.ts';
import { murmur2 } from './murmur2.ts';

const UNKNOWN_TOPIC = failureCode('unknown_topic');
const NOT_LEADER = failureCode('not_leader');

/** A partition of a topic, as it was when the brokers were last asked. */
export interface Partition {
  readonly topic: Topic;
  readonly id: number;
  /** Its leader; null: there is none. */
  readonly broker: Broker | null;
  /** The batch that takes messages; null: the next message begins one. */
  open: PartitionBatch | null;
}

/** A topic of one cluster: who leads its partitions, and which of them the next message goes to. */
export class Topic {
  readonly name: string;
  /** null until the cluster has told, and again when what it told has turned out to be wrong. By id. */
  partitions: readonly Partition[] | null = null;
  /** Messages that wait for the cluster to tell. */
  waiting: Batch<KafkaTarget> = new Batch();
  /** The cluster is being asked. */
  loading = false;
  /** Clock time at which it is asked again, in ms: there may be more partitions, or other leaders. */
  refreshAt = Number.POSITIVE_INFINITY;
  /** Why it could not be told last. */
  failure: Failure | null = null;
  readonly backoff = new Backoff();
  /** Those that have a leader. */
  #led: Partition[] = [];
  #next = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** @param leaders by id of the partition */
  learn(leaders: readonly (Broker | null)[]): void {
    this.partitions = leaders.map((broker, id) => ({ topic: this, id, broker, open: null }));
    this.#led = this.partitions.filter(({ broker }) => broker !== null);
    this.#next = Math.floor(Math.random() * Math.max(1, this.#led.length));
    this.failure = null;
    this.backoff.succeeded();
  }

  /** Whether another answer of the cluster would say the same. */
  isLedBy(leaders: readonly (Broker | null)[]): boolean {
    const { partitions } = this;
    return (
      partitions !== null &&
      partitions.length === leaders.length &&
      partitions.every(({ broker }, id) => broker === leaders[id])
    );
  }

  /**
   * The partition that a message names, else that of its key, else the one whose turn it is: it keeps its turn until its
   * batch is closed, so that messages without a key make few large batches. Call only while the partitions are known.
   */
  choose({ partition, key }: KafkaTarget): Partition | Failure {
    const partitions = this.partitions!;
    if (partition === null && key === null) {
      return this.#led[this.#next] ?? this.#leaderless();
    }
    const id = partition ?? (murmur2(key!) & 0x7fffffff) % partitions.length;
    const chosen = partitions[id];
    if (chosen === undefined) {
      const count = partitions.length;
      return new Failure(
        UNKNOWN_TOPIC,
        `topic ${this.name} has ${count} partitions, 0 to ${count - 1}: there is no ${id}`,
      );
    }
    return chosen.broker === null ? this.#leaderless() : chosen;
  }

  /** A batch of this partition was closed: messages without a key go to the next one from here on. */
  turn(partition: Partition): void {
    if (this.#led[this.#next] === partition) this.#next = (this.#next + 1) % this.#led.length;
  }

  #leaderless(): Failure {
    return new Failure(NOT_LEADER, `the partition of topic ${this.name} has no leader`);
  }
}
