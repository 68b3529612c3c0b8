import { literalsIn } from './compile/literals.ts';
import { normalized, type Part, parseTemplate } from './compile/parse.ts';
import { MAX_LABELS } from './content.ts';
import { TemplateError } from './template-error.ts';

/** The last label where there are more targets than labels: whatever has none of its own. */
export const OTHER_LABEL = 'other';

/**
 * Names of the templates that can be what a target is counted under: the entry first, then those that it, or one of
 * them, may include as all of its output. Read from the templates' texts, without running them; where an included
 * template's name is computed, any may be meant.
 */
export function labelsOf(files: Record<string, string>, entry: string): string[] {
  const names = new Set(Object.keys(files));
  const labels = new Set([entry]);
  // A set is walked in the order of insertion, what is added on the way included.
  for (const name of labels) {
    if (!names.has(name)) continue;
    for (const target of forwardedTo(name, files[name]!, names)) labels.add(target);
  }
  const all = [...labels];
  return all.length <= MAX_LABELS ? all : [...all.slice(0, MAX_LABELS - 1), OTHER_LABEL];
}

/** By index of `templates`: the label under which a target is counted that is this template's output. */
export function labelIndexes(labels: readonly string[], templates: readonly string[]): number[] {
  const rest = labels.at(-1) === OTHER_LABEL ? labels.length - 1 : 0;
  return templates.map((name) => {
    const index = labels.indexOf(name);
    return index === -1 ? rest : index;
  });
}

/** What may be all of a template's output. */
function forwardedTo(name: string, source: string, names: ReadonlySet<string>): Iterable<string> {
  let parts: Part[];
  try {
    parts = parseTemplate(name, normalized(source));
  } catch (error) {
    if (error instanceof TemplateError) return [];
    throw error;
  }
  const includes = parts.some((part) => part.kind !== 'text' && part.maskedCode.includes('includeTemplate'));
  if (!includes || hasTextOfItsOwn(parts)) return [];
  const mentioned = literalsIn(parts).filter(
    ({ text, caller }) => names.has(text) && caller !== 'includeEvent',
  );
  return mentioned.length > 0 ? mentioned.map((literal) => literal.text) : names;
}

/** Whether text stands outside of all blocks, so that it is in every output. */
function hasTextOfItsOwn(parts: Part[]): boolean {
  let depth = 0;
  for (const part of parts) {
    if (part.kind === 'text') {
      if (depth === 0 && part.literal.replaceAll('\\n', '').trim() !== '') return true;
    } else {
      for (const [bracket] of part.maskedCode.matchAll(/[{}]/g)) depth += bracket === '{' ? 1 : -1;
    }
  }
  return false;
}
