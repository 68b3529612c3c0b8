import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Data } from '../../source/surroundings.ts';
import { utf8Text } from '../../units/utf8.ts';

/**
 * The Secrets that are mounted into this pod, each as a folder of its own with a file for each key. A Secret that there
 * is none of is an empty folder, and changes of one come within a minute or so.
 */
export class SecretMounts {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Those of these Secrets that there are, by name, with the keys whose values are texts. */
  async read(names: Iterable<string>): Promise<ReadonlyMap<string, Data>> {
    const found = new Map<string, Data>();
    for (const name of new Set(names)) {
      const data = await this.#readOne(name);
      if (Object.keys(data).length > 0) found.set(name, data);
    }
    return found;
  }

  async #readOne(name: string): Promise<Data> {
    const folder = join(this.#folder, name);
    try {
      // The kubelet has all keys in a hidden folder, and changes them together by another link to another such folder.
      const current = await realpath(join(folder, '..data')).catch(() => folder);
      const keys = (await readdir(current)).filter((key) => !key.startsWith('..'));
      const data: Record<string, string> = {};
      for (const key of keys) {
        const text = utf8Text(await readFile(join(current, key)));
        if (text !== null) data[key] = text;
      }
      return data;
    } catch {
      // Not mounted, or changed under way: the next look finds it.
      return {};
    }
  }
}
