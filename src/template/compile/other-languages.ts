/** What Go templates, or other languages, have for a function or a block, and how it is said here. */
const HINTS: Record<string, string> = {
  await: 'a template cannot wait for anything',
  block: 'text is shared by includeTemplate(name)',
  define: 'text is shared by includeTemplate(name)',
  default: "write value ?? 'fallback'",
  elseif: 'write <% } else if (…) { %>',
  end: 'a block ends with <% } %>',
  include: 'write includeTemplate(name)',
  layout: 'write includeTemplate(name)',
  len: 'write list.length',
  printf: 'write a template literal, `${value}`',
  range: 'write <% for (const item of list) { %>',
  template: 'write includeTemplate(name)',
  ternary: 'write condition ? a : b',
  with: 'name the value: <% const value = … %>',
};

/** What to write instead of a word that JavaScript, or Taz, does not have as it is meant; null for all other words. */
export function hintFor(word: string): string | null {
  return Object.hasOwn(HINTS, word) ? HINTS[word]! : null;
}
