import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { systemErrorText } from '../../report/system-error.ts';
import { shown } from '../../units/shown.ts';
import { UsageError } from '../errors.ts';
import { decodeText } from './read-text.ts';

/** A file of a folder: its path from there, with `/`, and on this machine. */
export interface FolderFile {
  name: string;
  path: string;
}

/** The most files of a folder. */
export const MAX_FILES = 1000;

/** Folders within one another. */
const MAX_DEPTH = 16;

/**
 * The files of a folder and of the folders in it, in order of name; where the path is a file's, that file. Left out are
 * names that start with a dot (such as the `..data` of a mounted ConfigMap) and links to folders; links to files are
 * files.
 * @throws UsageError when it cannot be read, holds no file or too many
 */
export async function listFolder(path: string, baseDir: string): Promise<FolderFile[]> {
  const files: FolderFile[] = [];
  const start = resolve(baseDir, path);
  try {
    if ((await stat(start)).isFile()) return [{ name: basename(start), path: start }];
    await collect(start, '', 1, files);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`the folder ${shown(path)} (${start}) cannot be read: ${systemErrorText(error)}`);
  }
  if (files.length === 0) throw new UsageError(`the folder ${shown(path)} (${start}) holds no file`);
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function collect(folder: string, prefix: string, depth: number, files: FolderFile[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) {
      if (depth === MAX_DEPTH) throw new UsageError(`${path}: folders are more than ${MAX_DEPTH} deep`);
      await collect(path, `${name}/`, depth + 1, files);
    } else if (entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(path)))) {
      files.push({ name, path });
      if (files.length > MAX_FILES) throw new UsageError(`${folder} holds more than ${MAX_FILES} files`);
    }
  }
}

async function leadsToFile(link: string): Promise<boolean> {
  try {
    return (await stat(link)).isFile();
  } catch (error) {
    throw new UsageError(`the link ${shown(link)} leads nowhere: ${systemErrorText(error)}`);
  }
}

/** The text of a file. @param most how many bytes it may have @throws UsageError when it has more, or is no text */
export async function readFolderFile({ path }: FolderFile, most: number): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > most)
      throw new UsageError(`${shown(path)} has ${size} bytes: all files together may have 5 MiB`);
    return decodeText(await readFile(path), shown(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${shown(path)} cannot be read: ${systemErrorText(error)}`);
  }
}
