import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath, formatProblem, ProblemsError } from '../../src/api/problem.ts';

test('paths read as one would write them', () => {
  assert.equal(formatPath(['spec', 'stages', 2, 'over']), 'spec.stages[2].over');
  assert.equal(formatPath(['metadata', 'labels', 'example.com/team']), 'metadata.labels["example.com/team"]');
  assert.equal(formatPath(['spec', 'a\n"b']), 'spec["a\\n\\"b"]');
  assert.equal(formatPath(['x'.repeat(1_000_000)]).length < 100, true);
  assert.equal(formatPath([]), '');
});

test('the error says all problems, one a line', () => {
  const problems = [
    { path: 'spec.rate', value: 5, message: 'is wrong' },
    { path: '', value: undefined, message: 'and more' },
  ];
  assert.equal(formatProblem(problems[1]!), 'and more');
  assert.equal(new ProblemsError(problems).message, 'spec.rate: is wrong\nand more');
});
