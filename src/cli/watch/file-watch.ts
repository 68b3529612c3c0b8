import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export interface FileWatchOptions {
  /** Called once for each time that one of the files has become another, soon after it is quiet again. */
  changed: () => void;
  /** How long files must stay the same before a change is told, in ms; default 100. A save of an editor is a few steps. */
  quietMs?: number;
  /** How often files are looked at besides what the system tells, in ms; default 1000. */
  pollMs?: number;
}

/** A file that is gone may be on its way: how long it is waited for, in ms. */
const GONE_MS = 1000;

/**
 * Tells that files have changed: also those that editors write beside and rename, or delete and write anew, those behind
 * links, and those on file systems that tell nothing. A file that stays away for a second has changed, too.
 */
export class FileWatch {
  readonly #paths: readonly string[];
  readonly #options: Required<FileWatchOptions>;
  readonly #watchers: FSWatcher[] = [];
  readonly #poll: NodeJS.Timeout;
  /** What the files were when they were last told of, and when they were last looked at. */
  #told: string | null = null;
  #seen = '';
  #goneSince: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** The files are known from now on; what is written later is a change. */
  static async start(paths: readonly string[], options: FileWatchOptions): Promise<FileWatch> {
    const files = new FileWatch(paths, options);
    files.#told = files.#seen = (await stampOf(files.#paths)).stamp;
    return files;
  }

  private constructor(paths: readonly string[], options: FileWatchOptions) {
    this.#paths = paths.map((path) => resolve(path));
    this.#options = { quietMs: 100, pollMs: 1000, ...options };
    // Folders are watched and not files: a file that is renamed over another is another one.
    for (const folder of new Set(this.#paths.map((path) => dirname(path)))) this.#watch(folder);
    this.#poll = setInterval(() => this.#lookSoon(0), this.#options.pollMs);
    this.#poll.unref();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#lookSoon(this.#options.quietMs));
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    } catch {
      // The system has no watches left, or the folder is gone: polling finds what changes.
    }
  }

  #lookSoon(afterMs: number): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#look(), afterMs);
  }

  async #look(): Promise<void> {
    const { stamp, isGone } = await stampOf(this.#paths);
    this.#timer = undefined;
    if (this.#closed) return;
    const isQuiet = stamp === this.#seen;
    this.#seen = stamp;
    if (stamp === this.#told) return;
    if (!isGone) this.#goneSince = null;
    else this.#goneSince ??= Date.now();
    const isAwaited = this.#goneSince !== null && Date.now() - this.#goneSince < GONE_MS;
    if (!isQuiet || isAwaited) return this.#lookSoon(this.#options.quietMs);
    this.#told = stamp;
    this.#options.changed();
  }
}

/** Another text when a file has changed, come or gone. */
async function stampOf(paths: readonly string[]): Promise<{ stamp: string; isGone: boolean }> {
  const stamps = await Promise.all(
    paths.map(async (path) => {
      const stats = await stat(path, { bigint: true }).catch(() => null);
      return stats === null ? '' : `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
    }),
  );
  return { stamp: stamps.join(' '), isGone: stamps.includes('') };
}
