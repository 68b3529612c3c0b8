import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { didYouMean, nearNames } from '../../src/template/near-names.ts';

describe('near names', () => {
  const rows: [name: string, names: string[], near: string[]][] = [
    ['emial', ['email', 'name', 'city'], ['email']],
    ['BaseUrl', ['BaseURL', 'Base'], ['BaseURL', 'Base']],
    ['track', ['track.json', 'page.json'], ['track.json']],
    ['product_name', ['product.name', 'name'], ['product.name', 'name']],
    ['x', ['email', 'name'], []],
    ['', ['email'], []],
    ['abc', ['abd', 'abe', 'abf', 'abg'], ['abd', 'abe', 'abf']],
  ];
  for (const [name, names, near] of rows) {
    test(`of "${name}" are ${JSON.stringify(near)}`, () => assert.deepEqual(nearNames(name, names), near));
  }

  test('are found in bounded time', () => {
    assert.deepEqual(nearNames('x'.repeat(1e6), ['y'.repeat(1e6)]), []);
  });

  test('are asked for in one sentence', () => {
    assert.equal(didYouMean('abc', ['abd', 'abe', 'abf']), '; did you mean "abd", "abe" or "abf"?');
    assert.equal(didYouMean('abc', ['abd']), '; did you mean "abd"?');
    assert.equal(didYouMean('abc', ['zzzzz']), '');
  });
});
