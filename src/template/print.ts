/**
 * A text that `<%= %>` prints as it is: what is in it is JSON, base64 or a rendered template already. In code it is used
 * like any string; what is joined from it (`a + b`) is an ordinary string and is escaped.
 */
export class Finished extends String {}

/** A value that a template prints cannot be printed. */
export class PrintError extends Error {
  /** What the value is, to go on behind the printed expression: `is undefined`. */
  readonly what: string;

  constructor(what: string) {
    super(`the printed value ${what}`);
    this.what = what;
  }
}

/**
 * Quotes, backslashes and what is below a space, as the opposite of all else. A loop over the characters takes several
 * times as long.
 */
const NEEDS_ESCAPE = /[^ !#-[\]-\uffff]/;

/** What a text is between the quotes of a JSON string. */
export function escapeJson(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

/**
 * `<%= value %>`: texts escaped for a JSON string unless they are finished, numbers and booleans as they are, objects as
 * JSON.
 * @throws PrintError for undefined, null, NaN, infinite numbers, functions, symbols, promises and bytes
 */
export function print(value: unknown): string {
  if (typeof value === 'string') return escapeJson(value);
  if (value instanceof Finished) return value.toString();
  return printRest(value);
}

/** `<%~ value %>`: the same, and texts as they are. @throws PrintError as `print` */
export function printRaw(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Finished) return value.toString();
  return printRest(value);
}

function printRest(value: unknown): string {
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) throw new PrintError(`is ${value}, which is no number in JSON`);
      return String(value);
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'undefined':
      throw new PrintError('is undefined');
    case 'function':
      throw new PrintError('is a function: it has to be called, with ()');
    case 'symbol':
      throw new PrintError('is a symbol');
    default:
      return printObject(value as object | null);
  }
}

function printObject(value: object | null): string {
  if (value === null) throw new PrintError('is null');
  if (value instanceof Uint8Array) throw new PrintError('is bytes: print base64(…) of them');
  if (typeof (value as { then?: unknown }).then === 'function') {
    throw new PrintError('is a promise: a template cannot wait for it');
  }
  const json = JSON.stringify(value);
  if (json === undefined) throw new PrintError('has no form in JSON');
  return json;
}
