import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CountingTargetStats } from '../../../src/counting-target/stats.ts';

const TAZ = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** A counting target as a process of this machine, outside of the node, that pods reach. */
export interface Target {
  port: number;
  stats: () => Promise<CountingTargetStats>;
  /** How it answers from now on, such as `{ fail: '50%' }`. */
  behave: (behaviour: Record<string, string>) => Promise<void>;
  /** Resolves with what it has counted when nothing has come for so long. */
  quiet: (forMs?: number) => Promise<CountingTargetStats>;
  close: () => Promise<void>;
}

export async function startTarget(): Promise<Target> {
  const child = spawn(process.execPath, [TAZ, 'target', '--host', '0.0.0.0', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error('the target ended at once')));
    const lines = createInterface(child.stdout!);
    lines.on('line', (line) => {
      const [, found] = /^counting target at .*:(\d+)$/.exec(line) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
  });
  const call = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    if (!response.ok) throw new Error(`the target answers ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const stats = async () => (await call('/stats')) as CountingTargetStats;
  return {
    port,
    stats,
    behave: async (behaviour) =>
      void (await call('/behaviour', { method: 'PUT', body: JSON.stringify(behaviour) })),
    async quiet(forMs = 1000) {
      for (let before = await stats(); ; ) {
        await new Promise((resolve) => setTimeout(resolve, forMs));
        const now = await stats();
        if (now.requests === before.requests && now.arriving === 0) return now;
        before = now;
      }
    },
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
