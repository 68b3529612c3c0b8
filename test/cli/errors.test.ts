import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFailure, UsageError } from '../../src/cli/errors.ts';

test('what the user can put right is one message, its problems one a line, with code 2', () => {
  assert.deepEqual(describeFailure(new UsageError('no file a.yaml'), false), {
    text: 'taz: no file a.yaml\n',
    exitCode: 2,
  });
  assert.deepEqual(describeFailure(new UsageError('a.yaml is not valid', ['rate: x', 'duration: y']), true), {
    text: 'taz: a.yaml is not valid\n  rate: x\n  duration: y\n',
    exitCode: 2,
  });
});

test('anything else is one line without a stack and says how to see it, with code 1', () => {
  const rows: [error: unknown, message: string][] = [
    [new TypeError('x is not a function\nmore'), 'x is not a function'],
    [new Error(''), 'no message'],
    ['text', 'text'],
    [null, 'null'],
  ];
  for (const [error, message] of rows) {
    assert.deepEqual(describeFailure(error, false), {
      text: `taz: unexpected error: ${message} (TAZ_DEBUG=1 shows where)\n`,
      exitCode: 1,
    });
  }
});

test('asked for, stack and causes are shown', () => {
  const { text, exitCode } = describeFailure(new Error('outer', { cause: new Error('inner') }), true);
  assert.equal(exitCode, 1);
  assert.match(text, /^taz: unexpected error: Error: outer\n +at .*errors\.test\.ts/);
  assert.match(text, /\[cause\]: Error: inner/);
});
