import type { Sequence } from './record-batch.ts';

/** As the protocol has it, 0 follows the greatest number. */
const NUMBERS = 2 ** 31;

/**
 * The numbers that an idempotent producer gives its messages: for each partition from 0 on, under the id that a broker has
 * given it. Once it is not known what became of some, none may be used a second time: then it needs another id.
 */
export class Sequences {
  #producer: { id: bigint; epoch: number } | null = null;
  /** The next number by partition. */
  readonly #next = new Map<string, number>();

  get isReady(): boolean {
    return this.#producer !== null;
  }

  begin(id: bigint, epoch: number): void {
    this.#producer = { id, epoch };
    this.#next.clear();
  }

  /** They are of no use any more. */
  end(): void {
    this.#producer = null;
  }

  /** The place of the next `count` messages for a partition; null: there is no id yet. */
  take(topic: string, partition: number, count: number): Sequence | null {
    if (this.#producer === null) return null;
    const key = `${topic}/${partition}`;
    const first = this.#next.get(key) ?? 0;
    this.#next.set(key, (first + count) % NUMBERS);
    return { producerId: this.#producer.id, epoch: this.#producer.epoch, first };
  }
}
