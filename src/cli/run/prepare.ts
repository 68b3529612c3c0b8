import { resolve } from 'node:path';
import { API_VERSION, KIND, type LoadTest } from '../../api/loadtest.ts';
import { parseLoadTest } from '../../api/parse.ts';
import { formatProblem, ProblemsError } from '../../api/problem.ts';
import type { RunSpec } from '../../api/run-spec.ts';
import { toRunSpec } from '../../api/to-run-spec.ts';
import { TargetError } from '../../target/target-error.ts';
import type { Content } from '../../template/content.ts';
import { makeCannedContent, makeTemplateContent } from '../../template/make-content.ts';
import { UsageError } from '../errors.ts';
import type { Data } from '../manifest/data-objects.ts';
import { failWith, loadManifest } from '../manifest/load.ts';
import { parseSets, type Sets } from '../manifest/sets.ts';
import { resolveSources } from '../manifest/sources.ts';
import { resolveVariables } from '../manifest/variables.ts';

/** A test that could start at once: everything is read, nothing is sent. */
export interface PreparedTest {
  spec: RunSpec;
  content: Content;
}

/** Where a test comes from: manifest files, or a folder of templates or a file of targets with the rest as options. */
export interface TestOptions {
  file?: string[];
  name?: string;
  templates?: string;
  entry?: string;
  targets?: string;
  set?: string[];
  /** These change what the manifest says. */
  rate?: string;
  duration?: string;
  workers?: string;
  seed?: string;
  /** Takes a line about what was left out of account. */
  note?: (line: string) => void;
}

/** A LoadTest with what it refers to. */
interface Source {
  loadtest: LoadTest;
  configMaps: ReadonlyMap<string, Data>;
  secrets: ReadonlyMap<string, Data>;
  baseDir: string;
  /** How messages call it; empty: it has no file. */
  file: string;
}

/** Rate of a quick test that names none. */
const QUICK_RATE = '10/s';
const QUICK_DURATION = '10s';

/** @throws UsageError with everything that is wrong */
export async function prepareTest(options: TestOptions): Promise<PreparedTest> {
  const sets = await parseSets(options.set ?? []);
  const source = await sourceOf(options);
  return withProblems(source.file, () => resolved(source, sets, options));
}

async function sourceOf(options: TestOptions): Promise<Source> {
  const { file, name, templates, targets, note } = options;
  const given = [file && '-f', templates && '--templates', targets && '--targets'].filter(Boolean);
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none was given' : `${given.join(' and ')} were given`;
    throw new UsageError(`one of -f FILE, --templates DIR and --targets FILE says what to send; ${found}`);
  }
  if (file !== undefined) {
    const manifest = await loadManifest(file, { name, ...(note === undefined ? {} : { note }) });
    const loadtest = await withProblems(manifest.file, async () => changed(manifest.loadtest, options));
    return { ...manifest, loadtest };
  }
  const loadtest = await withProblems('', async () => quickTest(options));
  return { loadtest, configMaps: new Map(), secrets: new Map(), baseDir: process.cwd(), file: '' };
}

/** The LoadTest that a quick run without a manifest means. */
function quickTest(options: TestOptions): LoadTest {
  const { templates, entry, targets } = options;
  if (templates !== undefined && entry === undefined) {
    throw new UsageError('--templates DIR needs --entry NAME: the template that renders each target');
  }
  const from = [{ directory: { path: templates ?? targets } }];
  return parseLoadTest(
    overridden(
      {
        apiVersion: API_VERSION,
        kind: KIND,
        metadata: { name: 'quick' },
        spec: {
          rate: QUICK_RATE,
          duration: QUICK_DURATION,
          ...(templates === undefined ? { targets: { from } } : { templates: { entry, from } }),
        },
      },
      options,
    ),
  );
}

function changed(loadtest: LoadTest, options: TestOptions): LoadTest {
  if (options.entry !== undefined)
    throw new UsageError('--entry belongs to --templates; a manifest names its own');
  return parseLoadTest(overridden(loadtest, options));
}

/** The manifest with what options say instead. */
function overridden<T extends { spec: object }>(manifest: T, { rate, duration, workers, seed }: TestOptions) {
  const spec = structuredClone(manifest.spec) as Record<string, unknown>;
  if (rate !== undefined) spec['rate'] = rate;
  if (duration !== undefined) spec['duration'] = duration;
  if (workers !== undefined) spec['workers'] = { ...(spec['workers'] as object), replicas: numeric(workers) };
  if (seed !== undefined) spec['events'] = { ...(spec['events'] as object), seed };
  return { ...manifest, spec };
}

/** A number where it is one; else the text, which the schema then refuses by its field. */
function numeric(text: string): number | string {
  return /^[0-9]+$/.test(text) ? Number(text) : text;
}

async function resolved(source: Source, sets: Sets, options: TestOptions): Promise<PreparedTest> {
  const { configMaps, secrets, baseDir } = source;
  const spec = toRunSpec(source.loadtest);
  const given = resolveVariables(spec.variables, { configMaps, secrets, sets });
  if (options.targets !== undefined) {
    const path = resolve(options.targets);
    const files = [{ name: options.targets, path }];
    return {
      spec,
      content: await makeCannedContent({ files, loop: options.duration !== undefined, ...given }),
    };
  }
  const files = await resolveSources(spec.source, { configMaps, baseDir });
  const content =
    files.kind === 'templates'
      ? makeTemplateContent({
          entry: (spec.source as { entry: string }).entry,
          files: files.files,
          events: spec.events,
          ...given,
        })
      : await makeCannedContent({
          files: files.files,
          loop: (spec.source as { loop: boolean }).loop,
          ...given,
        });
  return { spec, content };
}

/** Shows problems with fields as what they are: something the user can put right. */
async function withProblems<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TargetError) throw new UsageError(error.message);
    if (!(error instanceof ProblemsError)) throw error;
    const prefix = file === '' ? '' : `${file}: `;
    failWith(error.problems.map((problem) => prefix + formatProblem(problem)));
    throw error;
  }
}
