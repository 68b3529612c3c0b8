import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { WorkerBootstrap } from './protocol.ts';
import { type PoolWorker, type WorkerEnd, type WorkerPool, workerName } from './worker-pool.ts';

const WORKER = fileURLToPath(new URL('../worker/main.ts', import.meta.url));
/** How many of a worker's last lines are told when it ends badly. */
const LAST_LINES = 3;

export interface LocalPoolOptions {
  /** What a new worker is told on its standard input, besides which one it is. */
  bootstrap: Omit<WorkerBootstrap, 'index' | 'replacement' | 'metricsPort'>;
  /** Worker i answers /metrics on this port plus i, on loopback; null: nowhere. */
  metricsPort: number | null;
}

/**
 * Workers as child processes. Their standard input stays open as long as this process lives: a worker whose input ends
 * has lost its parent and stops. They stand in a process group of their own, so that Ctrl-C at the terminal reaches the
 * parent alone, which then ends them gracefully.
 */
export class LocalWorkerPool implements WorkerPool {
  readonly #options: LocalPoolOptions;
  readonly #processes = new Map<string, ChildProcess>();
  readonly #exits = new Set<Promise<void>>();

  constructor(options: LocalPoolOptions) {
    this.#options = options;
  }

  start(worker: PoolWorker, onEnd: (end: WorkerEnd) => void): void {
    const child = spawn(process.execPath, [...process.execArgv, WORKER], {
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    });
    const name = workerName(worker);
    const lines: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
    });
    this.#processes.set(name, child);
    const exit = new Promise<void>((resolve) => {
      const ended = (reason: string): void => {
        if (!this.#processes.delete(name)) return;
        onEnd({ reason });
        resolve();
      };
      child.once('error', (error) => ended(`could not be started: ${error.message}`));
      child.once('close', (code, signal) => {
        const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
        ended(lines.length === 0 ? how : `${how}: ${lines.join(' | ')}`);
      });
    });
    this.#exits.add(exit);
    void exit.then(() => this.#exits.delete(exit));
    const { bootstrap, metricsPort } = this.#options;
    const line: WorkerBootstrap = {
      ...bootstrap,
      ...worker,
      metricsPort: metricsPort === null ? null : metricsPort + worker.index,
    };
    // A worker that is gone already shows in `close`; its broken pipe says nothing more.
    child.stdin.on('error', () => {});
    child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  /** Local workers end with their parent: there is never one to take over. */
  adopt(_worker: PoolWorker, onEnd: (end: WorkerEnd) => void): void {
    onEnd({ reason: 'ended with the process that had started it' });
  }

  trouble(): string {
    return '';
  }

  stop(worker: PoolWorker, graceMs: number): void {
    const child = this.#processes.get(workerName(worker));
    if (child === undefined) return;
    if (graceMs === 0) {
      child.kill('SIGKILL');
      return;
    }
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    child.once('close', () => clearTimeout(timer));
  }

  /** The process id of a running worker; null: there is none. */
  pidOf(worker: PoolWorker): number | null {
    return this.#processes.get(workerName(worker))?.pid ?? null;
  }

  async close(): Promise<void> {
    for (const child of this.#processes.values()) child.stdin?.end();
    await Promise.all(this.#exits);
  }
}
