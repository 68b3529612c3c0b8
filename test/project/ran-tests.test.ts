import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RanTests, type TestEventData } from '../../scripts/testing/ran-tests.ts';

const file = '/taz/test/units/rate.test.ts';

/** Plays events; a name alone starts a test, one with a verdict ends it. */
function play(
  ...events: [nesting: number, name: string, verdict?: 'pass' | 'fail', more?: Partial<TestEventData>][]
) {
  const ran = new RanTests('/taz');
  for (const [nesting, name, verdict, more] of events) {
    const data: TestEventData = { name, nesting, file, entryFile: file, ...more };
    if (verdict === undefined) ran.started(data);
    else ran.ended(data, verdict === 'pass');
  }
  return ran.tests.map(({ name, outcome }) => `${outcome}: ${name}`);
}

const suite = { details: { type: 'suite' } };

test('a test is named by its file and the names around it', () => {
  assert.deepEqual(
    play(
      [0, 'rates'],
      [1, 'are read'],
      [1, 'are read', 'pass'],
      [1, 'inner'],
      [2, 'deep'],
      [2, 'deep', 'pass'],
      [1, 'inner', 'pass', suite],
      [0, 'rates', 'pass', suite],
      [0, 'alone'],
      [0, 'alone', 'pass'],
    ),
    [
      'passed: test/units/rate.test.ts > rates > are read',
      'passed: test/units/rate.test.ts > rates > inner > deep',
      'passed: test/units/rate.test.ts > alone',
    ],
  );
});

test('a test that a helper defines belongs to the file that was run', () => {
  assert.deepEqual(play([0, 'x', 'pass', { file: '/taz/test/support/helper.ts' }]), [
    'passed: test/units/rate.test.ts > x',
  ]);
});

test('skipped and todo tests are neither passed nor failed', () => {
  assert.deepEqual(
    play(
      [0, 'a', 'pass', { skip: true }],
      [0, 'b', 'pass', { skip: '' }],
      [0, 'c', 'pass', { todo: 'later' }],
      [0, 'd', 'fail', { todo: true }],
      [0, 'e', 'pass', { skip: false, todo: false }],
    ).map((line) => line.split(':', 1)[0]),
    ['skipped', 'skipped', 'todo', 'todo', 'passed'],
  );
});

test('a suite fails by itself only where its hook does', () => {
  const failed = (failureType: string) => ({ details: { type: 'suite', error: { failureType } } });
  assert.deepEqual(play([0, 's', 'fail', failed('subtestsFailed')]), []);
  assert.deepEqual(play([0, 's', 'fail', failed('hookFailed')]), ['failed: test/units/rate.test.ts > s']);
});

test('a file without tests fails, as one does that ends badly', () => {
  const whole = { entryFile: undefined };
  assert.deepEqual(play([0, file, 'pass', whole]), ['failed: test/units/rate.test.ts > (no tests)']);
  assert.deepEqual(play([0, file, 'fail', whole]), ['failed: test/units/rate.test.ts > (file)']);
});

test('a skipped suite is one skipped test, and reasons are counted', () => {
  const ran = new RanTests('/taz');
  const skipped = (name: string, more: object) =>
    ran.ended({ name, nesting: 0, file, entryFile: file, skip: 'no server', ...more }, true);
  assert.deepEqual(skipped('all', suite), { name: 'test/units/rate.test.ts > all', outcome: 'skipped' });
  skipped('one', {});
  skipped('two', { skip: true });
  assert.equal(ran.count('skipped'), 3);
  assert.deepEqual([...ran.skipReasons], [['no server', 2]]);
});
