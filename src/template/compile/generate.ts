import type { Place } from '../template-error.ts';
import type { Part, Tag } from './parse.ts';
import { soleCall } from './sole-call.ts';

/** The JavaScript of one template, and for each of its lines the place in the template that it comes from. */
export interface GeneratedCode {
  code: string;
  /** By line of `code`, counting from 0. */
  origins: Origin[];
}

export interface Origin {
  /** The tag that the line belongs to; null for the frame and for text. */
  tag: Tag | null;
  /** What column 1 of the line is in the template. */
  place: Place;
  /** Whether the line holds the template's own code, so that its columns mean something. */
  verbatim: boolean;
}

/** What a place in the generated code is in the template. */
export function originOf(origins: Origin[], line: number, column: number): { tag: Tag | null; place: Place } {
  const origin = origins[Math.min(line, origins.length) - 1]!;
  if (!origin.verbatim) return origin;
  return { tag: origin.tag, place: { line: origin.place.line, column: origin.place.column + column - 1 } };
}

/** Names in the generated code that a template is not to use. */
const OUT = '__taz_out';
const PRINT = '__taz_print';
const RAW = '__taz_raw';
const PRINTED = '__taz_printed';
const RAW_PRINTED = '__taz_raw_printed';

/**
 * Code that makes a template function when it is called with the print functions, for each of them the functions that have
 * a cheaper way to be printed, and then all functions in scope:
 *
 * ```js
 * (function (__taz_print, __taz_raw, __taz_printed, __taz_raw_printed, phony, …) { 'use strict';
 * return function (it) { let __taz_out = '';
 * __taz_out += '{"userId": "';
 * __taz_out += __taz_print((
 * pick(['a', 'b'])
 * ));
 * { const { includeEvent } = __taz_printed; __taz_out += (
 * includeEvent('track.json', 'track')
 * ); }
 * return __taz_out;
 * } })
 * ```
 *
 * A tag's code stands on lines of its own, so that a comment in it ends there and every error has its place. White
 * space at the ends of the template is left out here, since output is trimmed anyway.
 */
export function generate(
  parts: Part[],
  functionNames: readonly string[],
  printedNames: ReadonlySet<string>,
): GeneratedCode {
  const lines = new Lines();
  const start: Place = { line: 1, column: 1 };
  lines.add(
    `(function (${[PRINT, RAW, PRINTED, RAW_PRINTED, ...functionNames].join(', ')}) { 'use strict';`,
    start,
  );
  lines.add(`return function (it) { let ${OUT} = '';`, start);
  let end = start;
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'text') {
      const literal = withoutOuterSpace(part.literal, index === 0, index === parts.length - 1);
      if (literal !== '') lines.add(`${OUT} += '${literal}';`, part.place);
      continue;
    }
    if (part.kind === 'code') {
      lines.addCode(part);
    } else {
      const cheaper = soleCall(part, parts, printedNames);
      const [print, printed] = part.kind === 'print' ? [PRINT, PRINTED] : [RAW, RAW_PRINTED];
      const [before, after] =
        cheaper === null
          ? [`${OUT} += ${print}((`, '));']
          : [`{ const { ${cheaper} } = ${printed}; ${OUT} += (`, '); }'];
      lines.add(before, part.place, part);
      lines.addCode(part);
      lines.add(after, part.end, part);
    }
    end = part.end;
  }
  lines.add(`return ${OUT};`, end);
  lines.add('} })', end);
  return { code: lines.text.join('\n'), origins: lines.origins };
}

class Lines {
  readonly text: string[] = [];
  readonly origins: Origin[] = [];

  add(line: string, place: Place, tag: Tag | null = null): void {
    this.text.push(line);
    this.origins.push({ tag, place, verbatim: false });
  }

  addCode(tag: Tag): void {
    for (const [index, line] of tag.code.split('\n').entries()) {
      this.text.push(line);
      const place = index === 0 ? tag.place : { line: tag.place.line + index, column: 1 };
      this.origins.push({ tag, place, verbatim: true });
    }
  }
}

/** `literal` is escaped: a line end in it is a backslash and an `n`. */
function withoutOuterSpace(literal: string, isFirst: boolean, isLast: boolean): string {
  const characters = literal.match(/\\[\s\S]|[^\\]/g) ?? [];
  const isInk = (character: string) => character !== '\\n' && character.trim() !== '';
  const first = isFirst ? characters.findIndex(isInk) : 0;
  const last = isLast ? characters.findLastIndex(isInk) : characters.length - 1;
  return first === -1 ? '' : characters.slice(first, last + 1).join('');
}
