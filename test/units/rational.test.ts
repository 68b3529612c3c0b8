import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Rational } from '../../src/units/rational.ts';
import { randomStream } from '../metrics/random.ts';

const parts = ({ numerator, denominator }: Rational) => [numerator, denominator];

describe('a fraction', () => {
  const rows: [top: bigint | number, bottom: bigint | number, lowest: [bigint, bigint]][] = [
    [1, 2, [1n, 2n]],
    [2, 4, [1n, 2n]],
    [-2, 4, [-1n, 2n]],
    [2, -4, [-1n, 2n]],
    [-2, -4, [1n, 2n]],
    [0, -7, [0n, 1n]],
    [12n, 4n, [3n, 1n]],
    [10n ** 40n, 10n ** 38n, [100n, 1n]],
  ];
  for (const [top, bottom, lowest] of rows) {
    test(`${top}/${bottom} is ${lowest.join('/')}`, () => {
      assert.deepEqual(parts(Rational.of(top, bottom)), lowest);
    });
  }

  test('of a whole number needs no denominator', () => {
    assert.deepEqual(parts(Rational.of(7)), [7n, 1n]);
  });

  for (const [top, bottom] of [
    [1, 0],
    [0n, 0n],
    [0.5, 1],
    [1, 1.5],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 1],
  ] as const) {
    test(`${top}/${bottom} is refused`, () => assert.throws(() => Rational.of(top, bottom), RangeError));
  }
});

describe('a decimal', () => {
  const rows: [text: string, fraction: [bigint, bigint]][] = [
    ['0.5', [1n, 2n]],
    ['-0.25', [-1n, 4n]],
    ['1234', [1234n, 1n]],
    ['0.10', [1n, 10n]],
    ['007.50', [15n, 2n]],
    ['-0', [0n, 1n]],
    ['0.1000000000000000000000001', [10n ** 24n + 1n, 10n ** 25n]],
  ];
  for (const [text, fraction] of rows) {
    test(`${text} is ${fraction.join('/')}`, () => assert.deepEqual(parts(Rational.parse(text)), fraction));
  }
  for (const text of ['', '.5', '5.', '1e3', '+1', ' 1', '1 ', '1,5', '0x10', 'NaN', '--1', '٣', '1\n']) {
    test(`${JSON.stringify(text)} is none`, () => {
      assert.throws(() => Rational.parse(text), { name: 'RangeError', message: /is not a decimal number$/ });
    });
  }
});

describe('rounding', () => {
  const rows: [top: number, bottom: number, floor: bigint, ceil: bigint][] = [
    [7, 2, 3n, 4n],
    [-7, 2, -4n, -3n],
    [6, 2, 3n, 3n],
    [-6, 2, -3n, -3n],
    [1, 1000, 0n, 1n],
    [-1, 1000, -1n, 0n],
    [0, 5, 0n, 0n],
  ];
  for (const [top, bottom, floor, ceil] of rows) {
    test(`${top}/${bottom}: ${floor} and ${ceil}`, () => {
      const fraction = Rational.of(top, bottom);
      assert.deepEqual([fraction.floor(), fraction.ceil()], [floor, ceil]);
    });
  }
});

describe('as a double', () => {
  const rows: [fraction: Rational, double: number][] = [
    [Rational.of(1, 3), 1 / 3],
    [Rational.of(-1, 3), -1 / 3],
    [Rational.of(2n ** 70n, 3n), 2 ** 70 / 3],
    [Rational.of(10n ** 400n, 10n ** 399n * 3n), 10 / 3],
    [Rational.of(10n ** 700n + 1n, 10n ** 700n), 1],
    [Rational.of(1n, 10n ** 400n), 0],
    [Rational.zero, 0],
  ];
  for (const [fraction, double] of rows) {
    test(`it is ${double}`, () => {
      assert.ok(Math.abs(fraction.toNumber() - double) <= Math.abs(double) * 2e-16);
    });
  }
});

test('the arithmetic of fractions holds', () => {
  const random = randomStream(7);
  const any = () => Rational.of(Math.floor((random() - 0.5) * 2000), 1 + Math.floor(random() * 300));
  const same = (a: Rational, b: Rational) => assert.deepEqual(parts(a), parts(b));
  for (let round = 0; round < 1000; round++) {
    const [a, b, c] = [any(), any(), any()];
    same(a.plus(b), b.plus(a));
    same(a.plus(b).minus(b), a);
    same(a.times(b.plus(c)), a.times(b).plus(a.times(c)));
    same(a.minus(a), Rational.zero);
    if (b.numerator === 0n) assert.throws(() => a.over(b), RangeError);
    else same(a.over(b).times(b), a);
    assert.equal(a.compare(b), Math.sign(a.toNumber() - b.toNumber()));
    assert.equal(a.compare(a), 0);
    assert.ok(Rational.of(a.floor()).compare(a) <= 0 && Rational.of(a.floor() + 1n).compare(a) > 0);
    assert.ok(Rational.of(a.ceil()).compare(a) >= 0 && Rational.of(a.ceil() - 1n).compare(a) < 0);
  }
});
