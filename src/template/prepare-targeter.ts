import type { Targeter } from '../attack/targeter.ts';
import type { Target, TargetParser } from '../target/target.ts';
import type { TargetLines } from '../target/target-lines.ts';
import { type CompiledTemplate, compileTemplate } from './compile/compile.ts';
import type { Content, LaneIdentity } from './content.ts';
import { createTargeter } from './create-targeter.ts';
import { functionNames, printedNames } from './functions/function-table.ts';
import { TemplateTargeter } from './template-targeter.ts';

/** After this long the thread does what else it has to do, in ms; one template may take longer: 10 KiB about 3 ms. */
const AT_ONCE_MS = 2;

/**
 * As `createTargeter`, in a thread that goes on with an attack meanwhile: templates are compiled a few at a time.
 * @throws TemplateError or TargetError when the content cannot be used
 */
export async function prepareTargeter<T extends Target>(
  content: Content,
  identity: LaneIdentity,
  parse: TargetParser<T>,
  lines: TargetLines | null,
): Promise<Targeter<T>> {
  if (content.kind === 'targets') return createTargeter(content, identity, parse, lines);
  const templates: CompiledTemplate[] = [];
  let since = performance.now();
  for (const [name, text] of Object.entries(content.files)) {
    templates.push(compileTemplate(name, text, templates.length, functionNames, printedNames));
    if (performance.now() - since < AT_ONCE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
  return new TemplateTargeter(content, identity, parse, { templates });
}
