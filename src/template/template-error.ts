/** Where something stands in a template or a canned file: both count from 1. */
export interface Place {
  line: number;
  column: number;
}

/**
 * A template could not be compiled or rendered. `message` is one line, `track.json:3:12: reason`; `excerpt` shows the
 * place in two more.
 */
export class TemplateError extends Error {
  readonly template: string;
  /** Null where the error has no place of its own. */
  readonly line: number | null;
  readonly column: number | null;
  /** The line with its number, and under it a caret; null where the line is not known. */
  readonly excerpt: string | null;
  /** What is wrong, without the place. */
  readonly reason: string;

  constructor(template: string, text: string, place: Place | null, reason: string, options?: ErrorOptions) {
    super(`${shownName(template)}${place ? `:${place.line}:${place.column}` : ''}: ${reason}`, options);
    this.name = 'TemplateError';
    this.template = template;
    this.line = place ? place.line : null;
    this.column = place ? place.column : null;
    this.excerpt = place ? excerptAt(text, place) : null;
    this.reason = reason;
  }
}

/** How many characters of a long line an excerpt shows before and after the place. */
const EXCERPT_BEFORE = 60;
const EXCERPT_AFTER = 40;

/**
 * The line at a place and a caret under the column:
 *
 * ```text
 *   3 | "userId": "<%= it.Foo %>",
 *     |                ^
 * ```
 */
export function excerptAt(text: string, { line, column }: Place): string | null {
  const whole = text.split('\n', line)[line - 1];
  if (whole === undefined) return null;
  const at = Math.min(column - 1, whole.length);
  const from = at > EXCERPT_BEFORE + 20 ? at - EXCERPT_BEFORE : 0;
  const to = whole.length > at + EXCERPT_AFTER + 20 ? at + EXCERPT_AFTER : whole.length;
  const before = (from > 0 ? '…' : '') + printable(whole.slice(from, at));
  const after = printable(whole.slice(at, to)) + (to < whole.length ? '…' : '');
  const gutter = `  ${line} | `;
  return `${gutter}${before}${after}\n${' '.repeat(gutter.length - 2)}| ${' '.repeat(before.length)}^`;
}

/** The place of the character at `offset`. */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line++;
  return { line, column: offset - lineStart + 1 };
}

/** A name as a message can show it: on one line. */
export function shownName(name: string): string {
  return printable(name).slice(0, 253);
}

/** Control characters would move the caret, or the terminal's cursor. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
