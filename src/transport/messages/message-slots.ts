import { SUCCEEDED } from '../../metrics/outcome.ts';
import type { TopicBlock } from '../../metrics/topic-counts.ts';
import type { Report } from '../transport.ts';
import type { Batch, Message } from './batch.ts';
import type { Failure } from './failure.ts';

/** What becomes of messages, as the parts of a transport tell it. */
export interface MessageOwner {
  /** A message is at `index` of this batch now. */
  placed(slot: number, batch: Batch, index: number): void;
  /** What became of the messages of a batch; not to be told from within `send`. */
  settled(batch: Batch, outcome: number, error: string): void;
  /** The message in this slot, which is in no batch any more, cannot be sent. */
  refused(slot: number, failure: Failure): void;
}

/** Where the message of each slot is, and its way to the report: the part of a transport that Kafka and NSQ share. */
export class MessageSlots implements MessageOwner {
  readonly #report: Report;
  /** By slot: the batch with its message and the place in it; null: in none. */
  readonly #batch: (Batch | null)[];
  readonly #index: Int32Array;
  /** By slot: size of the value, in bytes. */
  readonly #bytes: Float64Array;
  /** By slot: where its topic is counted. */
  readonly #topic: Uint8Array;
  readonly #topics: TopicBlock;
  /** By slot: why its message is about to be reported as failed. */
  readonly #refused = new Map<number, Failure>();
  #refusing: NodeJS.Immediate | null = null;

  constructor(slots: number, report: Report, topics: TopicBlock) {
    this.#report = report;
    this.#topics = topics;
    this.#topic = new Uint8Array(slots);
    this.#batch = new Array<Batch | null>(slots).fill(null);
    this.#index = new Int32Array(slots);
    this.#bytes = new Float64Array(slots);
  }

  /** A message begins its way. */
  begin(slot: number, { value, topic }: Message & { topic: string }): void {
    this.#bytes[slot] = value.length;
    this.#topic[slot] = this.#topics.rowOf(topic);
  }

  placed(slot: number, batch: Batch, index: number): void {
    this.#batch[slot] = batch;
    this.#index[slot] = index;
  }

  settled(batch: Batch, outcome: number, error: string): void {
    for (const slot of batch.slots) {
      if (slot === -1) continue;
      this.#batch[slot] = null;
      this.#topics.count(this.#topic[slot]!, outcome === SUCCEEDED ? 'succeeded' : 'failed');
      this.#report(slot, outcome, 0, batch.sent ? this.#bytes[slot]! : 0, 0, error);
    }
  }

  refused(slot: number, failure: Failure): void {
    this.#batch[slot] = null;
    this.#refused.set(slot, failure);
    this.#refusing ??= setImmediate(() => {
      this.#refusing = null;
      const refused = [...this.#refused];
      this.#refused.clear();
      for (const [each, { outcome, message }] of refused) {
        this.#topics.count(this.#topic[each]!, 'failed');
        this.#report(each, outcome, 0, 0, 0, message);
      }
    });
  }

  /** Gives a message up: an answer about it is not reported any more. */
  abort(slot: number): void {
    this.#batch[slot]?.remove(this.#index[slot]!);
    this.#batch[slot] = null;
    this.#refused.delete(slot);
    this.#topics.count(this.#topic[slot]!, 'unanswered');
  }

  /** Gives all up. */
  close(): void {
    if (this.#refusing !== null) clearImmediate(this.#refusing);
    this.#batch.forEach((batch, slot) => {
      if (batch !== null || this.#refused.has(slot)) this.abort(slot);
    });
  }
}
