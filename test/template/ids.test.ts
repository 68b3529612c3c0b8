import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ID_LENGTH, newId, newShortId, writeNewId } from '../../src/template/ids.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('an id is a UUID of version 4, with all other bits at random', () => {
  const ids = Array.from({ length: 2_000 }, newId);
  for (const id of ids) assert.match(id, UUID);
  for (let at = 0; at < ID_LENGTH; at++) {
    const characters = new Set(ids.map((id) => id[at])).size;
    assert.equal(characters, { 8: 1, 13: 1, 14: 1, 18: 1, 19: 4, 23: 1 }[at] ?? 16);
  }
});

test('an id is written into bytes and nothing beside it', () => {
  const bytes = Buffer.alloc(ID_LENGTH + 4, '#');
  writeNewId(bytes, 2);
  assert.match(bytes.toString('latin1', 2, 2 + ID_LENGTH), UUID);
  assert.equal(bytes.toString('latin1').replaceAll(/[^#]/g, ''), '####');
});

test('a short id is 20 lower-case letters and digits, all of them in use', () => {
  const ids = Array.from({ length: 200 }, newShortId);
  for (const id of ids) assert.match(id, /^[a-z0-9]{20}$/);
  assert.equal(new Set(ids.join('')).size, 36);
});

test('ids do not repeat', () => {
  assert.equal(new Set(Array.from({ length: 100_000 }, newId)).size, 100_000);
  assert.equal(new Set(Array.from({ length: 100_000 }, newShortId)).size, 100_000);
});
