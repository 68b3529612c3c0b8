import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseKafkaTarget } from '../../src/target/kafka-target.ts';
import { sentAs } from '../../src/target/sent-as.ts';
import { TargetError } from '../../src/target/target-error.ts';

const LEAST = { addr: '127.0.0.1:9092', topic: 'events', valueBytes: 'e30=' };
const parse = (differences: Record<string, unknown> = {}) =>
  parseKafkaTarget(JSON.stringify({ ...LEAST, ...differences }));

test('a message with all that it may have', () => {
  const more = {
    keyBytes: 'dTE=',
    partition: 2,
    headers: { type: 'track', trace: ['a', 'ä'] },
    timestamp: 1_793_613_600_400,
    another: true,
  };
  assert.deepEqual(parse(more), {
    addr: '127.0.0.1:9092',
    topic: 'events',
    value: Buffer.from('{}'),
    key: Buffer.from('u1'),
    partition: 2,
    headers: ['type', 'track', 'trace', 'a', 'trace', 'ä'],
    timestamp: 1_793_613_600_400,
  });
});

test('what is absent or null is not there', () => {
  const least = { key: null, partition: null, headers: [], timestamp: null };
  const { addr, topic, value, ...rest } = parse({
    keyBytes: null,
    partition: null,
    headers: null,
    timestamp: null,
  });
  assert.deepEqual(rest, least);
  assert.deepEqual([addr, topic, value.toString()], ['127.0.0.1:9092', 'events', '{}']);
});

test('an empty value and an empty key are values', () => {
  const { value, key } = parse({ valueBytes: '', keyBytes: '' });
  assert.deepEqual([value.length, key?.length], [0, 0]);
});

test('several addresses of one cluster, names and IPv6', () => {
  for (const addr of ['a:1,b.c-d:65535', '[::1]:9092', 'localhost:9092', 'kafka.ns.svc.:9092'])
    assert.equal(parse({ addr }).addr, addr);
});

describe('what is wrong is named with its value and what would be right', () => {
  const rows: [differences: Record<string, unknown>, message: RegExp][] = [
    [{ addr: undefined }, /^addr is missing: write "127\.0\.0\.1:9092"$/],
    [{ addr: 5 }, /^addr is no text but "5"/],
    [{ addr: 'localhost' }, /^addr "localhost" is not host:port/],
    [{ addr: 'a:1,,b:2' }, /^addr "" is not host:port/],
    [{ addr: 'kafka://a:1' }, /is not host:port/],
    [{ addr: 'a:0' }, /is not host:port/],
    [{ addr: 'a:65536' }, /is not host:port/],
    [{ addr: Array.from({ length: 33 }, (_, n) => `h${n}:1`).join(',') }, /33 addresses: write at most 32/],
    [{ topic: '' }, /^topic is missing/],
    [{ topic: 7 }, /^topic is no text/],
    [{ topic: 'a b' }, /^topic "a b" is no name of a topic: 1 to 249 letters/],
    [{ topic: '..' }, /is no name of a topic/],
    [{ topic: 'x'.repeat(250) }, /is no name of a topic/],
    [{ valueBytes: undefined }, /^valueBytes is missing: write the message in base64/],
    [{ valueBytes: undefined, value: 'x' }, /^valueBytes is missing: "value" is not read/],
    [{ valueBytes: { a: 1 } }, /^valueBytes is no text but/],
    [{ valueBytes: '{}' }, /^valueBytes is no base64: "\{" stands at character 1/],
    [{ keyBytes: 'a-b=' }, /^keyBytes is no base64.*URL alphabet/],
    [{ partition: -1 }, /^partition is "-1": write a whole number from 0/],
    [{ partition: '0' }, /^partition is .*without quotes$/],
    [{ partition: 1.5 }, /^partition is/],
    [{ timestamp: '2026' }, /^timestamp is/],
    [{ headers: ['a'] }, /^headers is no object/],
    [{ headers: { a: 5 } }, /^header "a" is no text/],
    [{ headers: { a: [null] } }, /^header "a" is no text/],
  ];
  for (const [differences, message] of rows) {
    test(JSON.stringify(differences).slice(0, 60), () => {
      assert.throws(
        () => parse(differences),
        (error) => {
          assert.ok(error instanceof TargetError);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  test('no JSON', () => {
    assert.throws(() => parseKafkaTarget(''), /target is empty: write \{"addr"/);
    assert.throws(() => parseKafkaTarget('[1]'), /write an object, \{"addr"/);
    assert.throws(() => parseKafkaTarget('{"addr": }'), /target is no JSON/);
  });
});

test('in a results file it is a PUBLISH to the topic', () => {
  const sent = sentAs(parse({ headers: { type: 'track' } }));
  assert.deepEqual(sent, {
    method: 'PUBLISH',
    url: 'kafka://127.0.0.1:9092/events',
    headers: ['type', 'track'],
    body: Buffer.from('{}'),
  });
});
