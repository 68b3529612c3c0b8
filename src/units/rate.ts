import { Rational } from './rational.ts';
import { shown } from './shown.ts';

/** The longest text read as a rate. */
export const MAX_RATE_LENGTH = 32;

/** A rate: hits per second, minute or hour. */
export const RATE_PATTERN: RegExp = /^[0-9]+(?:\.[0-9]+)?\/(?:s|m|h)$/;

const SECONDS_PER_UNIT = { s: 1n, m: 60n, h: 3_600n } as const;

/** A rate such as `5000/s`, `6/m`, `0.5/s`, `10/h`, in hits per second, exactly. @throws RangeError for any other text */
export function parseRate(text: string): Rational {
  if (text.length > MAX_RATE_LENGTH || !RATE_PATTERN.test(text)) {
    throw new RangeError(`${shown(text)} is not a rate such as 5000/s, 6/m, 0.5/s, 10/h`);
  }
  const unit = text.slice(-1) as keyof typeof SECONDS_PER_UNIT;
  return Rational.parse(text.slice(0, -2)).over(Rational.of(SECONDS_PER_UNIT[unit]));
}

/**
 * Hits per second in the unit that people would choose: `5000/s`, `6/m`, `10/h`, `0/s`. Exact, so that `parseRate` reads
 * it back, for every rate that can be written in one of the units; otherwise hits per second with 6 significant digits.
 */
export function formatRate(perSecond: Rational): string {
  if (perSecond.compare(Rational.zero) === 0) return '0/s';
  const forms = Object.entries(SECONDS_PER_UNIT).flatMap(([unit, seconds]) => {
    const amount = perSecond.times(Rational.of(seconds));
    const text = exactDecimal(amount);
    return text === null
      ? []
      : [{ text: `${text}/${unit}`, atLeastOne: amount.numerator >= amount.denominator }];
  });
  const form = forms.find(({ atLeastOne }) => atLeastOne) ?? forms.at(-1);
  return form?.text ?? `${Number(perSecond.toNumber().toPrecision(6))}/s`;
}

/** A fraction as a finite decimal; null where it has none. */
function exactDecimal({ numerator, denominator }: Rational): string | null {
  let scale = 1n;
  let digits = 0;
  for (; scale % denominator !== 0n; digits++) {
    if (digits === MAX_RATE_LENGTH) return null;
    scale *= 10n;
  }
  const scaled = String((numerator * scale) / denominator).padStart(digits + 1, '0');
  return digits === 0 ? scaled : `${scaled.slice(0, -digits)}.${scaled.slice(-digits)}`;
}
