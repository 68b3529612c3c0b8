import { readFile } from 'node:fs/promises';

/** The JSON Schema of a LoadTest as text. */
export function loadTestSchema(): Promise<string> {
  return readFile(new URL('../../../schemas/loadtest.schema.json', import.meta.url), 'utf8');
}
