import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { systemErrorText } from '../report/system-error.ts';
import { shown } from '../units/shown.ts';
import { utf8Text } from '../units/utf8.ts';
import { MovedError, SourceError } from './source-error.ts';
import type { Listing } from './still.ts';

/** A file of a folder: its path from there, with `/`, and on this machine. */
export interface FolderFile {
  name: string;
  path: string;
  /** In bytes. */
  size: number;
}

/** The files of a folder as they are now. Its version changes with each file's size, time of change or identity. */
export interface FolderListing extends Listing {
  files: FolderFile[];
  /** Where to watch: the folders that were looked into, each with its identity, as another may take its place. */
  folders: Map<string, bigint>;
  /** The one name that counts in them, where the path is a file's; null: all do. */
  only: string | null;
}

/** Folders within one another. */
const MAX_DEPTH = 16;

/**
 * The files of a folder and of the folders in it, in order of name; where the path is a file's, that file. Left out are
 * names that start with a dot (such as the `..data` of a mounted ConfigMap) and links to folders; links to files are
 * files.
 * @throws SourceError when it cannot be read, holds no file or too many; MovedError when some of it is not there
 */
export async function listFolder(path: string, baseDir: string, maxFiles: number): Promise<FolderListing> {
  const found = new Found(maxFiles);
  const start = resolve(baseDir, path);
  try {
    const stats = await stat(start, { bigint: true });
    if (stats.isFile()) {
      found.add({ name: basename(start), path: start, size: Number(stats.size) }, stats);
      found.only = basename(start);
      found.folders.set(dirname(start), (await stat(dirname(start), { bigint: true })).ino);
    } else {
      await found.collect(start, '', 1);
    }
  } catch (error) {
    throw readError(`the folder ${shown(path)} (${start})`, error);
  }
  if (found.files.length === 0) throw new SourceError(`the folder ${shown(path)} (${start}) holds no file`);
  return found.listing();
}

/** The text of a file. @throws SourceError when it is no text; MovedError when it is gone or not as it was listed */
export async function readFolderFile({ path, size }: FolderFile): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw readError(shown(path), error);
  }
  if (bytes.length !== size) throw new MovedError(`${shown(path)} changes while it is being read`);
  const text = utf8Text(bytes);
  if (text === null) throw new SourceError(`${shown(path)} is not a text in UTF-8`);
  return text;
}

class Found {
  readonly files: FolderFile[] = [];
  readonly folders = new Map<string, bigint>();
  only: string | null = null;
  readonly #stamps = new Map<string, string>();
  readonly #maxFiles: number;

  constructor(maxFiles: number) {
    this.#maxFiles = maxFiles;
  }

  async collect(folder: string, prefix: string, depth: number): Promise<void> {
    this.folders.set(folder, (await stat(folder, { bigint: true })).ino);
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = join(folder, entry.name);
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory()) {
        if (depth === MAX_DEPTH) throw new SourceError(`${path}: folders are more than ${MAX_DEPTH} deep`);
        await this.collect(path, `${name}/`, depth + 1);
      } else if (entry.isFile() || entry.isSymbolicLink()) {
        const stats = await followed(path);
        if (!stats.isFile()) continue;
        if (this.files.length === this.#maxFiles)
          throw new SourceError(`${folder} holds more than ${this.#maxFiles} files`);
        this.add({ name, path, size: Number(stats.size) }, stats);
      }
    }
  }

  add(file: FolderFile, { mtimeNs, ctimeNs, ino }: { mtimeNs: bigint; ctimeNs: bigint; ino: bigint }): void {
    this.files.push(file);
    this.#stamps.set(file.name, `${file.size}:${mtimeNs}:${ctimeNs}:${ino}`);
  }

  listing(): FolderListing {
    const files = this.files.sort((a, b) => (a.name < b.name ? -1 : 1));
    const version = JSON.stringify(files.map(({ name }) => [name, this.#stamps.get(name)]));
    return { version, files, folders: this.folders, only: this.only };
  }
}

async function followed(path: string) {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    throw isGone(error)
      ? new MovedError(`the link ${shown(path)} leads nowhere: ${systemErrorText(error)}`)
      : error;
  }
}

function readError(what: string, error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  const message = `${what} cannot be read: ${systemErrorText(error)}`;
  return isGone(error) ? new MovedError(message) : new SourceError(message);
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
