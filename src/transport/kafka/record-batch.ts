import type { KafkaTarget } from '../../target/target.ts';
import type { PartitionBatch } from './batch.ts';
import { type ByteWriter, varintSize } from './byte-writer.ts';
import { crc32c } from './crc32c.ts';

/**
 * Kafka's record batches (message format v2), as they stand in the protocol's documentation:
 *
 *     baseOffset i64 · length i32 · leaderEpoch i32 · magic i8 = 2 · crc u32 · attributes i16 · lastOffsetDelta i32 ·
 *     baseTimestamp i64 · maxTimestamp i64 · producerId i64 · producerEpoch i16 · baseSequence i32 · count i32 · records
 *     record: length · attributes i8 · timestampDelta · offsetDelta · key · value · headers, lengths as varints
 */

/** Which of the producers' ids a batch carries, and the place of its first record among all of them for a partition. */
export interface Sequence {
  producerId: bigint;
  epoch: number;
  first: number;
}

const NO_SEQUENCE: Sequence = { producerId: -1n, epoch: -1, first: -1 };

const HEADER_BYTES = 61;
/** The least bytes of a record beyond key, value and headers, and the most. */
const RECORD_BYTES = 64;
const LENGTH_AT = 8;
const CRC_AT = 17;
const CHECKED_AT = 21;
const NO_EPOCH = -1;
const MAGIC = 2;

/** The records of a batch without its header. @returns how many there are, and the least and greatest timestamp */
export function writeRecords(writer: ByteWriter, batch: PartitionBatch): Records {
  const base = baseTimestamp(batch);
  let last = base;
  let count = 0;
  for (let index = 0; index < batch.slots.length; index++) {
    const target = batch.targets[index];
    if (!target) continue;
    const timestamp = target.timestamp ?? batch.times[index]!;
    if (timestamp > last) last = timestamp;
    writeRecord(writer, target, timestamp - base, count++);
  }
  return { count, baseTimestamp: base, maxTimestamp: last };
}

export interface Records {
  count: number;
  baseTimestamp: number;
  maxTimestamp: number;
}

/**
 * A whole record batch. @param codec number of the compression, 0 for none
 * @param compressed its records after compression; null: they are written as they are
 */
export function writeRecordBatch(
  writer: ByteWriter,
  batch: PartitionBatch,
  codec: number,
  compressed: { bytes: Uint8Array; records: Records } | null,
): void {
  const sequence = batch.sequence ?? NO_SEQUENCE;
  const start = writer.at;
  writer.reserve(HEADER_BYTES);
  writer.at += HEADER_BYTES;
  const records = compressed?.records ?? writeRecords(writer, batch);
  if (compressed !== null) {
    writer.reserve(compressed.bytes.length);
    writer.putBytes(compressed.bytes);
  }
  const end = writer.at;
  writer.at = start;
  writer.putInt64(0);
  writer.putInt32(end - start - LENGTH_AT - 4);
  writer.putInt32(NO_EPOCH);
  writer.putInt8(MAGIC);
  writer.putInt32(0);
  writer.putInt16(codec);
  writer.putInt32(records.count - 1);
  writer.putInt64(records.baseTimestamp);
  writer.putInt64(records.maxTimestamp);
  writer.putBigInt64(sequence.producerId);
  writer.putInt16(sequence.epoch);
  writer.putInt32(sequence.first);
  writer.putInt32(records.count);
  writer.at = end;
  writer.setUInt32(start + CRC_AT, crc32c(writer.written, start + CHECKED_AT, end));
}

function writeRecord(
  writer: ByteWriter,
  target: KafkaTarget,
  timestampDelta: number,
  offsetDelta: number,
): void {
  const { key, value, headers } = target;
  const keyLength = key?.length ?? -1;
  const inner =
    1 +
    varintSize(timestampDelta) +
    varintSize(offsetDelta) +
    varintSize(keyLength) +
    Math.max(0, keyLength) +
    varintSize(value.length) +
    value.length +
    headersSize(headers);
  writer.reserve(inner + RECORD_BYTES);
  writer.putVarint(inner);
  writer.putInt8(0);
  writer.putVarint(timestampDelta);
  writer.putVarint(offsetDelta);
  writer.putVarint(keyLength);
  if (key !== null) writer.putBytes(key);
  writer.putVarint(value.length);
  writer.putBytes(value);
  writer.putVarint(headers.length / 2);
  for (const text of headers) {
    const length = Buffer.byteLength(text);
    writer.putVarint(length);
    writer.putText(text, length);
  }
}

function headersSize(headers: readonly string[]): number {
  let size = varintSize(headers.length / 2);
  for (const text of headers) {
    const length = Buffer.byteLength(text);
    size += varintSize(length) + length;
  }
  return size;
}

/** The least timestamp, as offsets in time are best kept small and above 0. */
function baseTimestamp(batch: PartitionBatch): number {
  let base = Number.POSITIVE_INFINITY;
  for (let index = 0; index < batch.slots.length; index++) {
    const target = batch.targets[index];
    if (target) base = Math.min(base, target.timestamp ?? batch.times[index]!);
  }
  return base;
}
