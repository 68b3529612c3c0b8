import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { systemErrorText } from '../../report/system-error.ts';
import { shown } from '../../units/shown.ts';
import { utf8Text } from '../../units/utf8.ts';
import { UsageError } from '../errors.ts';

/** The largest manifest file: a ConfigMap has at most 1 MiB, and a file may hold a few. */
export const MAX_MANIFEST_BYTES: number = 4 * 1024 * 1024;

/** What `-` is called in messages. */
const STDIN = 'standard input';

/** A text that was read, and the name under which messages speak of it. */
export interface NamedText {
  name: string;
  text: string;
}

/**
 * Reads a manifest file, or standard input for `-`.
 * @throws UsageError when it cannot be read, is no UTF-8 text or is larger than `MAX_MANIFEST_BYTES`
 */
export async function readManifestText(file: string, stdin: Readable): Promise<NamedText> {
  const name = file === '-' ? STDIN : file;
  const text = await readText(file === '-' ? stdin : createReadStream(file), name, MAX_MANIFEST_BYTES);
  const control = /[^\P{Cc}\t\n\r\u0085]/u.exec(text);
  if (control === null) return { name, text };
  const line = text.slice(0, control.index).split('\n').length;
  throw new UsageError(
    `${name}:${line}: is no manifest: it holds the control character ${shown(control[0])}`,
  );
}

/** The text of UTF-8 bytes, without a byte order mark. @throws UsageError for anything that is no text */
function decodeText(bytes: Uint8Array, name: string): string {
  const text = utf8Text(bytes);
  if (text === null) throw new UsageError(`${name} is not a text in UTF-8`);
  return text;
}

/**
 * Reads a text of at most `most` bytes, to its end or until it is too large.
 * @throws UsageError as `readManifestText`
 */
export async function readText(stream: Readable, name: string, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(Buffer.from(chunk));
      size += chunk.length;
      if (size > most) throw new UsageError(`${name} is too large: it may have ${most / 1024} KiB`);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${name} cannot be read: ${systemErrorText(error)}`);
  } finally {
    stream.destroy();
  }
  return decodeText(Buffer.concat(chunks), name);
}
