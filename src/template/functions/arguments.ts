import { Finished } from '../print.ts';

/**
 * The text that a template gave as an argument: strings, finished texts, numbers, booleans, and bytes read as UTF-8.
 * @throws TypeError that names the function and the argument
 */
export function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  if (value instanceof Finished) return value.toString();
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
  throw new TypeError(`${name}: a text is needed, not ${described(value)}`);
}

/** @throws TypeError unless the value is a string that is not empty */
export function nameOf(value: unknown, name: string, argument: string): string {
  const text = value instanceof Finished ? value.toString() : value;
  if (typeof text === 'string' && text !== '') return text;
  throw new TypeError(`${name}: ${argument} must be a string that is not empty, not ${described(value)}`);
}

/** @throws TypeError unless the value is a whole number within the range */
export function integerOf(
  value: unknown,
  name: string,
  argument: string,
  least: number,
  most: number,
): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
    return value;
  const range = least === Number.MIN_SAFE_INTEGER ? '' : ` from ${least} to ${most}`;
  throw new TypeError(`${name}: ${argument} must be a whole number${range}, not ${described(value)}`);
}

/** A value as an error message shows it, in at most 80 characters. */
export function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (value instanceof Finished) return described(value.toString());
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return typeof value === 'object' ? 'an object' : `${value as number | boolean | bigint}`;
}
