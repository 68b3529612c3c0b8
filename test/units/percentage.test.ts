import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPercentage, parseExactPercentage, parsePercentage } from '../../src/units/percentage.ts';
import { Rational } from '../../src/units/rational.ts';

const rows: [text: string, share: number][] = [
  ['0%', 0],
  ['0.5%', 0.005],
  ['1%', 0.01],
  ['7%', 0.07],
  ['28%', 0.28],
  ['57%', 0.57],
  ['90%', 0.9],
  ['99.98%', 0.9998],
  ['99.999999%', 0.99999999],
  ['100%', 1],
];

for (const [text, share] of rows) {
  test(`${text} is ${share}`, () => {
    assert.equal(parsePercentage(text), share);
    assert.equal(formatPercentage(share), text);
  });
}

test('leading zeros and zeros behind the point are read', () => {
  assert.equal(parsePercentage('05%'), 0.05);
  assert.equal(parsePercentage('5.00%'), 0.05);
});

test('shares add up exactly', () => {
  const sum = parseExactPercentage('99.9%').plus(parseExactPercentage('0.1%'));
  assert.equal(sum.compare(Rational.of(1)), 0);
});

for (const text of [
  '',
  '5',
  '%',
  '90',
  '0.9',
  '101%',
  '100.1%',
  '-1%',
  '5 %',
  ' 5%',
  '5% ',
  '1e1%',
  '.5%',
  '5.%',
  '٥%',
  '5%\n',
  '5%%',
  '050%',
  `0.${'1'.repeat(40)}%`,
]) {
  test(`${JSON.stringify(text)} is no percentage`, () => {
    assert.throws(
      () => parsePercentage(text),
      (error: Error) => {
        assert.ok(error instanceof RangeError);
        assert.match(error.message, /^".*" is not a percentage from 0% to 100% such as 90%, 0\.5%$/);
        return true;
      },
    );
  });
}

test('further decimals are cut, so 100% means all', () => {
  assert.equal(formatPercentage(0.99999, 2), '99.99%');
  assert.equal(formatPercentage(1, 2), '100%');
  assert.equal(formatPercentage(0.9, 2), '90%');
  assert.equal(formatPercentage(2 / 3, 1), '66.6%');
  assert.equal(formatPercentage(2 / 3, 0), '66%');
  assert.equal(formatPercentage(0.07, 2), '7%');
  assert.equal(formatPercentage(0.1005, 2), '10.05%');
});
