import { isDeepStrictEqual } from 'node:util';
import { changesBetween, type FieldChange } from '../../api/changes.ts';
import type { LoadTest } from '../../api/loadtest.ts';
import { formatProblem, ProblemsError } from '../../api/problem.ts';
import type { RunSpec } from '../../api/run-spec.ts';
import { toRunSpec } from '../../api/to-run-spec.ts';
import { someOf } from '../../api/wording.ts';
import type { ContentLoader } from '../../source/content-loader.ts';
import type { LookEnd, Scout } from '../../source/scout.ts';
import { UsageError } from '../errors.ts';
import { hotPart } from '../manifest/hot-part.ts';
import type { PreparedRun } from '../manifest/prepare.ts';
import { reloadMsOf } from './scouting.ts';

/** A manifest as it is now, with options laid over it. */
export interface ReadManifest {
  loadtest: LoadTest;
  /** How messages call its file. */
  file: string;
  /** What collects the content that a spec of it asks for. */
  loaderFor(spec: RunSpec): ContentLoader;
}

export interface FollowerOptions {
  /** @throws UsageError with everything that is wrong */
  read: () => Promise<ReadManifest>;
  /** Takes what the manifest says from now on. */
  follow: (spec: RunSpec) => void;
  scout: Pick<Scout, 'lookNow' | 'lookAt'>;
  /** Takes messages for people. */
  note: (text: string) => void;
}

/**
 * Brings what is saved in a manifest into a run that goes on. Hot fields are applied, with the others of the same save
 * left for the next run; a manifest that is not valid, or is of another protocol, changes nothing.
 */
export class ManifestFollower {
  readonly #options: FollowerOptions;
  /** What holds, and what was seen last: of that only what is new is told. */
  #applied: LoadTest;
  #seen: LoadTest;
  #spec: RunSpec;
  #looking: Promise<void> | null = null;
  #asking: ((end: LookEnd) => void)[] = [];
  #again = false;

  constructor({ loadtest, spec }: Pick<PreparedRun, 'loadtest' | 'spec'>, options: FollowerOptions) {
    this.#applied = loadtest;
    this.#seen = loadtest;
    this.#spec = spec;
    this.#options = options;
  }

  /**
   * Reads the manifest and applies what is new. One look at a time: another one follows it.
   * @param looked called when what is sent has been looked at as well, which may take longer
   */
  async look(looked?: (end: LookEnd) => void): Promise<void> {
    if (looked !== undefined) this.#asking.push(looked);
    if (this.#looking !== null) this.#again = true;
    this.#looking ??= this.#lookUntilQuiet();
    await this.#looking;
  }

  async #lookUntilQuiet(): Promise<void> {
    do {
      this.#again = false;
      await this.#lookOnce();
    } while (this.#again);
    this.#looking = null;
  }

  async #lookOnce(): Promise<void> {
    let file = '';
    try {
      const read = await this.#options.read();
      file = read.file;
      this.#take(read);
    } catch (error) {
      const lines = [
        'the manifest was saved and is refused; the run goes on as it was:',
        ...problemsOf(error, file),
      ];
      this.#options.note(lines.join('\n  '));
    }
  }

  #take(read: ReadManifest): void {
    const { loadtest: saved, file } = read;
    const part = hotPart(this.#applied, saved);
    // The protocol's options have to wait, all of them; its secrets have been looked up.
    const { protocol } = this.#spec;
    const spec = part === null ? this.#spec : { ...toRunSpec(part.loadtest), protocol };
    const news = new Set(changesBetween(this.#seen, saved).map((change) => change.path));
    this.#seen = saved;
    if (part === null) {
      this.#options.note(
        `${file} was saved for another protocol: that takes a new run, nothing of it is applied`,
      );
      return;
    }
    const before = this.#spec;
    this.#applied = part.loadtest;
    this.#spec = spec;
    const waiting = part.waiting.filter((change) => news.has(change.path));
    this.#tell(file, part.applied.filter(isNoContent), waiting);
    if (!isDeepStrictEqual(before, spec)) this.#options.follow(spec);
    void this.#lookAtContent(read, before, spec);
  }

  /** What stands beside the test in the files may have changed without it. */
  async #lookAtContent(read: ReadManifest, before: RunSpec, spec: RunSpec): Promise<void> {
    const { scout } = this.#options;
    const asking = this.#asking.splice(0);
    const isSame = isDeepStrictEqual(contentOf(before), contentOf(spec));
    const end = isSame
      ? await scout.lookNow()
      : await scout.lookAt({ loader: read.loaderFor(spec), reloadMs: reloadMsOf(spec, true) });
    for (const looked of asking) looked(end);
  }

  #tell(file: string, applied: readonly FieldChange[], waiting: readonly FieldChange[]): void {
    if (applied.length === 0 && waiting.length === 0) return;
    const paths = applied.map(({ path }) => path);
    const head = paths.length === 0 ? 'nothing is applied' : `applied: ${someOf(paths)}`;
    const rest = waiting.map((change) => `  ${change.path}: takes effect at the next run${reasonOf(change)}`);
    this.#options.note([`${file} was saved, ${head}`, ...rest].join('\n'));
  }
}

/** What is sent is checked first; the scout tells what becomes of it. */
function isNoContent({ path }: FieldChange): boolean {
  return path === 'spec.templates.reload' || !/^spec\.(?:templates|targets|variables|events)\b/.test(path);
}

function contentOf({ source, variables, events }: RunSpec) {
  return { source, variables, events };
}

/** Why it has to wait. */
function reasonOf({ path, class: own }: FieldChange): string {
  if (own !== 'rolling') return '';
  return path.startsWith('spec.workers.') ? ' of a cluster' : ', since workers keep their connections';
}

/** Whatever is wrong, the run goes on. */
function problemsOf(error: unknown, file: string): string[] {
  if (error instanceof UsageError && error.problems.length > 0) return [...error.problems];
  if (error instanceof ProblemsError)
    return error.problems.map((problem) => `${file}: ${formatProblem(problem)}`);
  return [(error as Error).message];
}
