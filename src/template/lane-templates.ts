import type { CompiledTemplate } from './compile/compile.ts';
import type { LaneIdentity, TemplateContent } from './content.ts';
import { EventMarks } from './event-marks.ts';
import { EventMemory } from './events.ts';
import { FakeData } from './fake/fake-data.ts';
import { bindFunctions } from './functions/function-table.ts';
import { ProfilePool, profileShare } from './profiles.ts';
import { createRandom } from './random.ts';
import { compileTemplates, type RenderPath, TemplateSet } from './template-set.ts';
import { variablesObject } from './variables.ts';

/** What can be shared between the templates of several lanes. */
export interface SharedTemplates {
  /** The content's templates where they are compiled already. */
  templates?: CompiledTemplate[];
  /** Where to note which template is being rendered. */
  path?: RenderPath;
}

/** The templates of one lane with all that they remember: random streams, fake data, events and profiles. */
export class LaneTemplates {
  /** By index. */
  readonly names: readonly string[];
  readonly #set: TemplateSet;
  readonly #events: EventMemory;
  /** The events in the text that `renderMarked` gave last. */
  readonly marks: EventMarks = new EventMarks();

  /** @throws TemplateError for the first template that cannot be compiled */
  constructor(content: TemplateContent, identity: LaneIdentity, shared: SharedTemplates = {}) {
    const options = content.events;
    const templates = shared.templates ?? compileAll(content.files);
    const variables = variablesObject(content.variables);
    const stream = (use: string) => createRandom(options.seed, identity, use);
    const size = profileShare(options.profiles, identity.lane, identity.lanes);
    const profiles = new ProfilePool({ size, random: stream('profiles') });
    const render = (name: string) => this.#set.renderEvent(name);
    this.names = templates.map((template) => template.name);
    this.#events = new EventMemory({ options, random: stream('events'), render });
    const bind = (set: TemplateSet) =>
      bindFunctions({
        random: stream('functions'),
        fake: new FakeData(stream('fake'), options.pool),
        events: this.#events,
        marks: this.marks,
        profiles,
        include: (name) => set.include(name),
        includePrinted: (name) => set.includePrinted(name),
        requireTemplate: (name) => set.requireTemplate(name),
        variables,
        now: Date.now,
      });
    this.#set = new TemplateSet(templates, variables, this.marks, bind, shared.path);
  }

  /** Which template the last output was the output of, and nothing else; see `TemplateSet`. */
  get source(): number {
    return this.#set.source;
  }

  /** The text of the next target. @throws TemplateError naming template and line; the events are then as before */
  render(name: string): string {
    return this.marks.written(this.renderMarked(name));
  }

  /** The same with its events under `marks`. @throws TemplateError as `render` */
  renderMarked(name: string): string {
    this.#events.beginTarget();
    try {
      return this.#set.render(name);
    } catch (error) {
      this.drop();
      throw error;
    }
  }

  /** The last target is not sent: the events are as before it. */
  drop(): void {
    this.#events.dropTarget();
  }
}

function compileAll(files: Record<string, string>): CompiledTemplate[] {
  const { templates, errors } = compileTemplates(files);
  const [first] = errors;
  if (first) throw first;
  return templates;
}
