import { type FSWatcher, watch } from 'node:fs';
import { isAbsolute } from 'node:path';
import { shown } from '../units/shown.ts';
import { type FolderListing, listFolder, readFolderFile } from './folder.ts';
import type { Source, SourceFile, SourceForm, View } from './source.ts';
import { SourceError } from './source-error.ts';
import { listStill, readStill } from './still.ts';
import type { Surroundings } from './surroundings.ts';

/** How long a changed folder has to stay the same, in ms: a save of an editor is a few steps. */
const SETTLE_MS = 50;

/** The files of a folder, or a single file. It can be watched; a watch that is lost or cannot be had is made up by looks. */
export class DirectorySource implements Source {
  readonly #path: string;
  readonly #baseDir: string | null;
  readonly #form: SourceForm;
  #view: View | null = null;
  #version = '';
  #changed: (() => void) | null = null;
  readonly #watched = new Map<string, { watcher: FSWatcher; identity: bigint }>();

  /** @param baseDir folder that a relative path starts from; null: the path must be absolute */
  constructor(path: string, baseDir: string | null, form: SourceForm) {
    this.#path = path;
    this.#baseDir = baseDir;
    this.#form = form;
  }

  async look(_: Surroundings, signal: AbortSignal): Promise<View> {
    const baseDir = isAbsolute(this.#path) ? '/' : this.#baseDir;
    if (baseDir === null) {
      throw new SourceError(
        `${shown(this.#path)} is no absolute path: name a folder of the image or of a volume, such as "/templates"`,
      );
    }
    const list = () => listFolder(this.#path, baseDir, this.#form.maxFiles);
    const settleMs = this.#view === null ? 0 : SETTLE_MS;
    const first = await listStill(list, settleMs, signal);
    this.#watchFolders(first);
    if (this.#view !== null && first.version === this.#version) return this.#view;
    const read = (listing: FolderListing) => this.#read(listing);
    const { listing, value } = await readStill(first, { list, read, settleMs, signal });
    this.#watchFolders(listing);
    this.#version = listing.version;
    this.#view = { files: value };
    return this.#view;
  }

  watch(changed: () => void): void {
    this.#changed = changed;
  }

  close(): void {
    this.#changed = null;
    this.#watchFolders({ folders: new Map(), only: null });
  }

  async #read({ files }: FolderListing): Promise<SourceFile[]> {
    if (this.#form.as === 'files') return files.map(({ name, path }) => ({ name, path }));
    let bytes = 0;
    for (const { path, size } of files) {
      bytes += size;
      if (bytes <= this.#form.maxBytes) continue;
      const most = `all files together may have ${this.#form.maxBytes / 2 ** 20} MiB`;
      throw new SourceError(`${shown(path)} has ${size} bytes: ${most}`);
    }
    const texts: SourceFile[] = [];
    for (const file of files) texts.push({ name: file.name, text: await readFolderFile(file) });
    return texts;
  }

  #watchFolders({ folders, only }: Pick<FolderListing, 'folders' | 'only'>): void {
    const wanted = this.#changed === null ? new Map<string, bigint>() : folders;
    for (const [folder, { watcher, identity }] of this.#watched) {
      if (wanted.get(folder) === identity) continue;
      watcher.close();
      this.#watched.delete(folder);
    }
    for (const [folder, identity] of wanted) {
      if (!this.#watched.has(folder)) this.#watchFolder(folder, identity, only);
    }
  }

  #watchFolder(folder: string, identity: bigint, only: string | null): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        // A mounted file is a link to one below `..data`, which is what changes.
        if (only === null || name === null || name === only || name.startsWith('..')) this.#changed?.();
      });
      watcher.on('error', () => {
        watcher.close();
        if (this.#watched.get(folder)?.watcher === watcher) this.#watched.delete(folder);
      });
      this.#watched.set(folder, { watcher, identity });
    } catch {
      // The system has no watches left, or the folder is gone again: the next look tries again.
    }
  }
}
