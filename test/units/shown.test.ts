import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shown } from '../../src/units/shown.ts';

const rows: [text: string, shown: string][] = [
  ['', '""'],
  ['5000/s ', '"5000/s "'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['a\nb\u0000', '"a\\nb\\u0000"'],
  ['\u001b[31m', '"\\u001b[31m"'],
  ['\u009b31m', '"\\u009b31m"'],
  ['a\u200bb\u202ec\ufeff', '"a\\u200bb\\u202ec\\ufeff"'],
  ['é😀', '"é😀"'],
  ['x'.repeat(60), `"${'x'.repeat(60)}"`],
  ['x'.repeat(61), `"${'x'.repeat(59)}…"`],
];
for (const [text, expected] of rows) test(expected, () => assert.equal(shown(text), expected));
