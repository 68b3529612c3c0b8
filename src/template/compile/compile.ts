import { Script } from 'node:vm';
import { type Place, TemplateError } from '../template-error.ts';
import { strayBracket } from './brackets.ts';
import { type GeneratedCode, generate, type Origin, originOf } from './generate.ts';
import { hintFor } from './other-languages.ts';
import { normalized, type Part, parseTemplate } from './parse.ts';

/** Renders with the variables as `it`; throws whatever the template's code throws. */
export type RenderFunction = (it: object) => string;

/** Takes the two print functions, for each those with a cheaper way to be printed, and then the functions in scope, in their order. */
export type TemplateFactory = (...scope: unknown[]) => RenderFunction;

/**
 * One template, compiled. It belongs to no lane yet: `factory` binds it to the functions of one. What only explains it is
 * made when it is first asked for: it is many times as large as the template itself.
 */
export interface CompiledTemplate {
  readonly name: string;
  /** Its normalized text. */
  readonly text: string;
  readonly factory: TemplateFactory;
  readonly parts: Part[];
  /** By line of the generated code, counting from 0. */
  readonly origins: Origin[];
}

/** The name of a template's code in stack traces, with its index; template names themselves may hold anything. */
export const CODE_NAME = 'taz-template-';

/**
 * @param index tells the templates of a set apart in stack traces
 * @param printedNames those of the functions that have a cheaper way to be printed
 * @throws TemplateError at what is no template or no JavaScript
 */
export function compileTemplate(
  name: string,
  source: string,
  index: number,
  functionNames: readonly string[],
  printedNames: ReadonlySet<string>,
): CompiledTemplate {
  const text = normalized(source);
  const parts = parseTemplate(name, text);
  const { code, origins } = generate(parts, functionNames, printedNames);
  try {
    const script = new Script(code, { filename: CODE_NAME + index });
    const factory = script.runInThisContext();
    return new Compiled(name, text, factory, (made) => generate(made, functionNames, printedNames));
  } catch (error) {
    if (error instanceof SyntaxError) throw syntaxError(name, text, parts, origins, error);
    throw error;
  }
}

class Compiled implements CompiledTemplate {
  readonly name: string;
  readonly text: string;
  readonly factory: TemplateFactory;
  readonly #generate: (parts: Part[]) => GeneratedCode;
  #parts: Part[] | null = null;
  #origins: Origin[] | null = null;

  constructor(
    name: string,
    text: string,
    factory: TemplateFactory,
    generateAgain: (parts: Part[]) => GeneratedCode,
  ) {
    this.name = name;
    this.text = text;
    this.factory = factory;
    this.#generate = generateAgain;
  }

  get parts(): Part[] {
    this.#parts ??= parseTemplate(this.name, this.text);
    return this.#parts;
  }

  get origins(): Origin[] {
    this.#origins ??= this.#generate(this.parts).origins;
    return this.#origins;
  }
}

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
  const hint = origin.verbatim
    ? wordsAt(text, place)
        .map(hintFor)
        .find((found) => found !== null)
    : null;
  return new TemplateError(name, text, place, `no valid JavaScript: ${said}${hint ? `; ${hint}` : ''}`, {
    cause: error,
  });
}

/** The word that begins at a place, and the one before it: what JavaScript stumbles over is one of them. */
function wordsAt(text: string, place: Place): string[] {
  const line = text.split('\n', place.line)[place.line - 1] ?? '';
  const at = /^\w*/.exec(line.slice(place.column - 1))![0];
  const before = /(\w*)\W*$/.exec(line.slice(0, place.column - 1))![1]!;
  return [at, before];
}
