import type { Targeter } from '../attack/targeter.ts';
import type { Target, TargetParser } from '../target/target.ts';
import type { LaneIdentity, TemplateContent } from './content.ts';
import { labelIndexes } from './labels.ts';
import { LaneTemplates, type SharedTemplates } from './lane-templates.ts';
import { TemplateError } from './template-error.ts';

/** Renders the targets of one lane from templates. */
export class TemplateTargeter<T extends Target = Target> implements Targeter<T> {
  /** 0, the entry's, where rendering failed. */
  label = 0;
  readonly #entry: string;
  readonly #parse: TargetParser<T>;
  readonly #templates: LaneTemplates;
  /** By index of a template. */
  readonly #labels: number[];

  /** @throws TemplateError for the first template that cannot be compiled */
  constructor(
    content: TemplateContent,
    identity: LaneIdentity,
    parse: TargetParser<T>,
    shared?: SharedTemplates,
  ) {
    this.#entry = content.entry;
    this.#parse = parse;
    this.#templates = new LaneTemplates(content, identity, shared);
    this.#labels = labelIndexes(content.labels, this.#templates.names);
  }

  /**
   * @param _hit plays no part: targets follow one another
   * @throws TemplateError naming template and line; the target then leaves no trace in the memory of events
   */
  next(_hit: number): T {
    this.label = 0;
    const json = this.#templates.renderMarked(this.#entry);
    const { source } = this.#templates;
    this.label = this.#labels[source]!;
    try {
      return this.#parsed(json);
    } catch (error) {
      this.#templates.drop();
      const reason = `what it renders is no valid target: ${(error as Error).message}`;
      throw new TemplateError(this.#templates.names[source]!, '', null, reason, { cause: error });
    }
  }

  /** Marks that are not all of a body, or stand in what is wrong, are written out first. */
  #parsed(json: string): T {
    const { marks } = this.#templates;
    try {
      const target = this.#parse(json, marks);
      if (!marks.isLeft) return target;
    } catch (error) {
      if (marks.count === 0) throw error;
    }
    return this.#parse(marks.written(json));
  }
}
