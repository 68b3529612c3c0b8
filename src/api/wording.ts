import { shown } from '../units/shown.ts';

/** How a message says what stands where something else should: texts in quotes, lists and maps only by their kind. */
export function described(value: unknown): string {
  if (typeof value === 'string') return shown(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'a map' : String(value);
}

/** Says that `value` is not what is expected there, or that it is missing. @param expected such as `a rate over 0` */
export function isNot(value: unknown, expected: string): string {
  if (value === undefined) return `is missing: give ${expected}`;
  if (value === null) return `is empty: give ${expected}`;
  return `${described(value)} is not ${expected}`;
}

/** `isNot` for texts: YAML reads an unquoted 99.9 as a number and an unquoted `on` as true, so it says to quote them. */
export function isNotText(value: unknown, expected?: string): string {
  const wanted = expected ?? 'a text';
  if (typeof value === 'number')
    return `${value} is a number, not a text in quotes: give ${expected ?? `"${value}"`}`;
  if (typeof value !== 'boolean') return isNot(value, wanted);
  const spellings = value ? 'on, yes, y' : 'off, no, n';
  return `${value} is no text: put it in quotes (unquoted, YAML also reads ${spellings} as ${value})${expected === undefined ? '' : ` and give ${expected}`}`;
}

/** A name as messages repeat it: bare where it is a usual one, else in quotes. */
export function named(name: string): string {
  return /^[-._/a-zA-Z0-9]{1,63}$/.test(name) ? name : shown(name);
}

/** The first ten of what may be many: `a, b and c`, `a, … and 90 more`. */
export function someOf(words: readonly string[]): string {
  return words.length > 10 ? `${words.slice(0, 10).join(', ')} and ${words.length - 10} more` : listed(words);
}

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
