import { type Problem, ProblemsError } from '../../api/problem.ts';
import type { SourceItem, SourceSpec } from '../../api/run-spec.ts';
import { closest } from '../../api/suggestion.ts';
import { named, someOf } from '../../api/wording.ts';
import { shown } from '../../units/shown.ts';
import { UsageError } from '../errors.ts';
import type { Data } from './data-objects.ts';
import { type FolderFile, listFolder, MAX_FILES, readFolderFile } from './folder.ts';

/** Where sources are looked up. */
export interface SourceContext {
  configMaps: ReadonlyMap<string, Data>;
  /** Folder that relative paths start from. */
  baseDir: string;
}

/** A file of canned targets: on this machine, or its text. */
export type TargetFile = { name: string; path: string } | { name: string; text: string };

/** What sources hold: templates by name, or files of targets in the order in which they are sent. */
export type ResolvedSource =
  | { kind: 'templates'; entry: string; files: Record<string, string> }
  | { kind: 'targets'; loop: boolean; files: TargetFile[] };

/** The most that templates, or targets from ConfigMaps and the manifest, have together. */
const MAX_BYTES = 5 * 1024 * 1024;

/**
 * Collects what the sources of templates or targets hold. Within a source, files are in order of name; a later source's
 * file takes the place of an earlier one's with the same name.
 * @throws ProblemsError naming each source that is missing, unreadable or too large
 */
export async function resolveSources(source: SourceSpec, context: SourceContext): Promise<ResolvedSource> {
  const files = new Map<string, TargetFile>();
  const problems: Problem[] = [];
  for (const [index, item] of source.from.entries()) {
    try {
      for (const file of await filesOf(item, context)) {
        files.delete(file.name);
        files.set(file.name, file);
      }
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const path = `spec.${source.kind}.from[${index}].${Object.keys(item)[0]}`;
      problems.push({ path, value: undefined, message: error.message });
    }
  }
  if (problems.length > 0) throw new ProblemsError(problems);
  return source.kind === 'targets' ? targetsOf(files, source.loop) : templatesOf(files, source.entry);
}

async function filesOf(item: SourceItem, { configMaps, baseDir }: SourceContext): Promise<TargetFile[]> {
  if ('directory' in item) return listFolder(item.directory.path, baseDir);
  if ('inline' in item) return textsOf(item.inline);
  const data = configMaps.get(item.configMap.name);
  if (data === undefined) {
    throw new UsageError(`ConfigMap ${item.configMap.name} is not in the files given: add its file with -f`);
  }
  return textsOf(data);
}

function textsOf(data: Data): TargetFile[] {
  return Object.keys(data)
    .sort()
    .map((name) => ({ name, text: data[name]! }));
}

function targetsOf(files: Map<string, TargetFile>, loop: boolean): ResolvedSource {
  const found = [...files.values()];
  const bytes = found.reduce((sum, file) => sum + ('text' in file ? Buffer.byteLength(file.text) : 0), 0);
  checkTotal('targets', found.length, bytes);
  return { kind: 'targets', loop, files: found };
}

async function templatesOf(files: Map<string, TargetFile>, entry: string): Promise<ResolvedSource> {
  checkTotal('templates', files.size, 0);
  let bytes = 0;
  const texts: [string, string][] = [];
  for (const file of files.values()) {
    const text = 'text' in file ? file.text : await readTemplate(file, MAX_BYTES - bytes);
    bytes += Buffer.byteLength(text);
    checkTotal('templates', files.size, bytes);
    texts.push([file.name, text]);
  }
  if (!files.has(entry)) {
    const names = [...files.keys()];
    const meant = closest(entry, names);
    const right = meant === null ? `there are ${someOf(names.map(named))}` : `did you mean ${named(meant)}?`;
    throw problem('spec.templates.entry', `${shown(entry)} is not one of the templates; ${right}`);
  }
  return { kind: 'templates', entry, files: Object.fromEntries(texts) };
}

async function readTemplate(file: FolderFile, most: number): Promise<string> {
  try {
    return await readFolderFile(file, most);
  } catch (error) {
    if (error instanceof UsageError) throw problem('spec.templates.from', error.message);
    throw error;
  }
}

function checkTotal(kind: string, files: number, bytes: number): void {
  const path = `spec.${kind}.from`;
  if (files === 0) throw problem(path, `there is no file in the sources of ${kind}`);
  if (files > MAX_FILES)
    throw problem(path, `the sources hold ${files} files together; at most ${MAX_FILES}`);
  if (bytes > MAX_BYTES)
    throw problem(path, `the ${kind} have more than ${MAX_BYTES} bytes (5 MiB) together`);
}

function problem(path: string, message: string): ProblemsError {
  return new ProblemsError([{ path, value: undefined, message }]);
}
