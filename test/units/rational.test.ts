import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rational } from '../../src/units/rational.ts';

const of = (top: bigint | number, bottom?: bigint | number) => Rational.of(top, bottom);
const same = (a: Rational, b: Rational) =>
  assert.equal(a.compare(b), 0, `${a.toNumber()} is not ${b.toNumber()}`);

test('lowest terms, with the sign above', () => {
  for (const [fraction, top, bottom] of [
    [of(6, 4), 3n, 2n],
    [of(-6, 4), -3n, 2n],
    [of(6, -4), -3n, 2n],
    [of(0, -7), 0n, 1n],
  ] as const) {
    assert.deepEqual([fraction.numerator, fraction.denominator], [top, bottom]);
  }
});

test('decimals are read without loss', () => {
  same(Rational.parse('0.1'), of(1, 10));
  same(Rational.parse('-2.50'), of(-5, 2));
  same(Rational.parse('9007199254740993'), of(9007199254740993n));
  for (const text of ['', '.5', '5.', '1e3', ' 1', '+1', '0x1', 'NaN'])
    assert.throws(() => Rational.parse(text), RangeError);
});

test('arithmetic', () => {
  same(of(1, 3).plus(of(1, 6)), of(1, 2));
  same(of(1, 3).minus(of(1, 2)), of(-1, 6));
  same(of(2, 3).times(of(-3, 4)), of(-1, 2));
  same(of(2, 3).over(of(-4, 9)), of(-3, 2));
  same(of(23, 60).times(of(300)), of(115));
  assert.throws(() => of(1).over(Rational.zero), RangeError);
  assert.throws(() => of(1, 0), RangeError);
  assert.throws(() => of(0.5), RangeError);
});

test('order', () => {
  assert.ok(of(1, 3).compare(of(1, 2)) < 0);
  assert.ok(of(-1, 2).compare(of(-1, 3)) < 0);
  assert.ok(of(2, 3).compare(of(1, 2)) > 0);
  assert.equal(of(2, 4).compare(of(1, 2)), 0);
});

const rounded: [fraction: Rational, floor: bigint, ceil: bigint][] = [
  [of(7, 2), 3n, 4n],
  [of(-7, 2), -4n, -3n],
  [of(4), 4n, 4n],
  [of(-4), -4n, -4n],
  [Rational.zero, 0n, 0n],
];
for (const [fraction, floor, ceil] of rounded) {
  test(`${fraction.toNumber()} lies between ${floor} and ${ceil}`, () => {
    assert.equal(fraction.floor(), floor);
    assert.equal(fraction.ceil(), ceil);
  });
}

test('the nearest double, however large the parts', () => {
  assert.equal(of(1, 3).toNumber(), 1 / 3);
  assert.equal(of(-1, 4).toNumber(), -0.25);
  assert.equal(of(10n ** 400n + 1n, 10n ** 400n).toNumber(), 1);
  assert.equal(of(10n ** 400n, 3n * 10n ** 400n).toNumber(), 1 / 3);
});
