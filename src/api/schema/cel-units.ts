import { PERCENTAGE_PATTERN } from '../../units/percentage.ts';
import { RATE_PATTERN } from '../../units/rate.ts';
import { celPattern } from './cel.ts';

/**
 * Rates, durations and percentages in CEL. Where a unit is not readable, its `celIs…` is false and the others are errors:
 * guard them.
 */

/**
 * A duration that CEL's `duration()` reads without an overflow: as DURATION_PATTERN, with no more significant digits than
 * ten years have. A longer one is out of every bound anyway.
 */
const DURATION =
  /^(?:0*[0-9]{1,12}(?:\.[0-9]+)?ms|0*[0-9]{1,9}(?:\.[0-9]+)?s|0*[0-9]{1,7}(?:\.[0-9]+)?m|0*[0-9]{1,5}(?:\.[0-9]+)?h)+$/;

export function celIsDuration(self: string): string {
  return `${self}.matches(${celPattern(DURATION)})`;
}

export function celIsRate(self: string): string {
  return `${self}.matches(${celPattern(RATE_PATTERN)})`;
}

export function celIsPercentage(self: string): string {
  return `${self}.matches(${celPattern(PERCENTAGE_PATTERN)})`;
}

/** Whether a rate is at most `most` per second, exactly: quantities round up, to nine decimals. */
export function celRateAtMost(self: string, most: number): string {
  const limits = `(${self}.endsWith('/s') ? '${most}' : ${self}.endsWith('/m') ? '${most * 60}' : '${most * 3600}')`;
  return `quantity(${celAmount(self)}).compareTo(quantity${limits}) <= 0`;
}

/** Hits an hour, as a double. */
export function celPerHour(self: string): string {
  return `double(${celAmount(self)}) * (${self}.endsWith('/s') ? 3600.0 : ${self}.endsWith('/m') ? 60.0 : 1.0)`;
}

function celAmount(self: string): string {
  return `${self}.split('/')[0]`;
}
