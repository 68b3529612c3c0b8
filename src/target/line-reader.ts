import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { shown } from '../units/shown.ts';
import { TargetError } from './target-error.ts';
import {
  BLOCK_FIELDS,
  BLOCK_TARGETS,
  isBlank,
  markLength,
  type TargetFile,
  type TargetLines,
} from './target-lines.ts';

/** The longest line that is read, in bytes: strings have a limit, and a lane's memory too. */
export const MAX_LINE_BYTES = 128 * 1024 * 1024;

/** The largest buffer that is kept for the next block. */
const KEPT_BYTES = 1024 * 1024;

/** Files held open at once by one reader. */
const MAX_OPEN = 16;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Gives the lines of canned target files by their number, in any order; quick where the numbers rise in small steps.
 * It keeps one block of lines in memory, and reads synchronously, mostly from the page cache: 64 lines or 64 KiB at once.
 */
export class LineReader {
  /** Index of the file of the last line given. */
  file = 0;
  readonly #lines: TargetLines;
  /** The row of the block that is loaded, and the numbers of its targets: from `first` up to before `next`. */
  #row = -1;
  #first = 0;
  #next = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #kept: Buffer = Buffer.alloc(0);
  readonly #starts = new Uint32Array(BLOCK_TARGETS);
  readonly #ends = new Uint32Array(BLOCK_TARGETS);
  #last = 0;
  /** Index of a file to its descriptor, the one opened first standing first. */
  readonly #open = new Map<number, number>();

  constructor(lines: TargetLines) {
    this.#lines = lines;
  }

  /**
   * The text of the line with target `index`, 0 … count − 1.
   * @throws TargetError when its file has changed, cannot be read, or the line is no UTF-8 or too long
   */
  read(index: number): string {
    if (index < this.#first || index >= this.#next) this.#load(this.#rowOf(index));
    this.#last = index - this.#first;
    const start = this.#starts[this.#last]!;
    const end = this.#ends[this.#last]!;
    const text = this.#bytes.toString('utf8', start, end);
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(start, end))) {
      throw new TargetError('the line is no UTF-8 text');
    }
    return text;
  }

  /** Where the line with target `index` stands, such as `mix.jsonl:7`: file and number of the line, from 1. */
  place(index: number): string {
    const row = this.#rowOf(index);
    const file = this.#lines.files[this.#field(row, 1)]!;
    const known = row === this.#row && index >= this.#first && index < this.#next;
    // What cannot be read has no line ends to count; then the block's first line is the nearest that is known.
    const above = known ? lineFeeds(this.#bytes, this.#starts[index - this.#first]!) : 0;
    return `${file.name}:${this.#field(row, 4) + above}`;
  }

  /** Closes the files. Lines can be read afterwards, which opens them again. */
  close(): void {
    for (const descriptor of this.#open.values()) closeSync(descriptor);
    this.#open.clear();
  }

  #field(row: number, field: number): number {
    return this.#lines.blocks[row * BLOCK_FIELDS + field]!;
  }

  /** The last row whose first target is not after `index`. */
  #rowOf(index: number): number {
    let low = 0;
    let high = this.#lines.blocks.length / BLOCK_FIELDS - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#field(middle, 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #load(row: number): void {
    this.#next = this.#first = 0;
    this.#row = -1;
    this.file = this.#field(row, 1);
    const start = this.#field(row, 2);
    this.#bytes = this.#readBytes(this.#lines.files[this.file]!, start, this.#field(row, 3) - start);
    this.#findLines(start === 0);
    const first = this.#field(row, 0);
    const after =
      row + 1 < this.#lines.blocks.length / BLOCK_FIELDS ? this.#field(row + 1, 0) : this.#lines.count;
    this.#row = row;
    this.#first = first;
    this.#next = after;
  }

  #findLines(fileStart: boolean): void {
    const bytes = this.#bytes;
    let found = 0;
    for (let from = 0; from < bytes.length && found < BLOCK_TARGETS; ) {
      const feed = bytes.indexOf(LINE_FEED, from);
      const end = feed === -1 ? bytes.length : feed;
      const first = fileStart && from === 0;
      if (!isBlank(bytes, from, end, first)) {
        this.#starts[found] = first ? from + markLength(bytes, from, end) : from;
        this.#ends[found] = bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
        found++;
      }
      from = end + 1;
    }
  }

  #readBytes(file: TargetFile, start: number, length: number): Buffer {
    if (typeof file.source !== 'string') {
      return Buffer.from(file.source.buffer, file.source.byteOffset + start, length);
    }
    if (length > MAX_LINE_BYTES) {
      throw new TargetError(
        `the line has ${Math.round(length / 1e6)} MB, at most ${MAX_LINE_BYTES / 2 ** 20} MiB are read`,
      );
    }
    const descriptor = this.#descriptor(file);
    const bytes = this.#buffer(length);
    let read = 0;
    while (read < length) {
      const got = readSync(descriptor, bytes, read, length - read, start + read);
      if (got === 0) break;
      read += got;
    }
    // Looked at after the reading, so what was read is what was there before any change.
    if (!isSame(file, fstatSync(descriptor))) throw changed(file);
    return bytes;
  }

  #buffer(length: number): Buffer {
    if (length > KEPT_BYTES) return Buffer.allocUnsafeSlow(length);
    if (length > this.#kept.length) this.#kept = Buffer.allocUnsafeSlow(length);
    return this.#kept.subarray(0, length);
  }

  #descriptor(file: TargetFile): number {
    const open = this.#open.get(this.file);
    if (open !== undefined) return open;
    if (this.#open.size >= MAX_OPEN) {
      const [oldest, descriptor] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      closeSync(descriptor);
    }
    try {
      const descriptor = openSync(file.source as string, 'r');
      this.#open.set(this.file, descriptor);
      return descriptor;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw code === 'ENOENT'
        ? changed(file)
        : new TargetError(`targets file ${shown(file.name)} fails: ${message}`);
    }
  }
}

function isSame(file: TargetFile, found: { size: number; mtimeMs: number; ino: number }): boolean {
  return found.size === file.size && found.mtimeMs === file.mtimeMs && found.ino === file.inode;
}

function changed(file: TargetFile): TargetError {
  const name = shown(file.name);
  return new TargetError(
    `targets file ${name} was changed or deleted since its lines were counted: start again`,
  );
}

function lineFeeds(bytes: Buffer, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1 && at < end; at = bytes.indexOf(LINE_FEED, at + 1))
    count++;
  return count;
}
