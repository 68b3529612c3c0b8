import { functionsMarkdown } from '../../src/template/functions/function-docs.ts';

const BEGIN = '<!-- functions: made from src/template/functions by scripts/generate.ts -->\n';
const END = '<!-- end of functions -->\n';

/** A page with the reference of template functions between its marks made anew. @throws Error where they are not there */
export function withFunctions(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin)
    throw new Error(`the page lacks the marks ${BEGIN.trim()} … ${END.trim()}`);
  return `${page.slice(0, begin)}${BEGIN}\n${functionsMarkdown()}\n${page.slice(end)}`;
}
