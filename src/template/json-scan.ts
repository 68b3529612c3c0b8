/**
 * Finds where the parts of a JSON text stand, in its UTF-8 bytes. The text must be valid JSON: check it first. Places are
 * byte offsets, `end` is the offset behind the last byte.
 */

export interface Span {
  start: number;
  end: number;
}

export interface Member {
  /** With its quotes. */
  key: Span;
  value: Span;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

export function skipSpace(json: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(json[at]!)) at++;
  return at;
}

/** The members of the object that opens at `from`, in their order, repeated keys included. */
export function membersOf(json: Uint8Array, from: number): Member[] {
  const members: Member[] = [];
  let at = skipSpace(json, from + 1);
  while (json[at] !== CLOSE_BRACE) {
    const key = { start: at, end: skipString(json, at) };
    // Behind the key stand perhaps space, a colon, perhaps space.
    const start = skipSpace(json, skipSpace(json, key.end) + 1);
    const end = skipValue(json, start);
    members.push({ key, value: { start, end } });
    at = skipComma(json, end);
  }
  return members;
}

/** The elements of the array that opens at `from`. */
export function elementsOf(json: Uint8Array, from: number): Span[] {
  const elements: Span[] = [];
  let at = skipSpace(json, from + 1);
  while (json[at] !== CLOSE_BRACKET) {
    const end = skipValue(json, at);
    elements.push({ start: at, end });
    at = skipComma(json, end);
  }
  return elements;
}

/** To the next member or element, or to the closing bracket. */
function skipComma(json: Uint8Array, from: number): number {
  const at = skipSpace(json, from);
  return json[at] === COMMA ? skipSpace(json, at + 1) : at;
}

function skipValue(json: Uint8Array, from: number): number {
  const first = json[from];
  if (first === QUOTE) return skipString(json, from);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(json, from);
  let at = from + 1;
  while (at < json.length && !endsScalar(json[at]!)) at++;
  return at;
}

/** Counts brackets instead of calling itself, so that no depth of nesting exhausts the stack. */
function skipNested(json: Uint8Array, from: number): number {
  let depth = 0;
  let at = from;
  do {
    const byte = json[at]!;
    if (byte === QUOTE) {
      at = skipString(json, at);
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    at++;
  } while (depth > 0);
  return at;
}

function skipString(json: Uint8Array, from: number): number {
  let at = from + 1;
  while (json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === RETURN || byte === TAB;
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);
}
