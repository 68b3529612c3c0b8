import { Script } from 'node:vm';
import { type Place, TemplateError } from '../template-error.ts';
import { strayBracket } from './brackets.ts';
import { generate, type Origin, originOf } from './generate.ts';
import { normalized, type Part, parseTemplate } from './parse.ts';

/** Renders with the variables as `it`; throws whatever the template's code throws. */
export type RenderFunction = (it: object) => string;

/** Takes the two print functions and then the functions in scope, in the order of their names. */
export type TemplateFactory = (...scope: unknown[]) => RenderFunction;

/** One template, compiled. It belongs to no lane yet: `factory` binds it to the functions of one. */
export interface CompiledTemplate {
  name: string;
  /** Its normalized text. */
  text: string;
  parts: Part[];
  factory: TemplateFactory;
  /** By line of the generated code, counting from 0. */
  origins: Origin[];
}

/** The name of a template's code in stack traces, with its index; template names themselves may hold anything. */
export const CODE_NAME = 'taz-template-';

/**
 * @param index tells the templates of a set apart in stack traces
 * @throws TemplateError at what is no template or no JavaScript
 */
export function compileTemplate(
  name: string,
  source: string,
  index: number,
  functionNames: readonly string[],
): CompiledTemplate {
  const text = normalized(source);
  const parts = parseTemplate(name, text);
  const { code, origins } = generate(parts, functionNames);
  try {
    const script = new Script(code, { filename: CODE_NAME + index });
    return { name, text, parts, factory: script.runInThisContext(), origins };
  } catch (error) {
    if (error instanceof SyntaxError) throw syntaxError(name, text, parts, origins, error);
    throw error;
  }
}

/** Words that Go templates and others have as functions and JavaScript as part of its grammar. */
const NOT_FUNCTIONS: Record<string, string> = {
  default: "write value ?? 'fallback'",
  with: 'name the value with const instead',
  end: 'a block ends with <% } %>',
  range: 'write for (const x of list) {',
  await: 'a template cannot wait for anything',
};

function syntaxError(
  name: string,
  text: string,
  parts: Part[],
  origins: Origin[],
  error: SyntaxError,
): TemplateError {
  const [head = '', , caret = ''] = (error.stack ?? '').split('\n', 3);
  const line = Number(/:(\d+)$/.exec(head)?.[1] ?? 1);
  const column = caret.indexOf('^') + 1 || 1;
  const origin = origins[Math.min(line, origins.length) - 1]!;
  const stray = strayBracket(parts);
  if (stray) return new TemplateError(name, text, stray.place, stray.reason, { cause: error });
  const { place } = originOf(origins, line, column);
  const said = error.message.replace(/ '__taz_\w+'/, '');
  const at = origin.verbatim ? wordAt(text, place) : '';
  const hint = Object.hasOwn(NOT_FUNCTIONS, at) ? `; ${NOT_FUNCTIONS[at]}` : '';
  return new TemplateError(name, text, place, `no valid JavaScript: ${said}${hint}`, { cause: error });
}

function wordAt(text: string, place: Place): string {
  const line = text.split('\n', place.line)[place.line - 1] ?? '';
  return /^\w*/.exec(line.slice(place.column - 1))![0];
}
