import type { Targeter } from '../attack/targeter.ts';
import type { Target, TargetParser } from '../target/target.ts';
import type { CompiledTemplate } from './compile/compile.ts';
import type { LaneIdentity, TemplateContent } from './content.ts';
import { EventMemory } from './events.ts';
import { FakeData } from './fake/fake-data.ts';
import { bindFunctions } from './functions/function-table.ts';
import { labelIndexes } from './labels.ts';
import { ProfilePool, profileShare } from './profiles.ts';
import { createRandom } from './random.ts';
import { TemplateError } from './template-error.ts';
import { compileTemplates, type RenderPath, TemplateSet } from './template-set.ts';
import { variablesObject } from './variables.ts';

/** Renders the targets of one lane from templates. */
export class TemplateTargeter<T extends Target = Target> implements Targeter<T> {
  /** 0, the entry's, where rendering failed. */
  label = 0;
  readonly #entry: string;
  readonly #parse: TargetParser<T>;
  readonly #set: TemplateSet;
  readonly #names: string[];
  readonly #events: EventMemory;
  /** By index of a template. */
  readonly #labels: number[];

  /**
   * @param o.templates the content's templates where they are compiled already
   * @param o.path where to note which template is being rendered
   * @throws TemplateError for the first template that cannot be compiled
   */
  constructor(
    content: TemplateContent,
    identity: LaneIdentity,
    parse: TargetParser<T>,
    o: { templates?: CompiledTemplate[]; path?: RenderPath } = {},
  ) {
    const { entry, events: options } = content;
    const templates = o.templates ?? compileAll(content.files);
    this.#entry = entry;
    this.#parse = parse;
    this.#names = templates.map((template) => template.name);
    this.#labels = labelIndexes(content.labels, this.#names);

    const stream = (use: string) => createRandom(options.seed, identity, use);
    const variables = variablesObject(content.variables);
    let set: TemplateSet;
    const events = new EventMemory({
      options,
      random: stream('events'),
      render: (name) => set.renderEvent(name),
    });
    const profiles = new ProfilePool({
      size: profileShare(options.profiles, identity.lane, identity.lanes),
      random: stream('profiles'),
    });
    set = new TemplateSet(
      templates,
      variables,
      (self) =>
        bindFunctions({
          random: stream('functions'),
          fake: new FakeData(stream('fake'), options.pool),
          events,
          profiles,
          include: (name) => self.include(name),
          requireTemplate: (name) => self.requireTemplate(name),
          variables,
          now: Date.now,
        }),
      o.path,
    );
    this.#set = set;
    this.#events = events;
  }

  /**
   * @param _hit plays no part: targets follow one another
   * @throws TemplateError naming template and line; the target then leaves no trace in the memory of events
   */
  next(_hit: number): T {
    return this.render(this.#entry);
  }

  /** As `next`, with another template than the entry. @throws TemplateError as `next` */
  render(name: string): T {
    this.#events.beginTarget();
    try {
      this.label = 0;
      const json = this.#set.render(name);
      this.label = this.#labels[this.#set.source]!;
      return this.#parsed(json);
    } catch (error) {
      this.#events.dropTarget();
      throw error;
    }
  }

  #parsed(json: string): T {
    try {
      return this.#parse(json);
    } catch (error) {
      const name = this.#names[this.#set.source]!;
      const reason = `what it renders is no valid target: ${(error as Error).message}`;
      throw new TemplateError(name, '', null, reason, { cause: error });
    }
  }
}

function compileAll(files: Record<string, string>): CompiledTemplate[] {
  const { templates, errors } = compileTemplates(files);
  const [first] = errors;
  if (first) throw first;
  return templates;
}
