import { isDeepStrictEqual } from 'node:util';
import { type Problem, ProblemsError } from '../api/problem.ts';
import type { RunSpec, SourceItem } from '../api/run-spec.ts';
import { closest } from '../api/suggestion.ts';
import { named, someOf } from '../api/wording.ts';
import { TargetError } from '../target/target-error.ts';
import type { Content } from '../template/content.ts';
import { makeCannedContent, makeTemplateContent } from '../template/make-content.ts';
import { shown } from '../units/shown.ts';
import { ConfigMapSource } from './config-map-source.ts';
import { DirectorySource } from './directory-source.ts';
import { InlineSource } from './inline-source.ts';
import type { Source, SourceFile, SourceForm, View } from './source.ts';
import { SourceError } from './source-error.ts';
import type { LookAround, Surroundings } from './surroundings.ts';
import { type ResolvedVariables, resolveVariables } from './variables.ts';

/** What of a test its content is made from. */
export type ContentSpec = Pick<RunSpec, 'source' | 'variables' | 'events'>;

export interface LoaderOptions {
  lookAround: LookAround;
  /** Folder that relative paths start from; null: there is none, paths must be absolute. */
  baseDir: string | null;
  /**
   * What is made here is sent from other machines too: it says where secrets stand, and holds what was fetched as text.
   * Left out: it stays on this machine.
   */
  travels?: { secretKey: string };
}

/** The most files of a test. */
const MAX_FILES = 1000;

/** The most that templates, or targets held as text, have together. */
const MAX_TEXT_BYTES = 5 * 1024 * 1024;

/** The most that targets have together that are fetched to disk. */
const MAX_FETCHED_BYTES = 1024 * 1024 * 1024;

const TEMPLATES: SourceForm = {
  as: 'texts',
  maxFiles: MAX_FILES,
  maxBytes: MAX_TEXT_BYTES,
  what: 'templates',
  advice: '',
};
const TARGETS: SourceForm = {
  as: 'files',
  maxFiles: MAX_FILES,
  maxBytes: MAX_FETCHED_BYTES,
  what: 'targets from S3',
  advice: '',
};
/** Fetched targets that go from worker to worker. */
const TRAVELLING_TARGETS: SourceForm = {
  ...TARGETS,
  as: 'texts',
  maxBytes: MAX_TEXT_BYTES,
  advice: ': put them into a volume of the workers, and use directory: {path: …}',
};

/**
 * Makes the content of a test from its sources and variables, as they are at each look. Within a source, files are in
 * order of name; a later source's file takes the place of an earlier one's with the same name. Nothing of what is loaded
 * is compiled or run.
 */
export class ContentLoader {
  readonly #spec: ContentSpec;
  readonly #options: LoaderOptions;
  #opening: Promise<void> | null = null;
  #sources: Source[] = [];
  #used: Content[] = [];
  #last: { views: View[]; variables: ResolvedVariables; content: Content } | null = null;
  #changed: (() => void) | null = null;

  constructor(spec: ContentSpec, options: LoaderOptions) {
    this.#spec = spec;
    this.#options = options;
  }

