import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closest } from '../../src/api/suggestion.ts';

const rows: [word: string, known: string[], meant: string | null][] = [
  ['rats', ['rate', 'run', 'wave'], 'rate'],
  ['htpp', ['http', 'kafka'], 'http'],
  ['Rate', ['rate'], 'rate'],
  ['tempaltes', ['targets', 'templates'], 'templates'],
  ['connections', ['rate', 'run'], null],
  ['x', ['to', 'over'], null],
  ['', ['a'], 'a'],
  ['rate', [], null],
  ['r'.repeat(1_000_000), ['rate'], null],
];
for (const [word, known, meant] of rows) {
  test(`${word.slice(0, 20)} among ${known.join(', ')} means ${meant}`, () =>
    assert.equal(closest(word, known), meant));
}
