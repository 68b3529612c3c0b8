import { type CompiledTemplate, compileTemplate, type RenderFunction } from './compile/compile.ts';
import { locateError } from './compile/locate-error.ts';
import type { EventMarks } from './event-marks.ts';
import { type BoundFunctions, functionNames, printedNames } from './functions/function-table.ts';
import { didYouMean } from './near-names.ts';
import { Finished, print, printRaw } from './print.ts';
import { TemplateError } from './template-error.ts';

/** How deep includes may go. */
export const MAX_DEPTH = 32;

/**
 * Where a render is: the number of templates that are open, then the index of each from the outermost to the innermost.
 * Whoever ends a render at a time limit reads in it which template went on.
 */
export type RenderPath = Int32Array;

export const RENDER_PATH_LENGTH = MAX_DEPTH + 1;

/** Compiles all templates of a set. The errors are those of the templates that are missing in the result. */
export function compileTemplates(files: Record<string, string>): {
  templates: CompiledTemplate[];
  errors: TemplateError[];
} {
  const templates: CompiledTemplate[] = [];
  const errors: TemplateError[] = [];
  for (const [name, text] of Object.entries(files)) {
    try {
      templates.push(compileTemplate(name, text, templates.length, functionNames, printedNames));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      errors.push(error);
    }
  }
  return { templates, errors };
}

/** What to say of a name that no template of the set has. */
export function unknownTemplate(name: string, names: string[]): string {
  const all = names.length <= 10 ? `; there are ${names.map((each) => JSON.stringify(each)).join(', ')}` : '';
  return `there is no template ${JSON.stringify(name.slice(0, 253))} in the set${didYouMean(name, names) || all}`;
}

/** The templates of one lane, bound to its functions and variables. */
export class TemplateSet {
  readonly #compiled: CompiledTemplate[];
  readonly #bound = new Map<string, BoundTemplate>();
  readonly #it: object;
  readonly #marks: EventMarks;
  readonly #path: RenderPath;
  /** What the innermost open template has included so far. */
  #included: Included | null = null;
  #source = 0;
  /** The templates that were open when something was thrown, by index. */
  #failed: number[] | null = null;

  /**
   * @param it what templates know as `it`
   * @param marks the events that stand under a mark in what is being rendered
   * @param functions makes the functions in scope; it is called once
   */
  constructor(
    templates: CompiledTemplate[],
    it: object,
    marks: EventMarks,
    functions: (set: TemplateSet) => BoundFunctions,
    path: RenderPath = new Int32Array(RENDER_PATH_LENGTH),
  ) {
    this.#compiled = templates;
    this.#it = it;
    this.#marks = marks;
    this.#path = path;
    const { scope, printed, printedRaw } = functions(this);
    for (const [index, template] of templates.entries()) {
      const render = template.factory(print, printRaw, printed, printedRaw, ...scope);
      this.#bound.set(template.name, { index, render });
    }
  }

  /**
   * Renders a template that nothing includes. Events may stand in it under marks.
   * @throws TemplateError naming template and line, whatever went wrong
   */
  render(name: string): string {
    this.#marks.forget();
    this.#path[0] = 0;
    this.#included = null;
    this.#failed = null;
    try {
      return this.#run(this.#find(name));
    } catch (error) {
      throw locateError(error, this.#compiled, this.#failed ?? [], name, this.#it);
    }
  }

  /**
   * The template that the last `render` was nothing but the output of: where a template's output is that of one include
   * and nothing else, it is the included one, and so on downwards. An index into the set.
   */
  get source(): number {
    return this.#source;
  }

  /** For `includeTemplate`. @throws Error when there is no such template, or includes go too deep */
  include(name: string): Finished {
    const from = this.#marks.count;
    return new Finished(this.#noteIncluded(this.#written(this.#run(this.#find(name)), from)));
  }

  /** For `<%= includeTemplate(…) %>`, which the template itself does not get to see. @throws Error as `include` */
  includePrinted(name: string): string {
    return this.#noteIncluded(this.#run(this.#find(name)));
  }

  /** For `includeEvent`: what it prints is not the template's output but base64. @throws Error as `include` */
  renderEvent(name: string): string {
    const from = this.#marks.count;
    return this.#written(this.#run(this.#find(name)), from);
  }

  /** @throws Error that lists near names when there is no such template */
  requireTemplate(name: string): void {
    this.#find(name);
  }

  #find(name: string): BoundTemplate {
    const template = this.#bound.get(name);
    if (template) return template;
    throw new Error(unknownTemplate(name, [...this.#bound.keys()]));
  }

  #run(template: BoundTemplate): string {
    const path = this.#path;
    const depth = path[0]! + 1;
    if (depth > MAX_DEPTH) throw new Error(`includes go deeper than ${MAX_DEPTH}: ${this.#openTemplates()}`);
    path[0] = depth;
    path[depth] = template.index;
    const outer = this.#included;
    this.#included = null;
    try {
      const output = template.render(this.#it);
      if (typeof output !== 'string')
        throw new Error('a template cannot return: its code must run to its end');
      const text = output.trim();
      this.#source = this.#sourceOf(text, template.index);
      return text;
    } catch (error) {
      this.#failed ??= [...path.subarray(1, depth + 1)];
      throw error;
    } finally {
      this.#included = outer;
      path[0] = depth - 1;
    }
  }

  /** The text with the events made since `from` written out in it. */
  #written(text: string, from: number): string {
    if (this.#marks.count === from) return text;
    const written = this.#marks.written(text, from);
    this.#marks.forget(from);
    return written;
  }

  #noteIncluded(text: string): string {
    this.#included = { text, source: this.#source, before: this.#included };
    return text;
  }

  #sourceOf(text: string, own: number): number {
    for (let each = this.#included; each !== null; each = each.before) {
      if (each.text === text) return each.source;
    }
    return own;
  }

  /** `a → b → a → …`, the first few. */
  #openTemplates(): string {
    const first = [...this.#path.subarray(1, 6)].map((index) => this.#compiled[index]!.name);
    return `${first.join(' → ')} → …`;
  }
}

interface BoundTemplate {
  index: number;
  render: RenderFunction;
}

/** The output of one include, in a list from the last to the first. */
interface Included {
  text: string;
  source: number;
  before: Included | null;
}
