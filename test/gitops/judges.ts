import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How GitOps tools judge an object, by their own code: see test/gitops/health. */
export interface Judgement {
  /** Of kstatus: `Current`, `InProgress`, `Failed`, … */
  kstatus: { status: string; message: string };
  /** Of a health check in Argo CD's Lua interpreter: `Healthy`, `Progressing`, `Degraded`, … */
  lua: { status: string; message: string };
  /** Of Flux's health expressions; empty where none were given. */
  expressions: string;
}

/** Why there are none, and how to have them; false: they are there. */
export const judgesMissing =
  spawnSync('go', ['version']).status !== 0 &&
  'no kstatus, no Lua interpreter: install Go 1.26 or newer, which builds them from modules (once, some minutes)';

/**
 * @param objects as an API server has them
 * @param check path of a health check in Lua
 * @param expressions path of a JSON file with `inProgress`, `failed` and `current` in CEL
 */
export function judge(objects: readonly object[], check: string, expressions?: string): Judgement[] {
  const program = run(fileURLToPath(new URL('build', import.meta.url)), [], '').trim();
  const args = expressions === undefined ? [check] : [check, expressions];
  return JSON.parse(run(program, args, JSON.stringify(objects))) as Judgement[];
}

/** @throws Error with what it says where it fails */
function run(command: string, args: string[], input: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', input });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command}: ${stderr.trim()}`);
  return stdout;
}
