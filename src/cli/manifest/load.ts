import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { KIND, type LoadTest } from '../../api/loadtest.ts';
import { parseLoadTest } from '../../api/parse.ts';
import { formatProblem, ProblemsError } from '../../api/problem.ts';
import { named, someOf } from '../../api/wording.ts';
import type { Data } from '../../source/surroundings.ts';
import { shown } from '../../units/shown.ts';
import { UsageError } from '../errors.ts';
import { displayName, type PlacedObject, type SortedObjects, sortObjects } from './objects.ts';
import { readManifestText } from './read-text.ts';
import { parseYaml } from './yaml.ts';

/** A LoadTest from manifest files, with what stands beside it in them. */
export interface Manifest {
  loadtest: LoadTest;
  namespace: string;
  /** Name to keys and texts, of the LoadTest's own namespace. */
  configMaps: ReadonlyMap<string, Data>;
  secrets: ReadonlyMap<string, Data>;
  /** The file that the LoadTest stands in, as messages call it; empty: it has none. */
  file: string;
  /** Folder that relative paths in the LoadTest start from: the file's own, the current one for standard input. */
  baseDir: string;
}

export interface LoadOptions {
  /** Which LoadTest is meant where the files hold several. */
  name?: string | undefined;
  /** Read for the file `-`. Default: the process's own. */
  stdin?: Readable;
  /** Takes a line about what was left out of account. Default: nobody. */
  note?: (line: string) => void;
}

/**
 * Reads the LoadTest out of manifest files (YAML or JSON, several documents each, `-` for standard input).
 * @throws UsageError with everything that is wrong in the files, or in the LoadTest
 */
export async function loadManifest(files: readonly string[], options: LoadOptions = {}): Promise<Manifest> {
  const objects = await sortFiles(files, options.stdin);
  const chosen = choose(objects, files, options.name);
  const manifest = {
    ...beside(objects, chosen.namespace),
    namespace: chosen.namespace,
    loadtest: parsed(chosen),
    file: chosen.file,
    baseDir: folderOf(chosen.file, files),
  };
  noteIgnored(objects, options.note);
  return manifest;
}

/** Reads the objects of manifest files. @throws UsageError with everything that is wrong in the files */
export async function sortFiles(
  files: readonly string[],
  stdin: Readable = process.stdin,
): Promise<SortedObjects> {
  const documents: { file: string; value: unknown }[] = [];
  const problems: string[] = [];
  for (const file of new Set(files)) {
    try {
      const { name, text } = await readManifestText(file, stdin);
      documents.push(...parseYaml(text, name).map((value) => ({ file: name, value })));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error.message);
    }
  }
  const objects = sortObjects(documents);
  failWith([...problems, ...objects.problems]);
  return objects;
}

/** Ends with all problems at once, if there are any. */
export function failWith(problems: readonly string[]): void {
  if (problems.length === 1) throw new UsageError(problems[0]!);
  if (problems.length > 1) throw new UsageError(`${problems.length} problems in the manifest`, problems);
}

function choose(
  { loadtests, ignored, configMaps, secrets }: SortedObjects,
  files: readonly string[],
  name?: string,
): PlacedObject {
  const among = name === undefined ? loadtests : loadtests.filter((loadtest) => loadtest.name === name);
  if (among.length === 1) return among[0]!;
  const where = files.map((file) => (file === '-' ? 'standard input' : file)).join(', ');
  if (loadtests.length === 0) {
    const others = [...configMaps, ...secrets, ...ignored].map((object) => displayName(object));
    const found = others.length === 0 ? 'nothing at all' : someOf(others);
    throw new UsageError(`${where}: there is no ${KIND} in it, only ${found}`);
  }
  const names = someOf(
    loadtests.map((loadtest) => (loadtest.name === '' ? '(one without a name)' : named(loadtest.name))),
  );
  if (among.length > 1 && name !== undefined) {
    throw new UsageError(
      `${where}: there are ${among.length} ${KIND}s called ${shown(name)}; names must differ`,
    );
  }
  if (name !== undefined)
    throw new UsageError(`${where}: there is no ${KIND} called ${shown(name)}, only ${names}`);
  throw new UsageError(
    `${where}: there are ${loadtests.length} ${KIND}s (${names}); choose one with --name NAME`,
  );
}

function parsed({ object, file }: PlacedObject): LoadTest {
  try {
    return parseLoadTest(object);
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    failWith(error.problems.map((problem) => `${file}: ${formatProblem(problem)}`));
    throw error;
  }
}

/** The ConfigMaps and Secrets of a namespace, by name. */
export function beside(
  { configMaps, secrets }: SortedObjects,
  namespace: string,
): Pick<Manifest, 'configMaps' | 'secrets'> {
  const own = (objects: SortedObjects['secrets']) =>
    new Map(objects.filter((object) => object.namespace === namespace).map(({ name, data }) => [name, data]));
  return { configMaps: own(configMaps), secrets: own(secrets) };
}

function folderOf(file: string, files: readonly string[]): string {
  return files.includes(file) ? dirname(resolve(file)) : process.cwd();
}

function noteIgnored({ ignored }: SortedObjects, note: LoadOptions['note']): void {
  if (note === undefined || ignored.length === 0) return;
  note(`ignored: ${someOf(ignored.map((object) => `${displayName(object)} (${object.file})`))}`);
}
