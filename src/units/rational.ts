/**
 * An exact fraction of two integers, always in lowest terms with a denominator over 0.
 * Schedules count hits with it: 23 hits a minute for 300 s is 115 hits, where doubles say 115.00000000000001.
 */
export class Rational {
  static readonly zero: Rational = new Rational(0n, 1n);

  readonly numerator: bigint;
  readonly denominator: bigint;

  private constructor(numerator: bigint, denominator: bigint) {
    this.numerator = numerator;
    this.denominator = denominator;
  }

  /** `numerator / denominator`. @throws RangeError for a denominator of 0 or a number that is no integer */
  static of(numerator: bigint | number, denominator: bigint | number = 1n): Rational {
    let top = BigInt(numerator);
    let bottom = BigInt(denominator);
    if (bottom === 0n) throw new RangeError('a fraction needs a denominator other than 0');
    if (bottom < 0n) {
      top = -top;
      bottom = -bottom;
    }
    const divisor = greatestCommonDivisor(top < 0n ? -top : top, bottom);
    return new Rational(top / divisor, bottom / divisor);
  }

  /** A plain decimal such as `0.5` or `1234`, without loss. @throws RangeError for any other text */
  static parse(decimal: string): Rational {
    const match = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(decimal);
    if (!match) throw new RangeError(`"${decimal}" is not a decimal number`);
    const [, sign, whole, fraction = ''] = match;
    return Rational.of(BigInt(`${sign}${whole}${fraction}`), 10n ** BigInt(fraction.length));
  }

  plus(other: Rational): Rational {
    return Rational.of(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  minus(other: Rational): Rational {
    return this.plus(new Rational(-other.numerator, other.denominator));
  }

  times(other: Rational): Rational {
    return Rational.of(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  /** @throws RangeError when `other` is 0 */
  over(other: Rational): Rational {
    return Rational.of(this.numerator * other.denominator, this.denominator * other.numerator);
  }

  /** Less than 0, 0 or more than 0, as this is less than, equal to or more than `other`. */
  compare(other: Rational): number {
    const difference = this.numerator * other.denominator - other.numerator * this.denominator;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  floor(): bigint {
    const quotient = this.numerator / this.denominator;
    return this.numerator < 0n && quotient * this.denominator !== this.numerator ? quotient - 1n : quotient;
  }

  ceil(): bigint {
    const floor = this.floor();
    return floor * this.denominator === this.numerator ? floor : floor + 1n;
  }

  /** The nearest double, also where numerator and denominator are beyond the range of doubles. */
  toNumber(): number {
    const whole = this.floor();
    const rest = this.numerator - whole * this.denominator;
    const shift = BigInt(Math.max(0, this.denominator.toString(2).length - 1000));
    return Number(whole) + Number(rest >> shift) / Number(this.denominator >> shift);
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