  /**
   * Looks at everything. While nothing has changed, it gives the very same content as the look before, at little cost.
   * One look at a time.
   * @throws ProblemsError naming each variable and source that is missing, unreadable or too large; Error in words from
   *   looking around. The content before remains good.
   */
  async look(signal: AbortSignal): Promise<Content> {
    const around = await this.#options.lookAround();
    const problems: Problem[] = [];
    const variables = collect(problems, () => resolveVariables(this.#spec.variables, around));
    const views = await this.#views(around, signal, problems);
    if (problems.length > 0) throw new ProblemsError(problems);
    const now = { views, variables: variables! };
    if (this.#last !== null) {
      const { content, ...before } = this.#last;
      const same = views.every((view, index) => view === before.views[index]);
      if (same && isDeepStrictEqual(now.variables, before.variables)) return content;
    }
    const content = await this.#contentOf(merged(views), now.variables);
    this.#last = { ...now, content };
    return content;
  }

  /** From now on calls `changed` soon after a source may have changed, where it can tell; looks begin the watching. */
  watch(changed: () => void): void {
    this.#changed = changed;
  }

  /** That content is sent from now on, and the one before it may still be: what was fetched for others may go. */
  use(content: Content): void {
    this.#used = [content, ...this.#used].slice(0, 2);
    const paths = new Set<string>();
    for (const used of this.#used) {
      if (used.kind !== 'targets') continue;
      for (const file of used.files) if ('path' in file) paths.add(file.path);
    }
    for (const source of this.#sources) source.use?.(paths);
  }

  /** Ends watching and connections, and deletes what was fetched to disk. A second time it does nothing. */
  async close(): Promise<void> {
    await this.#opening;
    for (const source of this.#sources) source.close();
  }

  async #views(around: Surroundings, signal: AbortSignal, problems: Problem[]): Promise<View[]> {
    const { source } = this.#spec;
    this.#opening ??= this.#open();
    await this.#opening;
    const sources = this.#sources;
    const changed = this.#changed;
    if (changed !== null) for (const each of sources) each.watch?.(changed);
    const looks = await Promise.allSettled(sources.map((each) => each.look(around, signal)));
    return looks.flatMap((look, index) => {
      if (look.status === 'fulfilled') return [look.value];
      if (!(look.reason instanceof SourceError)) throw look.reason;
      const path = `spec.${source.kind}.from[${index}].${Object.keys(source.from[index]!)[0]}`;
      problems.push({ path, value: undefined, message: look.reason.message });
      return [];
    });
  }

  get #secrecy() {
    const { travels } = this.#options;
    if (travels === undefined) return {};
    const refs = this.#spec.variables.flatMap((variable) =>
      'secret' in variable ? [[variable.name, { ...variable.secret, proof: '' }] as const] : [],
    );
    return { secretRefs: Object.fromEntries(refs), secretKey: travels.secretKey };
  }

  async #open(): Promise<void> {
    const { from, kind } = this.#spec.source;
    const { baseDir, travels } = this.#options;
    this.#sources = await Promise.all(
      from.map((item) => openSource(item, baseDir, formOf(item, kind, travels !== undefined))),
    );
  }

  async #contentOf(files: SourceFile[], variables: ResolvedVariables): Promise<Content> {
    const { source, events } = this.#spec;
    const path = `spec.${source.kind}.from`;
    const rest = { ...variables, ...this.#secrecy };
    checkTotal(path, source.kind, files);
    if (source.kind === 'templates') {
      const texts = files.map((file) => [file.name, 'text' in file ? file.text : ''] as const);
      const { entry } = source;
      requireEntry(
        entry,
        files.map(({ name }) => name),
      );
      return makeTemplateContent({ entry, files: Object.fromEntries(texts), events, ...rest });
    }
    try {
      const content = await makeCannedContent({ files, loop: source.loop, ...rest });
      if (content.count > 0) return content;
      throw problem(path, 'there is no target in the sources of targets');
    } catch (error) {
      if (error instanceof TargetError) throw problem(path, error.message);
      throw error;
    }
  }
}

function formOf(item: SourceItem, kind: ContentSpec['source']['kind'], travels: boolean): SourceForm {
  if (kind === 'templates') return TEMPLATES;
  return travels && 's3' in item ? TRAVELLING_TARGETS : TARGETS;
}

async function openSource(item: SourceItem, baseDir: string | null, form: SourceForm): Promise<Source> {
  if ('inline' in item) return new InlineSource(item.inline);
  if ('configMap' in item) return new ConfigMapSource(item.configMap.name);
  if ('directory' in item) return new DirectorySource(item.directory.path, baseDir, form);
  // What speaks to the store takes a while to load.
  const { openS3Source } = await import('./s3/s3-source.ts');
  return openS3Source(item.s3, form);
}

function collect<T>(problems: Problem[], step: () => T): T | null {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    problems.push(...error.problems);
    return null;
  }
}

function merged(views: readonly View[]): SourceFile[] {
  const files = new Map<string, SourceFile>();
  for (const file of views.flatMap((view) => view.files)) {
    files.delete(file.name);
    files.set(file.name, file);
  }
  return [...files.values()];
}

function checkTotal(path: string, kind: string, files: readonly SourceFile[]): void {
  if (files.length === 0) throw problem(path, `there is no file in the sources of ${kind}`);
  if (files.length > MAX_FILES)
    throw problem(path, `the sources hold ${files.length} files together; at most ${MAX_FILES}`);
  const bytes = files.reduce((sum, file) => sum + ('text' in file ? Buffer.byteLength(file.text) : 0), 0);
  if (bytes > MAX_TEXT_BYTES)
    throw problem(path, `the ${kind} have more than ${MAX_TEXT_BYTES} bytes (5 MiB) together`);
}

function requireEntry(entry: string, names: readonly string[]): void {
  if (names.includes(entry)) return;
  const meant = closest(entry, names);
  const right = meant === null ? `there are ${someOf(names.map(named))}` : `did you mean ${named(meant)}?`;
  throw problem('spec.templates.entry', `${shown(entry)} is not one of the templates; ${right}`);
}

function problem(path: string, message: string): ProblemsError {
  return new ProblemsError([{ path, value: undefined, message }]);
}
