import assert from 'node:assert/strict';
import { test } from 'node:test';
import { youngRoom } from '../../src/worker/memory.ts';

test('young objects of a lane get less room in a small container', () => {
  const mib = 2 ** 20;
  for (const [limit, room] of [
    [Number.POSITIVE_INFINITY, 16],
    [512 * mib, 16],
    [256 * mib, 8],
    [128 * mib, 4],
    [32 * mib, 2],
  ] as const) {
    assert.equal(youngRoom(limit), room, `${limit}`);
  }
});
