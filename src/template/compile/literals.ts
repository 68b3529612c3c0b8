import type { Place } from '../template-error.ts';
import type { Part } from './parse.ts';

/** A string in the code of a template. */
export interface Literal {
  text: string;
  place: Place;
  /** The function whose first argument it is, where that is one of those that take the name of a template. */
  caller: 'includeTemplate' | 'includeEvent' | null;
}

const LITERAL = /(?:\b(includeTemplate|includeEvent)\s*\(\s*)?(?:'([^'\\\n]*)'|"([^"\\\n]*)"|`([^`\\$]*)`)/g;

/** All strings in the code of a template's tags, but for those with escapes in them: names of templates have none. */
export function literalsIn(parts: Part[]): Literal[] {
  const literals: Literal[] = [];
  for (const part of parts) {
    if (part.kind === 'text') continue;
    for (const match of part.code.matchAll(LITERAL)) {
      const [whole, caller = null, single, double, backtick] = match;
      const text = single ?? double ?? backtick!;
      const at = match.index + whole.length - text.length - 2;
      // In a comment the masked code is blank, in a string it is not.
      if (part.maskedCode[at] !== 'x') continue;
      const before = part.code.slice(0, at).split('\n');
      const shift = before.length === 1 ? part.place.column : 1;
      const place = { line: part.place.line + before.length - 1, column: before.at(-1)!.length + shift };
      literals.push({ text, place, caller: caller as Literal['caller'] });
    }
  }
  return literals;
}
