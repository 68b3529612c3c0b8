import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import type { KafkaTarget } from '../../../src/target/target.ts';
import { PartitionBatch } from '../../../src/transport/kafka/batch.ts';
import { ByteWriter, varintSize } from '../../../src/transport/kafka/byte-writer.ts';
import { crc32c } from '../../../src/transport/kafka/crc32c.ts';
import { murmur2 } from '../../../src/transport/kafka/murmur2.ts';
import { writeRecordBatch } from '../../../src/transport/kafka/record-batch.ts';
import { Topic } from '../../../src/transport/kafka/topic.ts';

/** Another implementation of the same protocol, to read what was written here. */
const require = createRequire(import.meta.url);
const KafkaJsDecoder = require('kafkajs/src/protocol/decoder.js');
const decodeRecordBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js');
const kafkaJsMurmur2 = require('kafkajs/src/producer/partitioners/default/murmur2.js');
const kafkaJsCrc32c = require('kafkajs/src/protocol/recordBatch/crc32C/index.js');

describe('crc32c', () => {
  test('the values of RFC 3720, appendix B.4', () => {
    const rows: [bytes: Buffer, crc: number][] = [
      [Buffer.alloc(32), 0x8a9136aa],
      [Buffer.alloc(32, 0xff), 0x62a8ab43],
      [Buffer.from(Array.from({ length: 32 }, (_, n) => n)), 0x46dd794e],
      [Buffer.from(Array.from({ length: 32 }, (_, n) => 31 - n)), 0x113fdb5c],
      [Buffer.from('123456789'), 0xe3069283],
      [Buffer.alloc(0), 0],
    ];
    for (const [bytes, crc] of rows) assert.equal(crc32c(bytes, 0, bytes.length), crc);
  });

  test('any part of any length', () => {
    const bytes = Buffer.from(Array.from({ length: 100 }, (_, n) => (n * 37) & 255));
    for (let start = 0; start < 9; start++) {
      for (let end = start; end < 60; end++)
        assert.equal(crc32c(bytes, start, end), kafkaJsCrc32c(bytes.subarray(start, end)));
    }
  });
});

test('keys go where the producers of Kafka itself put them', () => {
  // From the tests of Kafka's own Utils.murmur2.
  const rows: [key: string, hash: number][] = [
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ];
  for (const [key, hash] of rows) assert.equal(murmur2(Buffer.from(key)), hash, key);
  for (let length = 0; length < 40; length++) {
    const key = Buffer.from(Array.from({ length }, (_, n) => (n * 89 + length) & 255));
    assert.equal(murmur2(key), kafkaJsMurmur2(key), `${length} bytes`);
  }
});

test('varints have the size that is said, and grow past 32 bits', () => {
  for (const value of [0, -1, 1, 63, 64, -64, -65, 8191, 8192, 2 ** 30, 2 ** 31, 2 ** 40, -(2 ** 40)]) {
    const writer = new ByteWriter(16);
    writer.putVarint(value);
    assert.equal(writer.at, varintSize(value), `${value}`);
    const decoder = new KafkaJsDecoder(writer.written);
    assert.equal(decoder.readVarLong().toString(), `${value}`);
  }
});

function target(differences: Partial<KafkaTarget> = {}): KafkaTarget {
  return {
    addr: 'a:1',
    topic: 't',
    value: Buffer.from('{"a":1}'),
    key: null,
    partition: null,
    headers: [],
    timestamp: null,
    ...differences,
  };
}

describe('a record batch, as kafkajs reads it', () => {
  async function written(...messages: [KafkaTarget, number][]) {
    const batch = new PartitionBatch({ topic: new Topic('t'), id: 0, broker: null, open: null });
    messages.forEach(([message, time], slot) => batch.add(slot, message, time));
    return { batch, read: () => read(batch) };
  }

  async function read(batch: PartitionBatch) {
    const writer = new ByteWriter(4);
    writeRecordBatch(writer, batch, 0, null);
    assert.equal(writer.written.readInt32BE(8), writer.at - 12, 'its length');
    assert.equal(writer.written.readUInt32BE(17), kafkaJsCrc32c(writer.written.subarray(21)), 'its checksum');
    return decodeRecordBatch(new KafkaJsDecoder(writer.written));
  }

  test('keys, values, headers, times, in order', async () => {
    const time = 1_793_613_600_400;
    const { read: decoded } = await written(
      [target(), time],
      [
        target({ key: Buffer.from([0, 255]), value: Buffer.alloc(0), headers: ['h', 'ä', 'h', ''] }),
        time + 7,
      ],
      [target({ value: Buffer.alloc(70_000, 7), timestamp: time - 5 }), time + 8],
    );
    const { records, firstTimestamp, maxTimestamp, lastOffsetDelta, producerId } = await decoded();
    assert.deepEqual([lastOffsetDelta, producerId], [2, '-1']);
    assert.deepEqual([firstTimestamp, maxTimestamp], [`${time - 5}`, `${time + 7}`]);
    assert.deepEqual(
      records.map((record: { timestamp: string }) => record.timestamp),
      [`${time}`, `${time + 7}`, `${time - 5}`],
    );
    assert.deepEqual([records[0].key, records[0].value.toString()], [null, '{"a":1}']);
    assert.deepEqual([...records[1].key], [0, 255]);
    assert.equal(records[1].value.length, 0);
    assert.deepEqual(
      records[1].headers.h.map((value: Buffer) => value.toString()),
      ['ä', ''],
    );
    assert.ok(records[2].value.equals(Buffer.alloc(70_000, 7)));
  });

  test('what was given up is not in it', async () => {
    const { batch, read: decoded } = await written(
      [target({ value: Buffer.from('a') }), 1000],
      [target({ value: Buffer.from('b') }), 2000],
      [target({ value: Buffer.from('c') }), 3000],
    );
    batch.remove(0);
    batch.remove(1);
    assert.deepEqual([batch.live, batch.bytes], [1, 1]);
    const { records, firstTimestamp } = await decoded();
    assert.deepEqual([records.length, records[0].value.toString(), firstTimestamp], [1, 'c', '3000']);
  });

  test('the numbers of an idempotent producer', async () => {
    const { batch, read: decoded } = await written([target(), 1000]);
    batch.sequence = { producerId: 4_000_000_000_000n, epoch: 3, first: 77 };
    const { producerId, producerEpoch, firstSequence } = await decoded();
    assert.deepEqual([producerId, producerEpoch, firstSequence], ['4000000000000', 3, 77]);
  });
});
