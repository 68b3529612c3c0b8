import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_TOPICS, mergeTopics, TopicBlock } from '../../src/metrics/topic-counts.ts';

/** A block with one message for each of so many topics, and their names as they were told. */
function blockWith(topics: number): { block: TopicBlock; names: string[] } {
  const block = new TopicBlock();
  const names: string[] = [];
  block.onName = (name) => names.push(name);
  for (let n = 0; n < topics; n++) block.count(block.rowOf(`t${n}`), 'succeeded');
  return { block, names };
}

test('messages are counted by topic and outcome, each name is told once', () => {
  const { block, names } = blockWith(2);
  block.count(block.rowOf('t0'), 'failed');
  block.count(block.rowOf('t0'), 'unanswered');
  assert.deepEqual(names, ['t0', 't1']);
  assert.deepEqual(block.read(names), [
    { topic: 't0', succeeded: 1, failed: 1, unanswered: 1 },
    { topic: 't1', succeeded: 1, failed: 0, unanswered: 0 },
  ]);
});

test('beyond the most topics all are one', () => {
  const { block, names } = blockWith(1000);
  assert.equal(names.length, MAX_TOPICS - 1);
  const read = block.read(names);
  assert.equal(read.length, MAX_TOPICS);
  assert.deepEqual(read.at(-1), {
    topic: 'other',
    succeeded: 1000 - MAX_TOPICS + 1,
    failed: 0,
    unanswered: 0,
  });
});

test('another thread goes on in the same memory', () => {
  const { block, names } = blockWith(3);
  const next = new TopicBlock(block.buffer, names);
  next.count(next.rowOf('t1'), 'succeeded');
  assert.equal(block.read(names)[1]!.succeeded, 2);
});

test('the topics of lanes are added up, and again bounded', () => {
  const [a, b] = [blockWith(3), blockWith(1)];
  const merged = mergeTopics([a.block.read(a.names), b.block.read(b.names)]);
  assert.deepEqual(
    merged.map(({ topic, succeeded }) => [topic, succeeded]),
    [
      ['t0', 2],
      ['t1', 1],
      ['t2', 1],
    ],
  );
  const many = Array.from({ length: 10 }, (_, lane) =>
    Array.from({ length: 10 }, (_topic, n) => ({
      topic: `${lane}-${n}`,
      succeeded: 1,
      failed: 0,
      unanswered: 0,
    })),
  );
  const bounded = mergeTopics(many);
  assert.equal(bounded.length, MAX_TOPICS);
  assert.equal(
    bounded.reduce((sum, { succeeded }) => sum + succeeded, 0),
    100,
  );
});
