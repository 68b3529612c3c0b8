import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childName, labelValueOf, podName } from '../../../src/controller/children/names.ts';

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const longest = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(70)}`;

test('children of a test with a plain name are called after it', () => {
  assert.equal(childName('tracking-api', 'run'), 'tracking-api-run');
  assert.match(podName('tracking-api', 'r1', 12, 3), /^tracking-api-[0-9a-f]{8}-12-3$/);
});

test('every name of a test makes names that are host names', () => {
  for (const name of ['a', 'a.b', `${'a'.repeat(39)}.b`, 'a'.repeat(63), longest, longest.slice(0, 200)]) {
    for (const made of [childName(name, 'overlay'), podName(name, 'r', 999, 999_999)]) {
      assert.ok(made.length <= 63, `${made} has ${made.length} characters`);
      assert.match(made, LABEL);
    }
    assert.ok(labelValueOf(name).length <= 63);
  }
});

test('no two tests share a name, however alike theirs are', () => {
  const alike = [
    'a.b',
    'a-b',
    'a',
    'a-run',
    'a-b-run',
    longest,
    `${longest.slice(0, -1)}e`,
    longest.slice(0, -1),
    'a'.repeat(40),
    'a'.repeat(41),
    'a'.repeat(42),
  ];
  // What others are called after they were shortened, too.
  const stems = alike.map((name) => childName(name, 'run').slice(0, -'-run'.length));
  const names = [...new Set([...alike, ...stems, ...stems.map((stem) => childName(stem, 'run'))])];
  const children = names.map((name) => childName(name, 'run'));
  assert.equal(new Set(children).size, names.length);
  const pods = names.flatMap((name) =>
    ['r1', 'r2'].flatMap((run) =>
      [0, 1, 11].flatMap((index) => [0, 1].map((n) => podName(name, run, index, n))),
    ),
  );
  assert.equal(new Set(pods).size, names.length * 12);
  assert.equal(new Set(names.map(labelValueOf)).size, names.length);
});

test('names stay as they are for ever', () => {
  assert.equal(childName('tracking.api', 'run'), 'tracking-api-100fc359df-run');
  assert.equal(podName('tracking-api', 'r1', 0, 0), 'tracking-api-82f3e9c6-0-0');
});
