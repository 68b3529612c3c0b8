/** What stands in place of something secret. */
export const MASK = '***';

/** Headers whose value is a credential, whatever it is. */
const SENSITIVE_HEADER =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie2?|.*(?:^|[-_])(?:token|secret|password|passwd|api-?key|apikey|access-?key|credentials?|signature))$/i;

/** Credentials in a URL: `https://user:password@host`. */
const USERINFO = /(?<=:\/\/[^/?#\s:@]{0,256}:)[^/?#\s@]+(?=@)/g;

/** Shorter secrets would be found by chance inside of other words and in base64, so they are masked as whole words. */
const SHORTEST_ANYWHERE = 4;

const BASE64_CHARACTER = '(?:[A-Za-z0-9+/_-]|%2[BbFf])';

/**
 * Takes secrets out of what is written to files: values of headers that are credentials by their name, passwords in
 * URLs, and the given secret values wherever they stand: as they are, percent-encoded, JSON-escaped (in any mixture) and
 * in base64 of any alignment (also of their JSON-escaped and percent-encoded forms, also in the URL-safe alphabet).
 * Secrets of fewer than four characters are masked only where they stand as whole words, and not in base64.
 */
export class Masker {
  readonly #text: RegExp | null;
  readonly #bytes: RegExp | null;

  /** @param secretValues empty ones are ignored; white space at their ends may be missing where they are used */
  constructor(secretValues: readonly string[]) {
    const values = new Set<string>();
    for (const value of secretValues) {
      values.add(value);
      values.add(value.trim());
    }
    values.delete('');
    // The longest first: one secret may be the beginning of another.
    const ordered = [...values].sort((a, b) => b.length - a.length);
    this.#text = anyOf(ordered.map((value) => patternOf(value, (text) => text)));
    this.#bytes = anyOf(
      ordered.map((value) => patternOf(value, (text) => Buffer.from(text).toString('latin1'))),
    );
  }

  /** A text (URL, error) without secrets. */
  text(text: string): string {
    const masked = text.includes('://') ? text.replace(USERINFO, MASK) : text;
    return this.#text ? masked.replace(this.#text, MASK) : masked;
  }

  /** A body without secrets: the same buffer where there are none. */
  body(body: Buffer): Buffer {
    if (!this.#bytes) return body;
    const bytes = body.toString('latin1');
    const masked = bytes.replace(this.#bytes, MASK);
    return masked === bytes ? body : Buffer.from(masked, 'latin1');
  }

  /** Names and values in turn, as in `HitRecord.headers`, without secrets. */
  headers(headers: readonly string[]): string[] {
    return headers.map((text, index) => {
      const isValue = index % 2 === 1;
      return isValue && SENSITIVE_HEADER.test(headers[index - 1]!) ? MASK : this.text(text);
    });
  }
}

function anyOf(patterns: string[]): RegExp | null {
  return patterns.length === 0 ? null : new RegExp(patterns.join('|'), 'g');
}

/** @param encoded how a text stands in what is searched: as characters, or as UTF-8 bytes read as Latin-1 */
function patternOf(secret: string, encoded: (text: string) => string): string {
  const written = [...secret].map((character) => characterPattern(character, encoded)).join('');
  if ([...secret].length < SHORTEST_ANYWHERE) return `(?<![A-Za-z0-9])${written}(?![A-Za-z0-9])`;
  const forms = new Set([secret, JSON.stringify(secret).slice(1, -1), percentEncoded(secret)]);
  return [written, ...[...forms].flatMap((form) => base64Patterns(Buffer.from(form)))].join('|');
}

/** One character in each of the forms in which URLs and JSON can hold it. */
function characterPattern(character: string, encoded: (text: string) => string): string {
  const forms = [escapeRegExp(encoded(character))];
  forms.push([...Buffer.from(character)].map((byte) => `%${hex(byte, 2)}`).join(''));
  forms.push(
    [...Array(character.length).keys()].map((i) => `\\\\u${hex(character.charCodeAt(i), 4)}`).join(''),
  );
  const escaped = JSON.stringify(character).slice(1, -1);
  if (escaped !== character) forms.push(escapeRegExp(encoded(escaped)));
  if (character === '/') forms.push('\\\\/');
  if (character === ' ') forms.push('\\+');
  return `(?:${forms.join('|')})`;
}

/**
 * The secret inside of a longer text in base64: three alignments, each with the characters that hold nothing but bits
 * of the secret, and around them the ones that hold some of its bits.
 */
function base64Patterns(secret: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + secret.length) * 8) / 6);
    const partialBefore = before > 0 ? BASE64_CHARACTER : '';
    const partialAfter = (before + secret.length) % 3 > 0 ? BASE64_CHARACTER : '';
    const whole = Array.from(text.slice(first, last), (c) => {
      if (c === '+') return '(?:[+-]|%2[Bb])';
      if (c === '/') return '(?:\\\\?/|_|%2[Ff])';
      return c;
    });
    return partialBefore + whole.join('') + partialAfter;
  });
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Matches the digits in either case. */
function hex(value: number, digits: number): string {
  return value
    .toString(16)
    .padStart(digits, '0')
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
