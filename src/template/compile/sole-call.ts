import type { Part, Tag } from './parse.ts';

/**
 * The function of `names` of which a tag is one call and nothing else, as in `<%= includeEvent('a.json', 'a') %>`: what it
 * returns is printed and seen by no code of the template. null where that is not certain, such as where the template
 * has something else of that name.
 */
export function soleCall(tag: Tag, parts: readonly Part[], names: ReadonlySet<string>): string | null {
  const code = tag.maskedCode.trim();
  const name = /^(\w+)\s*\(/.exec(code)?.[1];
  if (name === undefined || !names.has(name) || !isOneCall(code)) return null;
  // Nested in its own arguments its value is seen, by the call around it.
  const mentioned = [...code.matchAll(new RegExp(`\\b${name}\\b`, 'g'))];
  return mentioned.length === 1 && isOnlyCalled(name, parts) ? name : null;
}

/** Whether the first bracket closes at the end. */
function isOneCall(code: string): boolean {
  let depth = 0;
  for (const { 0: bracket, index } of code.matchAll(/[()]/g)) {
    depth += bracket === '(' ? 1 : -1;
    if (depth === 0) return index === code.length - 1;
  }
  return false;
}

/** Whether the template does nothing with the name but call it: then it does not declare it. */
function isOnlyCalled(name: string, parts: readonly Part[]): boolean {
  const otherUse = new RegExp(`\\b${name}\\b(?!\\s*\\()|\\bfunction\\b[\\s*]*${name}\\b`);
  return parts.every((part) => part.kind === 'text' || !otherUse.test(part.maskedCode));
}
