import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cut, padEnd, padStart, printable, table, widthOf, wrap } from '../../src/report/layout.ts';

const RED = '\x1b[31mred\x1b[39m';

test('width is what a terminal shows: no markup, wide characters twice, combining marks not at all', () => {
  assert.equal(widthOf('plain'), 5);
  assert.equal(widthOf(RED), 3);
  assert.equal(widthOf('日本'), 4);
  assert.equal(widthOf('🚀x'), 3);
  assert.equal(widthOf('e\u0301'), 1);
});

test('cut keeps what fits and closes markup that it cuts', () => {
  assert.equal(cut('abcdef', 6), 'abcdef');
  assert.equal(cut('abcdef', 5), 'abcd…');
  assert.equal(cut('abcdef', 1), '…');
  assert.equal(cut('abcdef', 0), '');
  assert.equal(cut(RED, 3), RED);
  assert.equal(cut(RED, 2), '\x1b[31mr…\x1b[0m');
  assert.equal(widthOf(cut('日本語', 4)), 3);
});

test('text from elsewhere cannot move the cursor, ring, break lines or turn the writing direction', () => {
  assert.equal(printable('a\x1b[2Jb\x07\r\nc\u202ed'), 'a [2Jb c d');
});

test('padding counts columns, not characters', () => {
  assert.equal(padEnd('日', 4), '日  ');
  assert.equal(padStart(RED, 5), `  ${RED}`);
});

test('prose is broken between words only', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrap('incomprehensible', 5), ['incomprehensible']);
  assert.deepEqual(wrap('', 5), ['']);
});

test('a table is as wide as its widest cells, without white space at line ends', () => {
  assert.deepEqual(
    table(
      [
        ['', 'n'],
        ['long name', '5'],
        ['x', '1,000'],
      ],
      'lr',
    ),
    ['               n', 'long name      5', 'x          1,000'],
  );
  assert.deepEqual(
    table(
      [
        ['a', ''],
        ['bb', ''],
      ],
      'll',
    ),
    ['a', 'bb'],
  );
});
