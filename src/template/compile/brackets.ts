import type { Place } from '../template-error.ts';
import type { Part } from './parse.ts';

const CLOSES: Record<string, string> = { ')': '(', ']': '[', '}': '{' };

/**
 * The first bracket in the code of all tags that opens or closes nothing, or null. The JavaScript compiler notices it
 * only somewhere behind, often at the very end, where nobody would look for it.
 */
export function strayBracket(parts: Part[]): { place: Place; reason: string } | null {
  const open: { bracket: string; place: Place }[] = [];
  for (const part of parts) {
    if (part.kind === 'text') continue;
    const before = open.length;
    const lines = part.maskedCode.split('\n');
    for (const [row, line] of lines.entries()) {
      for (const match of line.matchAll(/[()[\]{}]/g)) {
        const bracket = match[0];
        const shift = row === 0 ? part.place.column : 1;
        const place = { line: part.place.line + row, column: match.index + shift };
        const opener = CLOSES[bracket];
        if (!opener) open.push({ bracket, place });
        else if (open.at(-1)?.bracket === opener) open.pop();
        else if (open.some((each) => each.bracket === opener)) return neverClosed(open.at(-1)!);
        else return { place, reason: `this ${bracket} closes nothing` };
      }
    }
    // What is printed is an expression: it cannot go on in another tag.
    if (part.kind !== 'code' && open.length > before) return neverClosed(open[before]!);
  }
  return open.length > 0 ? neverClosed(open.at(-1)!) : null;
}

function neverClosed({ bracket, place }: { bracket: string; place: Place }): {
  place: Place;
  reason: string;
} {
  return { place, reason: `this ${bracket} is never closed` };
}
