import { type ChildProcessWithoutNullStreams, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Starts `taz` as a process of its own. */
export function spawnTaz(args: string[], options: SpawnOptions = {}): ChildProcessWithoutNullStreams {
  const { TAZ_DEBUG: _, ...env } = process.env;
  return spawn(process.execPath, [main, ...args], { env, ...options, stdio: 'pipe' });
}

export interface TazResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `taz` to its end. */
export async function runTaz(args: string[], options: SpawnOptions = {}): Promise<TazResult> {
  const child = spawnTaz(args, options);
  child.stdin.end();
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}
