import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureName } from '../../../src/metrics/outcome.ts';
import type { Broker } from '../../../src/transport/kafka/broker.ts';
import { murmur2 } from '../../../src/transport/kafka/murmur2.ts';
import { Topic } from '../../../src/transport/kafka/topic.ts';
import { Failure } from '../../../src/transport/messages/failure.ts';
import { message } from './harness.ts';

/** Topics only tell brokers apart. */
const broker = (name: string) => ({ name }) as unknown as Broker;
const [a, b] = [broker('a'), broker('b')];

function topicLedBy(...leaders: (Broker | null)[]): Topic {
  const topic = new Topic('t');
  topic.learn(leaders);
  return topic;
}

/** Id of the partition that a message goes to, or the class of its failure. */
function choice(topic: Topic, differences: Parameters<typeof message>[3] = {}): number | string {
  const chosen = topic.choose(message('a:1', 't', 'x', differences));
  return chosen instanceof Failure ? failureName(chosen.outcome) : chosen.id;
}

test('a message without a key stays with one partition until its batch is closed, then all have their turn', () => {
  const topic = topicLedBy(a, b, a);
  const turns: (number | string)[] = [];
  for (let turn = 0; turn < 6; turn++) {
    const first = choice(topic);
    assert.equal(choice(topic), first);
    turns.push(first);
    topic.turn(topic.partitions![first as number]!);
  }
  assert.deepEqual(new Set(turns.slice(0, 3)), new Set([0, 1, 2]));
  assert.deepEqual(turns.slice(3), turns.slice(0, 3));
});

test('the closing of the batch of another partition changes nothing', () => {
  const topic = topicLedBy(a, a);
  const first = choice(topic) as number;
  topic.turn(topic.partitions![1 - first]!);
  assert.equal(choice(topic), first);
});

test('a key has its partition, a partition that is named goes before it', () => {
  const topic = topicLedBy(a, b, a, b, a);
  for (const text of ['', 'a', 'some key']) {
    const key = Buffer.from(text);
    assert.equal(choice(topic, { key }), (murmur2(key) & 0x7fffffff) % 5);
    assert.equal(choice(topic, { key, partition: 3 }), 3);
  }
  assert.equal(choice(topic, { partition: 5 }), 'unknown_topic');
});

test('a partition without a leader takes nothing, and is nobody else’s turn', () => {
  const topic = topicLedBy(null, a);
  for (let turn = 0; turn < 4; turn++) {
    assert.equal(choice(topic), 1);
    topic.turn(topic.partitions![1]!);
  }
  assert.equal(choice(topic, { partition: 0 }), 'not_leader');
  assert.equal(choice(topicLedBy(null)), 'not_leader');
});

test('the same leaders are no change, others or more of them are', () => {
  const topic = topicLedBy(a, b);
  assert.ok(topic.isLedBy([a, b]));
  assert.ok(!topic.isLedBy([b, a]));
  assert.ok(!topic.isLedBy([a, null]));
  assert.ok(!topic.isLedBy([a, b, a]));
});
