import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, inSeconds, parseDuration } from '../../src/units/duration.ts';

const rows: [text: string, ms: number, shortest: string][] = [
  ['100ms', 100, '100ms'],
  ['10m', 600_000, '10m'],
  ['1h30m', 5_400_000, '1h30m'],
  ['2.5s', 2_500, '2.5s'],
  ['0s', 0, '0s'],
  ['0h', 0, '0s'],
  ['1.5ms', 1.5, '1.5ms'],
  ['0.1s', 100, '100ms'],
  ['0.1ms', 0.1, '0.1ms'],
  ['90s', 90_000, '1m30s'],
  ['1000ms', 1_000, '1s'],
  ['61500ms', 61_500, '1m1.5s'],
  ['5m5ms', 300_005, '5m0.005s'],
  ['1s1s', 2_000, '2s'],
  ['30m1h', 5_400_000, '1h30m'],
  ['87600h', 315_360_000_000, '87600h'],
  ['0.000001ms', 0.000_001, '0.000001ms'],
  ['0.0000019ms', 0.000_001, '0.000001ms'],
  ['0.0000001ms', 0, '0s'],
];

for (const [text, ms, shortest] of rows) {
  test(`${text} is ${ms} ms, in short ${shortest}`, () => {
    assert.equal(parseDuration(text), ms);
    assert.equal(formatDuration(ms), shortest);
    assert.equal(parseDuration(shortest), ms);
  });
}

const wrong = [
  '',
  '5',
  '0',
  's',
  '5 s',
  ' 5s',
  '5s ',
  '5S',
  '5sec',
  '-5s',
  '+5s',
  '1e3s',
  '.5s',
  '5.s',
  '1,5s',
  '5us',
  '1d',
  'Infinity',
  '٥s',
  '5s\n',
  '1h-30m',
  `${'9'.repeat(40)}s`,
];

for (const text of wrong) {
  test(`${JSON.stringify(text.slice(0, 20))} is no duration`, () => {
    assert.throws(
      () => parseDuration(text),
      (error: Error) => {
        assert.ok(error instanceof RangeError);
        assert.match(error.message, /is not a duration such as 100ms, 10m, 1h30m$/);
        assert.ok(error.message.startsWith('"'));
        return true;
      },
    );
  });
}

test('a long text is cut in the message', () => {
  assert.throws(
    () => parseDuration('9'.repeat(1_000_000)),
    (error: Error) => error.message.length < 150,
  );
});

test('every ms up to a few hours comes back', () => {
  for (let ms = 1; ms < 20_000_000; ms += 7_919) assert.equal(parseDuration(formatDuration(ms)), ms);
});

test('negative and not finite', () => {
  assert.equal(formatDuration(-1_500), '-1.5s');
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => formatDuration(ms), RangeError);
  }
});

test('a fraction that rounds up to the next unit', () => {
  assert.equal(formatDuration(999.999_999_9), '1s');
});

test('in sentences, to a tenth of a second', () => {
  const shown = [0, 49, 50, 1_500, 60_000, 119_960].map(inSeconds);
  assert.deepEqual(shown, ['0 s', '0 s', '0.1 s', '1.5 s', '60 s', '120 s']);
});
