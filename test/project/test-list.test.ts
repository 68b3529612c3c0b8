import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome, RanTest } from '../../scripts/testing/ran-tests.ts';
import {
  compareWithList,
  formatList,
  formatRecord,
  parseList,
  parseRecord,
} from '../../scripts/testing/test-list.ts';

const ran = (...tests: (string | [name: string, outcome: Outcome])[]): RanTest[] =>
  tests.map((test) =>
    typeof test === 'string' ? { name: test, outcome: 'passed' } : { name: test[0], outcome: test[1] },
  );

test('a run of the whole list, in any order, is as it should be', () => {
  assert.deepEqual(compareWithList(ran('b', 'a'), ['a', 'b']), []);
});

test('each difference is named', () => {
  const rows: [name: string, tests: RanTest[], list: string[], problems: string[]][] = [
    ['missing', ran('a'), ['a', 'b'], ['did not run: b']],
    ['unknown', ran('a', 'b'), ['a'], ['not in the list: b']],
    ['renamed', ran('a', 'new'), ['a', 'old'], ['did not run: old', 'not in the list: new']],
    ['skipped', ran('a', ['b', 'skipped']), ['a', 'b'], ['skipped: b']],
    ['todo', ran('a', ['b', 'todo']), ['a', 'b'], ['todo: b']],
    ['failed', ran('a', ['b', 'failed']), ['a', 'b'], ['failed: b']],
    ['skipped and unknown', ran(['a', 'skipped']), [], ['skipped: a', 'not in the list: a']],
    ['nothing ran', ran(), ['a'], ['did not run: a', 'no test ran at all']],
    ['nothing ran, nothing listed', ran(), [], ['no test ran at all']],
    ['once instead of twice', ran('a'), ['a', 'a'], ['did not run: a']],
    ['twice instead of once', ran('a', 'a'), ['a'], ['not in the list: a']],
  ];
  for (const [name, tests, list, problems] of rows)
    assert.deepEqual(compareWithList(tests, list), problems, name);
});

test('names of any kind survive being written and read', () => {
  const names = ['b > é', 'a > "x"\ty', 'a > #1', 'Z', 'a\n  second line', 'a > constructor', '__proto__'];
  const list = parseList(formatList(names));
  assert.deepEqual(list, [
    'Z',
    '__proto__',
    'a > "x"\ty',
    'a > #1',
    'a > constructor',
    'a second line',
    'b > é',
  ]);
  assert.deepEqual(compareWithList(parseRecord(formatRecord(ran(...names))), list), []);
  assert.deepEqual(compareWithList(ran(...names), list), []);
});

test('an empty list and windows line ends are read', () => {
  assert.deepEqual(parseList(''), []);
  assert.deepEqual(parseList('a\r\nb\r\n'), ['a', 'b']);
});

test('a record keeps outcomes, and is not guessed at', () => {
  const tests = ran('a', 'é \u2028 b', ['b', 'skipped'], ['c', 'todo'], ['d', 'failed']);
  assert.deepEqual(parseRecord(formatRecord(tests)), tests);
  for (const text of ['a', 'passed a', 'maybe\ta', 'passed\t']) {
    assert.throws(() => parseRecord(`${text}\n`), SyntaxError, text);
  }
});
