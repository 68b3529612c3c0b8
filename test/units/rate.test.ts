import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRate, parseRate } from '../../src/units/rate.ts';
import { Rational } from '../../src/units/rational.ts';

const rows: [text: string, numerator: number, denominator: number, usual: string][] = [
  ['5000/s', 5000, 1, '5000/s'],
  ['6/m', 1, 10, '6/m'],
  ['0.5/s', 1, 2, '30/m'],
  ['10/h', 1, 360, '10/h'],
  ['90/m', 3, 2, '1.5/s'],
  ['23/m', 23, 60, '23/m'],
  ['1/h', 1, 3600, '1/h'],
  ['0.25/h', 1, 14400, '0.25/h'],
  ['0/s', 0, 1, '0/s'],
  ['0.0/h', 0, 1, '0/s'],
  ['0.1/s', 1, 10, '6/m'],
  ['100/m', 5, 3, '100/m'],
  ['7.3/h', 73, 36000, '7.3/h'],
  ['10000000/s', 10_000_000, 1, '10000000/s'],
  ['007/s', 7, 1, '7/s'],
];

for (const [text, numerator, denominator, usual] of rows) {
  test(`${text} is ${numerator}/${denominator} hits a second, usually written ${usual}`, () => {
    const rate = parseRate(text);
    assert.equal(rate.compare(Rational.of(numerator, denominator)), 0);
    assert.equal(formatRate(rate), usual);
    assert.equal(parseRate(usual).compare(rate), 0);
  });
}

test('no double stands on the way: a decimal beyond their precision stays exact', () => {
  const rate = parseRate('0.1000000000000000000000001/s');
  assert.equal(rate.compare(Rational.of(10n ** 24n + 1n, 10n ** 25n)), 0);
});

test('a rate that no decimal can say is rounded', () => {
  assert.equal(formatRate(Rational.of(1000, 7)), '142.857/s');
});

for (const text of [
  '',
  '5000',
  '/s',
  '5000/',
  '5000/d',
  '5000/ms',
  '5000/S',
  '5000 /s',
  ' 5000/s',
  '5000/s ',
  '5000/s\n',
  '-5/s',
  '+5/s',
  '1e3/s',
  '.5/s',
  '5./s',
  '5,000/s',
  'Infinity/s',
  'NaN/s',
  '٥/s',
  '5000/1s',
  `${'9'.repeat(40)}/s`,
]) {
  test(`${JSON.stringify(text.slice(0, 20))} is no rate`, () => {
    assert.throws(
      () => parseRate(text),
      (error: Error) => {
        assert.ok(error instanceof RangeError);
        assert.match(error.message, /^".*" is not a rate such as 5000\/s, 6\/m, 0\.5\/s, 10\/h$/);
        return true;
      },
    );
  });
}
