import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { CannedContent } from '../template/content.ts';
import { shown } from '../units/shown.ts';
import { TargetError } from './target-error.ts';

/**
 * Where the lines of canned target files lie: made once by `openTargets`, then handed to every thread that reads them.
 * It can be posted to a thread; what is large in it is shared memory, so it is not copied.
 */
export interface TargetLines {
  /** How many lines hold a target, over all files; blank ones do not. */
  readonly count: number;
  readonly files: readonly TargetFile[];
  /** The rows of the block index, `BLOCK_FIELDS` numbers each, in the order of their targets. */
  readonly blocks: Float64Array<SharedArrayBuffer>;
}

/** One file as it was when it was indexed. */
export interface TargetFile {
  readonly name: string;
  /** Path on this machine, or the text itself as UTF-8. */
  readonly source: string | Uint8Array<SharedArrayBuffer>;
  /** In bytes. */
  readonly size: number;
  /** What tells that it is still the same file: 0 for a text. */
  readonly mtimeMs: number;
  readonly inode: number;
}

/** A block is a run of whole lines of one file, read at once: up to 64 targets, or the lines that begin in 64 KiB. */
export const BLOCK_TARGETS = 64;
const BLOCK_BYTES = 64 * 1024;

/** Numbers in a row of the index: index of the first target, index of the file, first byte, end, number of the first line. */
export const BLOCK_FIELDS = 5;

const LINE_FEED = 10;

/**
 * Reads the files once, as a stream, and notes where their lines are. Nothing is parsed.
 * @throws TargetError naming a file that is missing, cannot be read or is no regular file
 */
export async function openTargets(files: CannedContent['files']): Promise<TargetLines> {
  const index = new BlockIndex();
  const indexed: TargetFile[] = [];
  for (const file of files) {
    index.begin(indexed.length);
    if ('text' in file) {
      const text = Buffer.from(file.text, 'utf8');
      const source = new Uint8Array(new SharedArrayBuffer(text.length));
      source.set(text);
      index.add(text);
      indexed.push({ name: file.name, source, size: text.length, mtimeMs: 0, inode: 0 });
    } else {
      indexed.push(await indexFile(file.name, file.path, index));
    }
    index.end();
  }
  return { count: index.count, files: indexed, blocks: index.rows() };
}

/** How many targets the files hold together. @throws TargetError as `openTargets` */
export async function countTargets(files: CannedContent['files']): Promise<number> {
  return (await openTargets(files)).count;
}

async function indexFile(name: string, path: string, index: BlockIndex): Promise<TargetFile> {
  try {
    const before = await stat(path);
    if (!before.isFile()) throw new TargetError(`targets file ${shown(name)} is no regular file`);
    let size = 0;
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      size += (chunk as Buffer).length;
      index.add(chunk as Buffer);
    }
    if (size !== before.size)
      throw new TargetError(`targets file ${shown(name)} changed while it was being counted`);
    return { name, source: path, size, mtimeMs: before.mtimeMs, inode: before.ino };
  } catch (error) {
    if (error instanceof TargetError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read' : `fails: ${message}`;
    throw new TargetError(`targets file ${shown(name)} ${reason}`);
  }
}

/** Finds the lines of files that come in chunks, and gathers them into blocks. */
class BlockIndex {
  /** Targets so far, over all files. */
  count = 0;
  #rows = new Float64Array(BLOCK_FIELDS * 1024);
  #length = 0;
  #file = 0;
  /** Bytes of the current file so far, and the number of the current line, from 1. */
  #position = 0;
  #line = 1;
  /** Where the current line and the current block begin, and what the block holds. */
  #lineStart = 0;
  #blank = true;
  #blockStart = 0;
  #blockLine = 1;
  #blockTargets = 0;

  begin(file: number): void {
    this.#file = file;
    this.#position = 0;
    this.#line = 1;
    this.#lineStart = 0;
    this.#blank = true;
    this.#startBlock();
  }

  add(chunk: Buffer): void {
    let from = 0;
    while (from < chunk.length) {
      const feed = chunk.indexOf(LINE_FEED, from);
      const end = feed === -1 ? chunk.length : feed;
      if (this.#blank) this.#blank = isBlank(chunk, from, end, this.#position === 0 && from === 0);
      if (feed === -1) break;
      this.#endLine(this.#position + feed + 1);
      from = feed + 1;
    }
    this.#position += chunk.length;
  }

  /** Ends the current file, whose last line may have no line feed. */
  end(): void {
    this.#endLine(this.#position);
    this.#endBlock();
  }

  rows(): Float64Array<SharedArrayBuffer> {
    const rows = new Float64Array(new SharedArrayBuffer(this.#length * Float64Array.BYTES_PER_ELEMENT));
    rows.set(this.#rows.subarray(0, this.#length));
    return rows;
  }

  #endLine(next: number): void {
    // A long line has a block of its own: one that cannot be read must not take its neighbours with it.
    if (next - this.#lineStart >= BLOCK_BYTES) this.#endBlock();
    if (!this.#blank) {
      this.#blockTargets++;
      this.count++;
    }
    this.#line++;
    this.#lineStart = next;
    this.#blank = true;
    if (this.#blockTargets === BLOCK_TARGETS || next - this.#blockStart >= BLOCK_BYTES) this.#endBlock();
  }

  #endBlock(): void {
    if (this.#blockTargets > 0) {
      if (this.#length === this.#rows.length) {
        const grown = new Float64Array(this.#rows.length * 2);
        grown.set(this.#rows);
        this.#rows = grown;
      }
      const first = this.count - this.#blockTargets;
      this.#rows.set([first, this.#file, this.#blockStart, this.#lineStart, this.#blockLine], this.#length);
      this.#length += BLOCK_FIELDS;
    }
    this.#startBlock();
  }

  #startBlock(): void {
    this.#blockStart = this.#lineStart;
    this.#blockLine = this.#line;
    this.#blockTargets = 0;
  }
}

/** Whether there is only white space from `from` to `end`, and at the start of a file a byte order mark. */
export function isBlank(bytes: Buffer, from: number, end: number, fileStart: boolean): boolean {
  let at = from;
  if (fileStart) at += markLength(bytes, from, end);
  while (at < end) {
    const byte = bytes[at]!;
    if (byte !== 32 && byte !== 13 && byte !== 9) return false;
    at++;
  }
  return true;
}

/** Length of the UTF-8 byte order mark at `from`, 0 without one. */
export function markLength(bytes: Buffer, from: number, end: number): number {
  return end - from >= 3 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf
    ? 3
    : 0;
}
