import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { KafkaOptions } from '../protocol.ts';
import type { PartitionBatch } from './batch.ts';
import { ByteWriter } from './byte-writer.ts';
import { type Records, writeRecordBatch, writeRecords } from './record-batch.ts';

/** What the messages of a batch have in a request beyond their keys and values, and a request beyond its batches. */
const MESSAGE_BYTES = 32;
const REQUEST_BYTES = 512;

const ACKS = { All: -1, Leader: 1 };

const CODECS = {
  None: { number: 0, compress: null },
  Gzip: { number: 1, compress: promisify<Buffer, Buffer>(zlib.gzip) },
  Zstd: { number: 4, compress: promisify<Buffer, Buffer>(zlib.zstdCompress) },
};

/** The records of a batch after compression. */
export interface Compressed {
  bytes: Buffer;
  records: Records;
}

/** The records of each batch, one after another, in threads of Node's own; null without a compression. */
export function compressorOf(
  compression: KafkaOptions['compression'],
): ((batches: readonly PartitionBatch[]) => Promise<Map<PartitionBatch, Compressed>>) | null {
  const { compress } = CODECS[compression];
  if (compress === null) return null;
  return async (batches) => {
    // All are written before anything is awaited: from then on no message leaves them any more.
    const written = batches.map((batch) => {
      const writer = new ByteWriter(sizeOfRequest([batch]));
      return { batch, records: writeRecords(writer, batch), writer };
    });
    const all = new Map<PartitionBatch, Compressed>();
    for (const { batch, records, writer } of written) {
      all.set(batch, { bytes: await compress(writer.written), records });
    }
    return all;
  };
}

/** About how many bytes a request with these batches has, and seldom fewer. */
export function sizeOfRequest(batches: readonly PartitionBatch[]): number {
  return batches.reduce((sum, { bytes, live }) => sum + bytes + live * MESSAGE_BYTES, REQUEST_BYTES);
}

/**
 * The body of a produce request, versions 3 to 7: `transactionalId, acks, timeout, topics [name, partitions [id, records]]`.
 * @param batches at most one for each partition @param compressed their records; null: as they are
 */
export function writeProduceRequest(
  writer: ByteWriter,
  options: KafkaOptions,
  batches: readonly PartitionBatch[],
  compressed: ReadonlyMap<PartitionBatch, Compressed> | null,
): void {
  writer.reserve(REQUEST_BYTES);
  writer.putInt16(-1);
  writer.putInt16(ACKS[options.acks]);
  writer.putInt32(Math.ceil(options.timeoutMs));
  const topics = Map.groupBy(batches, ({ partition }) => partition.topic);
  writer.putInt32(topics.size);
  for (const [topic, ofTopic] of topics) {
    writer.putString(topic.name);
    writer.reserve(REQUEST_BYTES);
    writer.putInt32(ofTopic.length);
    for (const batch of ofTopic) {
      writer.reserve(REQUEST_BYTES);
      writer.putInt32(batch.partition.id);
      const sizeAt = writer.at;
      writer.putInt32(0);
      writeRecordBatch(writer, batch, CODECS[options.compression].number, compressed?.get(batch) ?? null);
      writer.setInt32(sizeAt, writer.at - sizeAt - 4);
    }
  }
}
