import { Rational } from './rational.ts';
import { shown } from './shown.ts';

/** The longest text read as a percentage. */
export const MAX_PERCENTAGE_LENGTH = 16;

/** A percentage from 0% to 100%. */
export const PERCENTAGE_PATTERN: RegExp = /^(?:100|[0-9]{1,2}(?:\.[0-9]+)?)%$/;

/** Decimals of a percentage that can be told from the noise of doubles. */
const DECIMALS = 10;

/** A percentage from `0%` to `100%` such as `90%`, `0.5%`, as an exact share from 0 to 1. @throws RangeError for any other text */
export function parseExactPercentage(text: string): Rational {
  if (text.length > MAX_PERCENTAGE_LENGTH || !PERCENTAGE_PATTERN.test(text)) {
    throw new RangeError(`${shown(text)} is not a percentage from 0% to 100% such as 90%, 0.5%`);
  }
  return Rational.parse(text.slice(0, -1)).over(Rational.of(100));
}

/** A percentage from `0%` to `100%` such as `90%`, `0.5%`, as a share from 0 to 1. @throws RangeError for any other text */
export function parsePercentage(text: string): number {
  return parseExactPercentage(text).toNumber();
}

/**
 * A share from 0 to 1 as a percentage, such as `99.98%`. Further decimals are cut off, not rounded, so that `100%`
 * means all. @param decimals how many decimals at most, 0–10; default 10
 */
export function formatPercentage(share: number, decimals: number = DECIMALS): string {
  const exact = (share * 100).toFixed(DECIMALS);
  const cut = exact.slice(0, exact.length - DECIMALS + decimals);
  return `${cut.replace(/\.0*$|(\.[0-9]*?)0+$/, '$1')}%`;
}
