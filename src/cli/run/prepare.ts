import { API_VERSION, KIND, type LoadTest } from '../../api/loadtest.ts';
import { parseLoadTest } from '../../api/parse.ts';
import { formatProblem, ProblemsError } from '../../api/problem.ts';
import { ContentLoader } from '../../source/content-loader.ts';
import { UsageError } from '../errors.ts';
import { failWith, loadManifest, type Manifest } from '../manifest/load.ts';
import { type PreparedRun, prepareRun } from '../manifest/prepare.ts';
import { parseSets } from '../manifest/sets.ts';
import { lookAroundIn } from '../manifest/surroundings.ts';
import type { SourceOptions } from '../options.ts';
import type { ReadManifest } from './manifest-follower.ts';

/** Where a test comes from: manifest files, or a folder of templates or a file of targets with the rest as options. */
export interface TestOptions extends SourceOptions {
  /** These, and the seed, change what the manifest says. */
  rate?: string;
  duration?: string;
  workers?: string;
  /** Takes a line about what was left out of account. */
  note?: (line: string) => void;
}

/** Of a quick test that does not say. */
const QUICK_RATE = '10/s';
const QUICK_DURATION = '10s';

/** A test that could start at once: everything is read, nothing is sent. @throws UsageError with everything wrong */
export async function prepareTest(options: TestOptions): Promise<PreparedRun> {
  const { manifest, sets, lookAround } = await readTest(options);
  return prepareRun(manifest, sets, lookAround);
}

/** Reads the manifest again, as `prepareTest` does, but nothing of what it sends. @throws UsageError as that */
export async function readManifestAgain(options: TestOptions): Promise<ReadManifest> {
  const { manifest, lookAround } = await readTest(options);
  const { loadtest, file, baseDir } = manifest;
  return { loadtest, file, loaderFor: (spec) => new ContentLoader(spec, { lookAround, baseDir }) };
}

async function readTest(options: TestOptions) {
  const readSets = () => parseSets(options.set ?? []);
  const sets = await readSets();
  const manifest = await manifestOf(options);
  return { manifest, sets, lookAround: lookAroundIn(options.file ?? [], manifest, readSets) };
}

async function manifestOf(options: TestOptions): Promise<Manifest> {
  const { file, name, templates, entry, targets, note } = options;
  const given = [file && '-f', templates && '--templates', targets && '--targets'].filter(Boolean);
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none was given' : `${given.join(' and ')} were given`;
    throw new UsageError(`one of -f FILE, --templates DIR and --targets FILE says what to send; ${found}`);
  }
  if (templates !== undefined && entry === undefined) {
    throw new UsageError('--templates DIR needs --entry NAME: the template that renders each target');
  }
  if (templates === undefined && entry !== undefined) {
    throw new UsageError('--entry NAME goes with --templates DIR; a manifest names its own entry');
  }
  if (file === undefined) {
    const none = {
      namespace: '',
      configMaps: new Map(),
      secrets: new Map(),
      file: '',
      baseDir: process.cwd(),
    };
    return { ...none, loadtest: overridden(quickTest(options), options, '') };
  }
  const manifest = await loadManifest(file, { name, ...(note === undefined ? {} : { note }) });
  return { ...manifest, loadtest: overridden(manifest.loadtest, options, manifest.file) };
}

/** The LoadTest that options without a manifest mean. */
function quickTest({ templates, entry, targets }: TestOptions) {
  const from = [{ directory: { path: templates ?? targets } }];
  // Without a duration, the targets of a file are sent once.
  const what =
    templates === undefined
      ? { targets: { from } }
      : { duration: QUICK_DURATION, templates: { entry, from } };
  const spec = { rate: QUICK_RATE, ...what };
  return { apiVersion: API_VERSION, kind: KIND, metadata: { name: 'quick' }, spec };
}

/** The manifest with what options say instead, checked as if it had been written so. */
function overridden(
  manifest: { spec: object },
  { rate, duration, workers, seed }: TestOptions,
  file: string,
): LoadTest {
  const spec = structuredClone(manifest.spec) as Record<string, unknown>;
  if (rate !== undefined) spec['rate'] = rate;
  if (duration !== undefined) spec['duration'] = duration;
  if (workers !== undefined) spec['workers'] = { ...(spec['workers'] as object), replicas: numeric(workers) };
  if (seed !== undefined) spec['events'] = { ...(spec['events'] as object), seed };
  try {
    return parseLoadTest({ ...manifest, spec });
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    const place = file === '' ? '' : `${file}: `;
    failWith(error.problems.map((problem) => place + formatProblem(problem)));
    throw error;
  }
}

/** A number where it is one; else the text, which the schema then refuses by its field. */
function numeric(text: string): number | string {
  return /^[0-9]+$/.test(text) ? Number(text) : text;
}
