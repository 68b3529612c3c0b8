import { spawn } from 'node:child_process';

/** How long a command may take unless it is said, in ms. */
const TIMEOUT_MS = 120_000;

export interface CommandOptions {
  /** Written to its standard input. */
  input?: string;
  env?: NodeJS.ProcessEnv;
  timeoutMs?: number;
}

/** Runs a program to its end. @returns its standard output @throws Error with what it said, where it fails */
export async function command(
  program: string,
  args: readonly string[],
  { input = '', env = {}, timeoutMs = TIMEOUT_MS }: CommandOptions = {},
): Promise<string> {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  // One that ends before it has read everything is judged by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  if (code === 0) return Buffer.concat(output).toString();
  const said = Buffer.concat([...errors, ...output])
    .toString()
    .trim();
  throw new Error(`${program} ${args.join(' ')} ended with ${code ?? signal}: ${said}`);
}
