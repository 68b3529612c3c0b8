import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listed } from '../../api/wording.ts';
import { systemErrorText } from '../../report/system-error.ts';
import { UsageError } from '../errors.ts';
import { loadTestSchema } from './schema-file.ts';

const STARTER = fileURLToPath(new URL('starter/', import.meta.url));

/**
 * Writes a LoadTest, its templates and its schema into a folder. @returns what was written and what to do with it
 * @throws UsageError when one of them is there already, or cannot be written; then none is written over
 */
export async function writeStarter(folder: string): Promise<string> {
  const files = await starterFiles();
  const existing = [...files.keys()].filter((name) => existsSync(join(folder, name)));
  if (existing.length > 0) {
    const there = existing.length === 1 ? 'is there already' : 'are there already';
    throw new UsageError(
      `${listed(existing.map((name) => join(folder, name)))} ${there}: name another folder`,
    );
  }
  for (const [name, text] of files) await write(join(folder, name), text);
  const manifest = join(folder, 'loadtest.yaml');
  const next: [command: string, does: string][] = [
    ['taz target', 'a service to try it on, in another terminal'],
    [`taz run -f ${manifest}`, 'sends to it, and reports'],
    [`taz render -f ${manifest} --decode --watch`, 'shows what is sent, again whenever you save'],
  ];
  const width = Math.max(...next.map(([command]) => command.length));
  return [
    ...[...files.keys()].map((name) => `wrote ${join(folder, name)}`),
    '',
    'What to run next:',
    ...next.map(([command, does]) => `  ${command.padEnd(width)}   # ${does}`),
    '',
  ].join('\n');
}

/** Name to text. */
async function starterFiles(): Promise<Map<string, string>> {
  const entries = await readdir(STARTER, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(STARTER.length))
    .sort();
  const files = new Map<string, string>();
  for (const name of names) files.set(name, await readFile(join(STARTER, name), 'utf8'));
  return files.set('loadtest.schema.json', await loadTestSchema());
}

async function write(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${systemErrorText(error)}`, [], { cause: error });
  }
}
