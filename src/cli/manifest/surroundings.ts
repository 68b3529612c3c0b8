import { stat } from 'node:fs/promises';
import type { Help, LookAround, Sets } from '../../source/surroundings.ts';
import { beside, type Manifest, sortFiles } from './load.ts';

/** What to say of an object that is in none of the manifest files. */
export const FILES_HELP: Help = {
  absent: 'is not in the files given',
  object: 'add its file with -f',
  variable: (name, secret) =>
    secret ? `use --set ${name}=@FILE or --set ${name}=env:VARIABLE` : `use --set ${name}=value`,
};

/**
 * Looks again at the ConfigMaps and Secrets of manifest files, where a file has changed, and at what `--set` refers to.
 * The LoadTest in them is left as it was. Standard input is not read twice: what was in it stays.
 * @param first the files as they were read at the start
 * @throws UsageError with everything that is wrong
 */
export function lookAroundIn(
  files: readonly string[],
  first: Manifest,
  readSets: () => Promise<Sets>,
): LookAround {
  const again = files.filter((file) => file !== '-');
  const lasting = again.length < files.length ? first : { configMaps: [], secrets: [] };
  let found: Pick<Manifest, 'configMaps' | 'secrets'> = first;
  let stamp = '';
  let looks = 0;
  return async () => {
    const sets = await readSets();
    looks++;
    // The files were read a moment ago, but when exactly no stamp tells: the second look reads them in any case.
    const now = looks === 1 ? '' : await stampOf(again);
    if (now !== stamp) {
      const objects = beside(await sortFiles(again), first.namespace);
      found = {
        configMaps: new Map([...lasting.configMaps, ...objects.configMaps]),
        secrets: new Map([...lasting.secrets, ...objects.secrets]),
      };
      stamp = now;
    }
    return { ...found, sets, help: FILES_HELP };
  };
}

/** Another text when a file has changed, came or went. */
async function stampOf(files: readonly string[]): Promise<string> {
  const stamps: string[] = [];
  for (const file of files) {
    const stats = await stat(file, { bigint: true }).catch(() => null);
    stamps.push(stats === null ? 'gone' : `${stats.ino}:${stats.size}:${stats.mtimeNs}`);
  }
  return stamps.join(' ');
}
