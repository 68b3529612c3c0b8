import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HashTable } from '../../src/counting-target/hash-table.ts';
import { Hash64 } from '../../src/counting-target/hash64.ts';

test('a hash is new once; then its first value is compared', () => {
  const table = new HashTable(10);
  assert.equal(table.add(1, 2, 3, 4), 'new');
  assert.equal(table.add(1, 2, 3, 4), 'equal');
  assert.equal(table.add(1, 2, 3, 5), 'different');
  assert.equal(table.add(1, 2, 9, 4), 'different');
  assert.equal(table.add(1, 2, 3, 4), 'equal');
  assert.equal(table.add(2, 2, 3, 4), 'new');
  assert.equal(table.add(1, 3, 3, 4), 'new');
  assert.equal(table.size, 3);
});

test('hashes that fall on the same slot, zeros and the largest ones are told apart', () => {
  const table = new HashTable(100);
  const hashes: [number, number][] = [
    [0, 0],
    [0, 2],
    [64, 0],
    [128, 0],
    [0, 0xffffffff],
    [0xffffffff, 0xffffffff],
  ];
  for (const [low, high] of hashes) assert.equal(table.add(low, high, 0, 0), 'new');
  for (const [low, high] of hashes) assert.equal(table.add(low, high, 0, 0), 'equal');
});

test('200,000 texts are told apart and found again while the table grows', () => {
  const table = new HashTable(1_000_000);
  const hash = new Hash64();
  const add = (i: number) => {
    const { low, high } = hash.reset().text(`message-${i}`);
    return table.add(low, high, i, 0);
  };
  for (let i = 0; i < 200_000; i++) assert.equal(add(i), 'new');
  for (let i = 0; i < 200_000; i++) assert.equal(add(i), 'equal');
  assert.equal(table.size, 200_000);
});

test('beyond its limit it stores nothing more, says so, and still knows what it holds', () => {
  const table = new HashTable(2);
  table.add(1, 1, 0, 0);
  table.add(2, 1, 0, 0);
  assert.equal(table.overflowed, false);
  assert.equal(table.add(1, 1, 0, 0), 'equal');
  assert.equal(table.overflowed, false);
  assert.equal(table.add(3, 1, 0, 0), 'new');
  assert.equal(table.add(3, 1, 0, 0), 'new');
  assert.equal(table.overflowed, true);
  assert.equal(table.size, 2);
});

test('a hash depends on each part, on their order and on the border between them', () => {
  const hash = new Hash64();
  const of = (...parts: string[]) => {
    hash.reset();
    for (const part of parts) hash.text(part);
    return `${hash.low}-${hash.high}`;
  };
  const parts = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['c', 'ab'], ['', 'abc'], ['abd'], ['']];
  assert.equal(new Set(parts.map((part) => of(...part))).size, parts.length);
  assert.equal(of('ab', 'c'), of('ab', 'c'));
  const ascii = hash.reset().bytes(Buffer.from('abc')).low;
  assert.equal(hash.reset().text('abc').low, ascii);
});
