import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sequences } from '../../../src/transport/kafka/sequences.ts';

test('the numbers of a partition follow one another, each partition has its own', () => {
  const sequences = new Sequences();
  assert.equal(sequences.take('t', 0, 5), null);
  sequences.begin(7n, 1);
  assert.deepEqual(sequences.take('t', 0, 5), { producerId: 7n, epoch: 1, first: 0 });
  assert.equal(sequences.take('t', 0, 2)!.first, 5);
  assert.equal(sequences.take('t', 1, 1)!.first, 0);
  assert.equal(sequences.take('t', 0, 1)!.first, 7);
});

test('after an end another id begins from 0, and no number is used under the old one', () => {
  const sequences = new Sequences();
  sequences.begin(7n, 0);
  sequences.take('t', 0, 5);
  sequences.end();
  assert.equal(sequences.isReady, false);
  assert.equal(sequences.take('t', 0, 1), null);
  sequences.begin(8n, 0);
  assert.deepEqual(sequences.take('t', 0, 1), { producerId: 8n, epoch: 0, first: 0 });
});

test('0 follows the greatest number', () => {
  const sequences = new Sequences();
  sequences.begin(7n, 0);
  sequences.take('t', 0, 2 ** 31 - 2);
  assert.equal(sequences.take('t', 0, 3)!.first, 2 ** 31 - 2);
  assert.equal(sequences.take('t', 0, 1)!.first, 1);
});
