import { readFile } from 'node:fs/promises';
import { systemErrorText } from '../../report/system-error.ts';
import type { Credentials, LookUpCredentials } from '../conversation/credentials.ts';

/** For how long what was read is good, in ms: the files change every few minutes at most. */
const FRESH_MS = 2000;

/**
 * Reads the token and the authorities from files that change while the worker works.
 * @throws Error naming the file that cannot be read
 */
export function podCredentials(tokenFile: string, caFile: string | null): LookUpCredentials {
  let readAt = Number.NEGATIVE_INFINITY;
  let known: Promise<Credentials> | null = null;
  const look = async (): Promise<Credentials> => ({
    token: (await textOf(tokenFile)).trim(),
    ca: caFile === null ? null : await textOf(caFile),
  });
  return () => {
    const now = performance.now();
    if (known !== null && now - readAt < FRESH_MS) return known;
    readAt = now;
    const looked = look();
    known = looked;
    // What could not be read is tried again with the next call.
    looked.catch(() => {
      if (known === looked) known = null;
    });
    return looked;
  };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read: ${systemErrorText(error)}`, { cause: error });
  }
}
