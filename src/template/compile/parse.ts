import { Eta } from 'eta/core';
import { type Place, TemplateError } from '../template-error.ts';
import { masked } from './mask.ts';

/** What a template consists of, in order. */
export type Part = TextPart | Tag;

export interface TextPart {
  kind: 'text';
  /** Escaped, to stand between single quotes in JavaScript. */
  literal: string;
  /** Where the text begins in the template. */
  place: Place;
}

export interface Tag {
  /** `<%= %>`, `<%~ %>`, `<% %>` */
  kind: 'print' | 'raw' | 'code';
  code: string;
  /** The same without comments and what is in strings: brackets in it are brackets. */
  maskedCode: string;
  /** Where `code` begins and ends in the template. */
  place: Place;
  end: Place;
}

const OPEN = /<%[-_]?\s*[=~]?\s*/y;
const CLOSE = /\s*[-_]?%>/y;

/** Only its parser is used. White space stays as it is written, except where a tag says `-` or `_`. */
const eta = new Eta({ autoTrim: false });

/** Line ends are `\n` and there is no byte order mark, in whatever way the file was saved. */
export function normalized(text: string): string {
  return text.replace(/^\ufeff/, '').replaceAll(/\r\n?/g, '\n');
}

/**
 * Splits a normalized template into text and tags with their places.
 * @throws TemplateError at a tag, string or comment that is not closed, and at a tag that prints nothing
 */
export function parseTemplate(name: string, text: string): Part[] {
  const source = masked(name, text);
  const parts: Part[] = [];
  const places = new Places(text);
  let at = 0;
  for (const node of eta.parse(source)) {
    if (typeof node === 'string') {
      parts.push({ kind: 'text', literal: node, place: places.at(at) });
      continue;
    }
    // Eta gives no offsets, but text never holds `<%`: so the next one is this tag's.
    const start = endOfMatch(OPEN, source, source.indexOf('<%', at));
    const end = start + node.val.length;
    at = endOfMatch(CLOSE, source, end);
    const place = places.at(start);
    const kind = node.t === 'i' ? 'print' : node.t === 'r' ? 'raw' : 'code';
    if (kind !== 'code' && node.val.trim() === '') {
      throw new TemplateError(name, text, place, 'the tag is empty: there is nothing to print');
    }
    parts.push({ kind, code: text.slice(start, end), maskedCode: node.val, place, end: places.at(end) });
  }
  return parts;
}

function endOfMatch(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.exec(text);
  return pattern.lastIndex;
}

/** Places of offsets that never go back, found in one walk through a text. */
class Places {
  readonly #text: string;
  #line = 1;
  #lineStart = 0;
  #lineEnd: number;

  constructor(text: string) {
    this.#text = text;
    this.#lineEnd = this.#endOfLine();
  }

  at(offset: number): Place {
    while (this.#lineEnd < offset) {
      this.#line++;
      this.#lineStart = this.#lineEnd + 1;
      this.#lineEnd = this.#endOfLine();
    }
    return { line: this.#line, column: offset - this.#lineStart + 1 };
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#lineStart);
    return end === -1 ? Number.POSITIVE_INFINITY : end;
  }
}
