import { newId } from '../ids.ts';
import type { Random } from '../random.ts';
import { described, integerOf } from './arguments.ts';
import type { FunctionEntry } from './function-entry.ts';

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LONGEST_RANDOM_TEXT = 10_000;

/** Chance and ids. All but `uuid` repeat under a seed, which JavaScript's own `Math.random()` would not. */
export const randomFunctions: FunctionEntry[] = [
  {
    name: 'randFloat64',
    signature: 'randFloat64()',
    doc: 'A number from 0 up to but not including 1.',
    example: `<% if (randFloat64() < 0.1) { %>"coupon": "SPRING",<% } %>`,
    renders: null,
    costUs: 0.03,
    create:
      ({ random }) =>
      () =>
        random.float(),
  },
  {
    name: 'randInt',
    signature: 'randInt(min, max)',
    doc: 'A whole number from `min` up to but not including `max`.',
    example: `{"quantity": <%= randInt(1, 10) %>}`,
    renders: null,
    costUs: 0.07,
    create:
      ({ random }) =>
      (min, max) =>
        integerBetween(min, max, random),
    createPrinted:
      ({ random }) =>
      (min, max) =>
        `${integerBetween(min, max, random)}`,
  },
  {
    name: 'randAlphaNum',
    signature: 'randAlphaNum(length)',
    doc: 'A text of so many random letters and digits.',
    example: `{"session": "<%= randAlphaNum(16) %>"}`,
    renders: null,
    costUs: 0.4,
    more: 'for longer texts',
    create: ({ random }) => lettersAndDigits(random),
    createPrinted: ({ random }) => lettersAndDigits(random),
  },
  {
    name: 'pick',
    signature: 'pick(list)',
    doc: 'One element of the list; all are equally likely.',
    example: `{"plan": "<%= pick(['free', 'team', 'business']) %>"}`,
    renders: null,
    costUs: 0.1,
    create:
      ({ random }) =>
      (list) => {
        if (!Array.isArray(list) || list.length === 0) {
          throw new TypeError(`pick: a list of at least one element is needed, not ${described(list)}`);
        }
        return list[random.int(list.length)];
      },
  },
  {
    name: 'weighted',
    signature: 'weighted({name: weight, …})',
    doc: 'One of the names, as likely as its weight has a share in all weights. For values that are no names: a list of pairs, `weighted([[true, 9], [false, 1]])`.',
    example: `<%= includeTemplate(weighted({ 'track-target.json': 70, 'page-target.json': 30 })) %>`,
    renders: null,
    costUs: 0.1,
    create:
      ({ random }) =>
      (choices) =>
        Array.isArray(choices) ? weightedPair(choices, random) : weightedKey(choices, random),
  },
  {
    name: 'uuid',
    signature: 'uuid()',
    doc: 'A unique id, UUID version 4. A seed does not repeat it.',
    example: `{"messageId": "<%= uuid() %>"}`,
    renders: null,
    costUs: 0.2,
    create: () => newId,
    createPrinted: () => newId,
  },
];

function integerBetween(min: unknown, max: unknown, random: Random): number {
  const from = integerOf(min, 'randInt', 'min', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const to = integerOf(max, 'randInt', 'max', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (to <= from) throw new RangeError(`randInt: max must be greater than min, not ${to} after ${from}`);
  return from + Math.floor(random.float() * (to - from));
}

function lettersAndDigits(random: Random): (length: unknown) => string {
  return (length) => {
    let text = '';
    let left = integerOf(length, 'randAlphaNum', 'the length', 0, LONGEST_RANDOM_TEXT);
    for (; left > 0; left--) text += LETTERS_AND_DIGITS[random.int(LETTERS_AND_DIGITS.length)]!;
    return text;
  };
}

function weightedKey(choices: unknown, random: Random): string {
  if (typeof choices !== 'object' || choices === null) {
    throw new TypeError(
      `weighted: names with weights are needed, {"a": 60, "b": 40}, not ${described(choices)}`,
    );
  }
  const weights = choices as Record<string, unknown>;
  let total = 0;
  for (const name in weights) total += weightOf(weights[name], name);
  let left = random.float() * checkedTotal(total);
  let chosen = '';
  for (const name in weights) {
    const weight = weights[name] as number;
    if (weight === 0) continue;
    chosen = name;
    left -= weight;
    if (left < 0) break;
  }
  return chosen;
}

function weightedPair(choices: unknown[], random: Random): unknown {
  let total = 0;
  for (const pair of choices) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new TypeError(
        `weighted: each element of the list must be a pair [value, weight], not ${described(pair)}`,
      );
    }
    total += weightOf(pair[1], described(pair[0]));
  }
  let left = random.float() * checkedTotal(total);
  let chosen: unknown;
  for (const [value, weight] of choices as [unknown, number][]) {
    if (weight === 0) continue;
    chosen = value;
    left -= weight;
    if (left < 0) break;
  }
  return chosen;
}

function weightOf(weight: unknown, name: string): number {
  if (typeof weight === 'number' && weight >= 0 && weight < Number.POSITIVE_INFINITY) return weight;
  throw new TypeError(`weighted: the weight of ${name} must be a number from 0 on, not ${described(weight)}`);
}

function checkedTotal(total: number): number {
  if (total > 0 && total < Number.POSITIVE_INFINITY) return total;
  throw new RangeError('weighted: at least one weight must be greater than 0');
}
