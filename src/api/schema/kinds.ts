import { z } from 'zod';
import { DURATION_PATTERN, MAX_DURATION_LENGTH, parseDuration } from '../../units/duration.ts';
import { MAX_PERCENTAGE_LENGTH, PERCENTAGE_PATTERN, parsePercentage } from '../../units/percentage.ts';
import { MAX_RATE_LENGTH, parseRate, RATE_PATTERN } from '../../units/rate.ts';
import { Rational } from '../../units/rational.ts';
import { described, isNot, isNotText } from '../wording.ts';
import { type Cel, type CelCheck, type Check, celShown, celText, isNotInCel, schemaNotes } from './cel.ts';
import { celIsDuration, celIsPercentage, celIsRate, celRateAtMost } from './cel-units.ts';

/**
 * The kinds of fields a manifest is made of. Each says in one sentence what it expects, and bounds what it takes, so
 * that the schema below reads as a list of fields.
 */

/** The highest rate, in hits per second. */
export const MAX_RATE = 10_000_000;

/** The longest duration: ten years. With `MAX_RATE`, hits stay countable in doubles (3.2e15 < 2^53). */
export const MAX_DURATION = '87600h';

const RATES = 'such as 5000/s, 6/m, 0.5/s, 10/h';
const DURATIONS = 'such as 100ms, 10m, 1h30m';

/** A map with exactly these fields; any other is refused. @param such the fields to name to someone who gave no map */
export function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape, such = Object.keys(shape)) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'invalid_type' ? isNot(issue.input, `a map of fields (${such.join(', ')})`) : undefined,
  });
}

/** A list. @param what its entries, in the plural, such as `stages` */
export function list<Entry extends z.ZodType>(entry: Entry, what: string, least: number, most: number) {
  return z
    .array(entry, { error: (issue) => isNot(issue.input, `a list of ${what}`) })
    .min(least, { error: () => `is an empty list: give at least ${least} of the ${what}` })
    .max(most, { error: (issue) => `has ${(issue.input as unknown[]).length} ${what}; at most ${most}` });
}

/**
 * A map from names to texts. @param what what it holds, such as `labels`
 * @param lacking what to say of one with fewer than `least` entries
 */
export function map<Key extends z.core.$ZodRecordKey, Value extends z.ZodType>(
  key: Key,
  value: Value,
  what: string,
  most: number,
  least = 0,
  lacking = `is an empty map: give at least ${least} of the ${what}`,
) {
  return z
    .record(key, value, {
      error: (issue) => (issue.code === 'invalid_type' ? isNot(issue.input, `a map of ${what}`) : undefined),
    })
    .refine((entries) => Object.keys(entries).length >= least, { error: () => lacking })
    .refine((entries) => Object.keys(entries).length <= most, {
      error: (issue) => `has ${Object.keys(issue.input as object).length} ${what}; at most ${most}`,
    })
    .register(schemaNotes, { minProperties: least, maxProperties: most });
}

const ANY_TEXT: Check = { holds: () => true, cel: () => 'true' };

/** A text of `least` to `most` characters. @param expected such as `a label value`; `right` says what else must hold */
export function text(least: number, most: number, expected = 'a text', right: Check = ANY_TEXT) {
  return z
    .string({ error: (issue) => isNotText(issue.input, expected === 'a text' ? undefined : expected) })
    .refine((value) => lengthOf(value) <= most, {
      abort: true,
      error: (issue) => `is ${lengthOf(issue.input as string)} characters long; at most ${most}`,
    })
    .refine((value) => lengthOf(value) >= least, {
      abort: true,
      error: (issue) =>
        issue.input === ''
          ? `is an empty text: give ${expected}`
          : `is ${lengthOf(issue.input as string)} characters long; at least ${least}`,
    })
    .refine(right.holds, { error: (issue) => isNot(issue.input, expected) })
    .register(schemaNotes, {
      minLength: least,
      maxLength: most,
      checks: right === ANY_TEXT ? [] : [isNotInCel(right.cel, expected, most)],
    });
}

/** Characters as people and API servers count them: a pair of surrogates is one. */
function lengthOf(value: string): number {
  let length = value.length;
  for (let i = 0; i < value.length - 1; i++) {
    if ((value.charCodeAt(i) & 0xfc00) === 0xd800 && (value.charCodeAt(i + 1) & 0xfc00) === 0xdc00) length--;
  }
  return length;
}

/** The schemas of fields whose values must not be repeated. */
export const privateFields: WeakSet<z.core.$ZodType> = new WeakSet();

