import type { Targeter } from '../attack/targeter.ts';
import type { CannedContent } from '../template/content.ts';
import { LineReader } from './line-reader.ts';
import type { Target, TargetParser } from './target.ts';
import { TargetError } from './target-error.ts';
import type { TargetLines } from './target-lines.ts';

/** Sends the lines of canned target files: hit n sends line n mod N, N being the lines of all files one after another. */
export class CannedTargeter<T extends Target = Target> implements Targeter<T> {
  label = 0;
  readonly #loop: boolean;
  readonly #count: number;
  readonly #parse: TargetParser<T>;
  readonly #reader: LineReader;
  /** Index of a file to the label of its lines. */
  readonly #labels: number[];

  /**
   * @param lines what `openTargets` found in `content.files`, here or in another thread
   * @throws TargetError when there is no target, or another number of them than `content` says
   */
  constructor(content: CannedContent, lines: TargetLines, parse: TargetParser<T>) {
    const names = content.files.map((file) => file.name).join(', ');
    if (lines.count === 0) throw new TargetError(`no target in ${names}: write one JSON object a line`);
    if (lines.count !== content.count) {
      throw new TargetError(
        `${names}: ${content.count} targets were planned and ${lines.count} found: start again`,
      );
    }
    this.#loop = content.loop;
    this.#count = lines.count;
    this.#parse = parse;
    this.#reader = new LineReader(lines);
    // A file without a label of its own is counted under the last, `other`.
    this.#labels = lines.files.map(({ name }) => {
      const label = content.labels.indexOf(name);
      return label === -1 ? Math.max(0, content.labels.length - 1) : label;
    });
  }

  /** @throws TargetError, with file and line, for a line that is no valid target or cannot be read */
  next(hit: number): T {
    if (!this.#loop && hit >= this.#count) {
      throw new TargetError(
        `there is no target for hit ${hit}: the files hold ${this.#count} and do not loop`,
      );
    }
    const index = hit % this.#count;
    try {
      const line = this.#reader.read(index);
      return this.#parse(line);
    } catch (error) {
      throw new TargetError(`${this.#reader.place(index)}: ${(error as Error).message}`);
    } finally {
      this.label = this.#labels[this.#reader.file]!;
    }
  }

  /** Closes the files. */
  close(): void {
    this.#reader.close();
  }
}
