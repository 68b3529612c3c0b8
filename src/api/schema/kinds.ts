import { z } from 'zod';
import { DURATION_PATTERN, MAX_DURATION_LENGTH, parseDuration } from '../../units/duration.ts';
import { MAX_PERCENTAGE_LENGTH, PERCENTAGE_PATTERN, parsePercentage } from '../../units/percentage.ts';
import { MAX_RATE_LENGTH, parseRate, RATE_PATTERN } from '../../units/rate.ts';
import { Rational } from '../../units/rational.ts';
import { described, isNot, isNotText } from '../wording.ts';

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

/** A map from names to texts. @param what what it holds, such as `labels` */
export function map<Key extends z.core.$ZodRecordKey, Value extends z.ZodType>(
  key: Key,
  value: Value,
  what: string,
  most: number,
) {
  return z
    .record(key, value, {
      error: (issue) => (issue.code === 'invalid_type' ? isNot(issue.input, `a map of ${what}`) : undefined),
    })
    .refine((entries) => Object.keys(entries).length <= most, {
      error: (issue) => `has ${Object.keys(issue.input as object).length} ${what}; at most ${most}`,
    });
}

/** A text of `least` to `most` characters. @param expected such as `a label value`; `right` says what else must hold */
export function text(
  least: number,
  most: number,
  expected?: string,
  right: (value: string) => boolean = () => true,
) {
  return z
    .string({ error: (issue) => isNotText(issue.input, expected) })
    .max(most, {
      abort: true,
      error: (issue) => `is ${(issue.input as string).length} characters long; at most ${most}`,
    })
    .min(least, { abort: true, error: () => `is an empty text: give ${expected ?? 'a text'}` })
    .refine(right, { error: (issue) => isNot(issue.input, expected ?? 'a text') });
}

/** The schemas of fields whose values must not be repeated. */
export const privateFields: WeakSet<z.core.$ZodType> = new WeakSet();

/** A text that may hold a password: messages do not repeat it. */
export function privateText(most: number, expected: string, right: (value: string) => boolean) {
  const schema = z
    .string({ error: () => `must be ${expected}` })
    .max(most, { abort: true, error: () => `must be ${expected}, at most ${most} characters long` })
    .refine(right, { error: () => `must be ${expected}` });
  privateFields.add(schema);
  return schema;
}

/** A rate such as `5000/s`. @param zero whether `0/s` is one */
export function rate(zero: 'zero too' | 'over 0') {
  const expected = zero === 'zero too' ? `a rate such as 0/s, 5000/s, 6/m` : `a rate over 0 ${RATES}`;
  return quantity(MAX_RATE_LENGTH, RATE_PATTERN, expected, (value) => {
    const perSecond = parseRate(value);
    if (perSecond.compare(Rational.of(MAX_RATE)) > 0) return `${described(value)} is more than ${MAX_RATE}/s`;
    return zero === 'zero too' || perSecond.compare(Rational.zero) > 0;
  });
}

/** A duration such as `10m`. @param least the shortest, `0s` where none at all is allowed too */
export function duration(least: string, most: string = MAX_DURATION) {
  const expected = `a duration from ${least} to ${most} ${DURATIONS}`;
  return quantity(MAX_DURATION_LENGTH, DURATION_PATTERN, expected, (value) => {
    const ms = parseDuration(value);
    return parseDuration(least) <= ms && ms <= parseDuration(most);
  });
}

/** A percentage from `0%` to `100%`. */
export function percentage() {
  const expected = 'a percentage from 0% to 100% such as 90%, 0.5%';
  return quantity(MAX_PERCENTAGE_LENGTH, PERCENTAGE_PATTERN, expected, (value) => {
    parsePercentage(value);
    return true;
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

/** What is known of the schema of a text with a unit: which texts can be read, and what is expected in words. */
export const quantities: WeakMap<z.core.$ZodType, { pattern: RegExp; expected: string }> = new WeakMap();

/** A text with a unit. @param judge true: right; false: wrong; a text: what is wrong. Throws RangeError where unreadable */
function quantity(
  most: number,
  pattern: RegExp,
  expected: string,
  judge: (value: string) => boolean | string,
) {
  const schema = z
    .string({ error: (issue) => isNotText(issue.input, expected) })
    .max(most, { abort: true, error: (issue) => isNot(issue.input, expected) })
    .check((payload) => {
      const message = judged(payload.value, expected, judge);
      if (message !== null) payload.issues.push({ code: 'custom', input: payload.value, message });
    });
  quantities.set(schema, { pattern, expected });
  return schema;
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
