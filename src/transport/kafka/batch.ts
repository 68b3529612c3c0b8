import type { KafkaTarget } from '../../target/target.ts';
import { Batch } from '../messages/batch.ts';
import type { Sequence } from './record-batch.ts';
import type { Partition } from './topic.ts';

/** Messages on their way to one partition. */
export class PartitionBatch extends Batch<KafkaTarget> {
  readonly partition: Partition;
  /** Given when it is sent; null: none is asked for. */
  sequence: Sequence | null = null;

  constructor(partition: Partition) {
    super();
    this.partition = partition;
  }
}
