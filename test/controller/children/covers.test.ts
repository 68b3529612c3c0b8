import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covers } from '../../../src/controller/children/covers.ts';

const rows: [shown: unknown, wanted: unknown, covers: boolean][] = [
  [{ a: 1, b: 2 }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: { b: 1, c: 2 } }, { a: { b: 1 } }, true],
  [{ a: { b: 2 } }, { a: { b: 1 } }, false],
  [{ a: 'x' }, { a: { b: 1 } }, false],
  [{ a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] }, true],
  [{ a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }] }, false],
  [{ a: [2, 1] }, { a: [1, 2] }, false],
  [{ a: {} }, { a: [] }, false],
  [undefined, { a: 1 }, false],
  [null, {}, false],
  [{ a: null }, { a: false }, false],
];

for (const [shown, wanted, expected] of rows) {
  test(`${JSON.stringify(shown)} ${expected ? 'shows' : 'does not show'} ${JSON.stringify(wanted)}`, () => {
    assert.equal(covers(shown, wanted), expected);
  });
}
