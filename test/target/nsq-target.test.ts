import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseNsqTarget } from '../../src/target/nsq-target.ts';
import { sentAs } from '../../src/target/sent-as.ts';
import { TargetError } from '../../src/target/target-error.ts';

const LEAST = { addr: '127.0.0.1:4150', topic: 'events', valueBytes: 'e30=' };
const parse = (differences: Record<string, unknown> = {}) =>
  parseNsqTarget(JSON.stringify({ ...LEAST, ...differences }));

test('a message', () => {
  const message = { addr: '127.0.0.1:4150', topic: 'events', value: Buffer.from('{}'), deferMs: 0 };
  assert.deepEqual(parse(), message);
  assert.deepEqual(parse({ deferMs: null, other: 1 }), message);
  assert.deepEqual(parse({ deferMs: 500 }), { ...message, deferMs: 500 });
});

test('topics that nsqd takes', () => {
  for (const topic of ['a', 'a.b_c-D9', 'x'.repeat(64), 'a#ephemeral', `${'x'.repeat(54)}#ephemeral`])
    assert.equal(parse({ topic }).topic, topic);
});

describe('what is wrong is named with its value and what would be right', () => {
  const rows: [differences: Record<string, unknown>, message: RegExp][] = [
    [{ addr: 'a:1,b:2' }, /^addr "a:1,b:2" holds 2 addresses: write at most 1/],
    [{ addr: 'localhost' }, /^addr "localhost" is not host:port: write one such as "127\.0\.0\.1:4150"/],
    [{ topic: 'x'.repeat(65) }, /is no name of a topic/],
    [{ topic: '#ephemeral' }, /is no name of a topic/],
    [{ topic: `${'x'.repeat(55)}#ephemeral` }, /is no name of a topic/],
    [{ valueBytes: '' }, /^valueBytes is empty: nsqd takes no message without bytes/],
    [{ valueBytes: null }, /^valueBytes is missing/],
    [{ deferMs: -1 }, /^deferMs is "-1": write a whole number from 0 to/],
    [{ deferMs: '500' }, /^deferMs is/],
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
});

test('in a results file it is a PUBLISH to the topic', () => {
  const { method, url, headers } = sentAs(parse());
  assert.deepEqual([method, url, headers], ['PUBLISH', 'nsq://127.0.0.1:4150/events', []]);
});