/** A text that may hold a password: messages do not repeat it. */
export function privateText(most: number, expected: string, right: Check) {
  const schema = z
    .string({ error: () => `must be ${expected}` })
    .refine((value) => lengthOf(value) <= most, {
      abort: true,
      error: () => `must be ${expected}, at most ${most} characters long`,
    })
    .refine(right.holds, { error: () => `must be ${expected}` })
    .register(schemaNotes, {
      maxLength: most,
      checks: [{ cel: right.cel, message: `must be ${expected}` }],
    });
  privateFields.add(schema);
  return schema;
}

/** A rate such as `5000/s`. @param zero whether `0/s` is one */
export function rate(zero: 'zero too' | 'over 0') {
  const expected = zero === 'zero too' ? `a rate such as 0/s, 5000/s, 6/m` : `a rate over 0 ${RATES}`;
  const tooHigh = ` is more than ${MAX_RATE}/s`;
  const limit: CelCheck = {
    cel: (self) => `!${celIsRate(self)} || ${celRateAtMost(self, MAX_RATE)}`,
    message: `must be at most ${MAX_RATE}/s`,
    sentence: (self) => `${celShown(self, MAX_RATE_LENGTH)} + ${celText(tooHigh)}`,
  };
  return quantity({
    most: MAX_RATE_LENGTH,
    pattern: RATE_PATTERN,
    expected,
    judge: (value) => {
      const perSecond = parseRate(value);
      if (perSecond.compare(Rational.of(MAX_RATE)) > 0) return `${described(value)}${tooHigh}`;
      return zero === 'zero too' || perSecond.compare(Rational.zero) > 0;
    },
    cel: (self) => `${celIsRate(self)}${zero === 'zero too' ? '' : ` && ${self}.matches('[1-9]')`}`,
    limit,
  });
}

/** A duration such as `10m`. @param least the shortest, `0s` where none at all is allowed too */
export function duration(least: string, most: string = MAX_DURATION) {
  const expected = `a duration from ${least} to ${most} ${DURATIONS}`;
  return quantity({
    most: MAX_DURATION_LENGTH,
    pattern: DURATION_PATTERN,
    expected,
    judge: (value) => {
      const ms = parseDuration(value);
      return parseDuration(least) <= ms && ms <= parseDuration(most);
    },
    cel: (self) =>
      `${celIsDuration(self)} && duration(${self}) >= duration('${least}') && duration(${self}) <= duration('${most}')`,
  });
}

/** A percentage from `0%` to `100%`. */
export function percentage() {
  return quantity({
    most: MAX_PERCENTAGE_LENGTH,
    pattern: PERCENTAGE_PATTERN,
    expected: 'a percentage from 0% to 100% such as 90%, 0.5%',
    judge: (value) => {
      parsePercentage(value);
      return true;
    },
    cel: celIsPercentage,
  });
}

/** A whole number. */
export function integer(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  const error = (issue: { input?: unknown }) =>
    typeof issue.input === 'string' && /^[0-9]+$/.test(issue.input)
      ? `${described(issue.input)} is a text: give ${expected}, without quotes`
      : isNot(issue.input, expected);
  return z.int({ error, abort: true }).min(least, { error, abort: true }).max(most, { error });
}

/** `true` or `false`. */
export function flag() {
  return z.boolean({ error: (issue) => isNot(issue.input, 'true or false') });
}

/** One word of a few. */
export function choice<const Words extends readonly string[]>(...words: Words) {
  return z.enum(words, { error: (issue) => isNot(issue.input, `one of ${words.join(', ')}`) });
}

interface Quantity {
  /** The longest text. */
  most: number;
  /** What every right text matches. */
  pattern: RegExp;
  expected: string;
  /** true: right; false: wrong; a text: what is wrong. Throws RangeError where the value cannot be read. */
  judge: (value: string) => boolean | string;
  /** When it is as expected. */
  cel: Cel;
  /** A further check with a sentence of its own. */
  limit?: CelCheck;
}

/** A text with a unit. */
function quantity({ most, pattern, expected, judge, cel, limit }: Quantity) {
  return z
    .string({ error: (issue) => isNotText(issue.input, expected) })
    .max(most, { abort: true, error: (issue) => isNot(issue.input, expected) })
    .check((payload) => {
      const message = judged(payload.value, expected, judge);
      if (message !== null) payload.issues.push({ code: 'custom', input: payload.value, message });
    })
    .register(schemaNotes, {
      maxLength: most,
      pattern: pattern.source,
      expected,
      checks: [isNotInCel(cel, expected, most), ...(limit === undefined ? [] : [limit])],
    });
}

function judged(value: string, expected: string, judge: (value: string) => boolean | string): string | null {
  try {
    const verdict = judge(value);
    return verdict === true ? null : verdict === false ? isNot(value, expected) : verdict;
  } catch (error) {
    if (error instanceof RangeError) return isNot(value, expected);
    throw error;
  }
}
