import { relative } from 'node:path';
import { inspect, styleText } from 'node:util';
import { failedBySubtest, type RanTests, type TestEventData } from './ran-tests.ts';

interface FileTally {
  tests: number;
  failed: number;
  output: string;
}

/**
 * Shows a test run: one line a file as files end, then every failure whole, then node's usual summary. What a file
 * printed is shown only where the file failed.
 */
export class Screen {
  readonly #root: string;
  readonly #write: (text: string) => void;
  readonly #files = new Map<string, FileTally>();
  readonly #failures: string[] = [];

  /** @param root the folder that paths are shown from */
  constructor(root: string, write: (text: string) => void) {
    this.#root = root;
    this.#write = write;
  }

  printed(file: string | undefined, text: string): void {
    this.#tallyOf(file).output += text;
  }

  passed(data: TestEventData): void {
    this.#tallyOf(data.entryFile ?? data.file).tests++;
  }

  /** @param name with its file and the names around it */
  failed(data: TestEventData, name: string): void {
    const tally = this.#tallyOf(data.entryFile ?? data.file);
    tally.tests++;
    tally.failed++;
    if (failedBySubtest(data)) return;
    const error = data.details?.error;
    const shownError = inspect(error?.cause ?? error, { depth: 8 }).replaceAll(/^/gm, '    ');
    this.#failures.push(`${styleText('red', `✖ ${name}`)}\n${shownError}\n`);
  }

  fileEnded(file: string | undefined, durationMs: number): void {
    const { tests, failed, output } = this.#tallyOf(file);
    const path = relative(this.#root, file ?? '');
    const mark = failed > 0 ? styleText('red', '✖') : styleText('green', '✔');
    this.#write(`${mark} ${path} ${styleText('dim', `${tests} tests, ${Math.round(durationMs)} ms`)}\n`);
    if (failed > 0 && output !== '') this.#write(output.replace(/\n?$/, '\n'));
    this.#files.delete(file ?? '');
  }

  ended(ran: RanTests, durationMs: number): void {
    // Files that failed as a whole have no end of their own.
    for (const file of this.#files.keys()) this.fileEnded(file, 0);
    for (const failure of this.#failures) this.#write(`\n${failure}`);
    const rows: [string, number][] = [
      ['tests', ran.tests.length],
      ['pass', ran.count('passed')],
      ['fail', ran.count('failed')],
      ['skipped', ran.count('skipped')],
      ['todo', ran.count('todo')],
      ['duration_ms', Math.round(durationMs)],
    ];
    this.#write(`\n${rows.map(([name, value]) => `# ${name} ${value}\n`).join('')}`);
    for (const [reason, count] of ran.skipReasons) {
      this.#write(`${styleText('yellow', `${count} skipped`)}: ${reason}\n`);
    }
  }

  #tallyOf(file: string | undefined): FileTally {
    const key = file ?? '';
    let tally = this.#files.get(key);
    if (!tally) this.#files.set(key, (tally = { tests: 0, failed: 0, output: '' }));
    return tally;
  }
}
