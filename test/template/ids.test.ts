import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId, newShortId } from '../../src/template/ids.ts';

test('an id is a UUID of version 4', () => {
  assert.match(newId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
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
