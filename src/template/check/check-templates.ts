import type { MarkedBodies, Target, TargetParser } from '../../target/target.ts';
import type { CompiledTemplate } from '../compile/compile.ts';
import { type Literal, literalsIn } from '../compile/literals.ts';
import type { EventOptions, TemplateContent } from '../content.ts';
import { EventText } from '../event-text.ts';
import { LaneTemplates } from '../lane-templates.ts';
import { didYouMean } from '../near-names.ts';
import { TemplateError } from '../template-error.ts';
import { compileTemplates, type RenderPath, unknownTemplate } from '../template-set.ts';
import { TemplateTargeter } from '../template-targeter.ts';
import type { Problems } from './problems.ts';

export interface TemplateCheck {
  /** How many targets to render, at least. */
  renders: number;
  /** Whether there is time for another render. */
  hasTime: () => boolean;
  path: RenderPath;
  /** Told the names of the templates by index, before the first is rendered. */
  compiled: (names: string[]) => void;
}

/** How many times as many renders it may take until every branch of a mix was met. */
const RARE_BRANCHES = 10;
const RENDERS_ALONE = 20;
const RENDERS_WITH_REUSE = 50;

/** Pools of this size fill quickly; what is in them is as good as in large ones. */
const POOL = 50;

/** As a lane would render it, always with the same random draws: a check that is repeated says the same. */
const IDENTITY = { lane: 0, lanes: 1, replacement: 0 };
const SEED = 'check';

/** Tries templates: compiles all, then renders what the entry reaches. The order is that in which problems explain others. */
export function checkTemplates(
  content: TemplateContent,
  parse: TargetParser<Target>,
  problems: Problems,
  check: TemplateCheck,
): void {
  const { templates, errors } = compileTemplates(content.files);
  for (const error of errors) problems.addError(error, error.template);
  const entry = templates.find((template) => template.name === content.entry);
  if (!entry && !errors.some((error) => error.template === content.entry)) {
    const meant = didYouMean(content.entry, Object.keys(content.files));
    problems.addError(
      new Error(`there is no such template, but it is to render each target${meant}`),
      content.entry,
    );
  }
  if (!entry || errors.length > 0) return;
  check.compiled(templates.map((template) => template.name));
  new Rendering(content, parse, problems, check, templates).run(entry);
}

class Rendering {
  readonly #content: TemplateContent;
  readonly #parse: TargetParser<Target>;
  readonly #problems: Problems;
  readonly #check: TemplateCheck;
  readonly #templates: CompiledTemplate[];
  readonly #byName: Map<string, CompiledTemplate>;
  /** How reasons begin that were said already, at a better place. */
  readonly #said: string[] = [];

  constructor(
    content: TemplateContent,
    parse: TargetParser<Target>,
    problems: Problems,
    check: TemplateCheck,
    templates: CompiledTemplate[],
  ) {
    this.#content = content;
    this.#parse = parse;
    this.#problems = problems;
    this.#check = check;
    this.#templates = templates;
    this.#byName = new Map(templates.map((template) => [template.name, template]));
  }

  run(entry: CompiledTemplate): void {
    const { reached, events } = this.#reach(entry);
    for (const event of events) this.#renderEvent(event);
    const { events: options } = this.#content;
    this.#renderTargets({ ...options, reuse: 0, duplicates: 0 }, this.#check.renders, RARE_BRANCHES);
    this.#renderTargets({ ...options, reuse: 0.5, duplicates: 0.2 }, RENDERS_WITH_REUSE, 1);
    for (const template of reached) {
      if (!events.has(template)) this.#renderAlone(template);
    }
  }

  /** The templates that the entry may include, by their names in the code, and those of them that are events. */
  #reach(entry: CompiledTemplate): { reached: Set<CompiledTemplate>; events: Set<CompiledTemplate> } {
    const reached = new Set([entry]);
    const events = new Set<CompiledTemplate>();
    // A set is walked in the order of insertion, what is added on the way included.
    for (const template of reached) {
      for (const literal of literalsIn(template.parts)) {
        const named = this.#byName.get(literal.text);
        if (named) reached.add(named);
        if (named && literal.caller === 'includeEvent') events.add(named);
        if (!named && literal.caller) this.#addUnknown(template, literal);
      }
    }
    return { reached, events };
  }

  #addUnknown(template: CompiledTemplate, { text, place }: Literal): void {
    const reason = unknownTemplate(text, [...this.#byName.keys()]);
    this.#problems.addError(new TemplateError(template.name, template.text, place, reason), template.name);
    this.#said.push(reason);
  }

  /** @param factor renders as many times more while a label was not met: it may be a rare branch of a weighted mix */
  #renderTargets(events: EventOptions, renders: number, factor: number): void {
    const content = { ...this.#content, events: { ...events, seed: SEED, pool: POOL } };
    const targeter = new TemplateTargeter(
      content,
      IDENTITY,
      (json, bodies) => this.#parsed(json, bodies),
      this.#shared(),
    );
    const unmet = new Set(content.labels.keys());
    for (let n = 0; n < renders * factor && (n < renders || unmet.size > 0); n++) {
      if (n > 0 && this.#isOver()) return;
      try {
        targeter.next(n);
      } catch (error) {
        this.#addUnlessSaid(error);
      }
      unmet.delete(targeter.label);
    }
  }

  #parsed(json: string, bodies?: MarkedBodies): Target {
    try {
      return this.#parse(json, bodies);
    } catch (error) {
      if (!json.includes('{{')) throw error;
      const hint = '{{ … }} is the syntax of Go templates; here it is <%= … %>';
      throw new Error(`${(error as Error).message}; ${hint}`, { cause: error });
    }
  }

  #renderEvent(template: CompiledTemplate): void {
    const templates = this.#lane();
    for (let n = 0; n < RENDERS_ALONE && !(n > 0 && this.#isOver()); n++) {
      try {
        const text = templates.render(template.name);
        this.#checkEvent(template.name, text);
      } catch (error) {
        this.#problems.addError(error, template.name);
      }
    }
  }

  #checkEvent(name: string, text: string): void {
    try {
      EventText.create(text, this.#content.events.idField);
    } catch (error) {
      this.#said.push(`event "${name}" `);
      throw new Error(`the event ${(error as Error).message}`, { cause: error });
    }
  }

  /** For what chance did not bring up. */
  #renderAlone(template: CompiledTemplate): void {
    const templates = this.#lane();
    for (let n = 0; n < RENDERS_ALONE && !(n > 0 && this.#isOver()); n++) {
      try {
        templates.render(template.name);
      } catch (error) {
        this.#addUnlessSaid(error);
      }
    }
  }

  #addUnlessSaid(error: unknown): void {
    const reason = error instanceof TemplateError ? error.reason : '';
    if (!this.#said.some((said) => reason.startsWith(said)))
      this.#problems.addError(error, this.#content.entry);
  }

  #lane(): LaneTemplates {
    const events = { ...this.#content.events, reuse: 0, duplicates: 0, seed: SEED, pool: POOL };
    return new LaneTemplates({ ...this.#content, events }, IDENTITY, this.#shared());
  }

  #shared(): { templates: CompiledTemplate[]; path: RenderPath } {
    return { templates: this.#templates, path: this.#check.path };
  }

  #isOver(): boolean {
    return this.#problems.isFull || !this.#check.hasTime();
  }
}
