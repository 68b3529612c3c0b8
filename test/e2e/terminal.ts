import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** A command on a terminal of its own, by util-linux' `script`: what is typed goes to it, what it prints is kept. */
export class Terminal {
  readonly #script: ChildProcessWithoutNullStreams;
  #output = '';
  /** Up to where `until` has read. */
  #read = 0;

  /** Why there can be none here; null: there can. In CI there has to be one. */
  static get absent(): string | null {
    if (process.env['CI'] !== undefined) return null;
    const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
    return stdout?.includes('util-linux') ? null : "needs util-linux' script";
  }

  /** @param command for a shell */
  constructor(command: string, options: { cwd: string }) {
    const { TAZ_DEBUG: _, ...env } = process.env;
    this.#script = spawn('script', ['-qefc', `stty cols 100 rows 45; exec ${command}`, '/dev/null'], {
      ...options,
      env: { ...env, TERM: 'xterm', NO_COLOR: '1' },
      stdio: 'pipe',
    });
    this.#script.stdout.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.#script.stdin.on('error', () => {});
  }

  press(keys: string): void {
    this.#script.stdin.write(keys);
  }

  /** Waits until `pattern` is in what came after the last one. @throws Error with what came instead, after 20 s */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(20_000);
    for (;;) {
      const found = pattern.exec(this.#output.slice(this.#read));
      if (found !== null) {
        this.#read += found.index + found[0].length;
        return found;
      }
      try {
        await once(this.#script.stdout, 'data', { signal: deadline });
      } catch (error) {
        const rest = this.#output.slice(this.#read).slice(-4000);
        throw new Error(`${pattern} did not come, but:\n${rest}`, { cause: error });
      }
    }
  }

  /** Closes the terminal under whoever uses it, as a window that is closed. */
  async close(): Promise<void> {
    if (this.#script.exitCode !== null || this.#script.signalCode !== null) return;
    this.#script.kill('SIGKILL');
    await once(this.#script, 'close');
  }
}
