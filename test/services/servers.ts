import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/**
 * Real servers for tests: Kafka, NSQ and an S3 store, on loopback. A test file says at its top
 *
 *     const s3 = await useServer('s3');
 *     test('…', { skip: s3.missing }, …);
 *     after(s3.stop);
 *
 * Where `TAZ_TEST_…` variables name a running server, that one is used; else one is started by `up`, which first builds
 * what is missing from package registries (once; it is kept in the user's cache). Where the tools for that are not there
 * either, `missing` says so in words.
 */
export interface Server {
  /** Why there is none; false: it runs. */
  readonly missing: string | false;
  /** The `TAZ_TEST_…` variables without that prefix, such as `S3_ENDPOINT`. */
  readonly at: Readonly<Record<string, string>>;
  /** Starts it again after a test ended it: same address, same data. Only for one started here. */
  readonly restart: () => Promise<void>;
  /** Ends it, if it was started here. */
  readonly stop: () => Promise<void>;
}

export type ServerName = 'kafka' | 'nsq' | 's3';

export interface ServerOptions {
  /** Settings beyond the usual, `KEY=VALUE`. A server with settings is always one of the test's own. */
  set?: string[];
  /** Address that it listens on, in place of 127.0.0.1. A server with one is always one of the test's own. */
  host?: string;
}

/** What it takes to make and run each, and the variable that says that one runs already. */
const KINDS: Record<ServerName, { tools: string[]; given: string }> = {
  kafka: { tools: ['bash', 'java', 'mvn', 'openssl', 'setsid', 'flock'], given: 'TAZ_TEST_KAFKA' },
  nsq: { tools: ['bash', 'go', 'curl', 'openssl', 'setsid', 'flock'], given: 'TAZ_TEST_NSQD_TCP' },
  s3: { tools: ['bash', 'go', 'curl', 'setsid', 'flock'], given: 'TAZ_TEST_S3_ENDPOINT' },
};

const PREFIX = 'TAZ_TEST_';

/** @throws Error when the tools are there and the server does not start; its log's end is in the message */
export async function useServer(name: ServerName, options: ServerOptions = {}): Promise<Server> {
  const { tools, given } = KINDS[name];
  const own = options.set !== undefined || options.host !== undefined;
  if (!own && process.env[given] !== undefined) {
    return { missing: false, at: variablesIn(process.env), restart: notOurs, stop: async () => {} };
  }
  const lacking = tools.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (lacking.length > 0) {
    const missing = `no ${name} server: set ${given} to one, or install ${lacking.join(', ')}`;
    return { missing, at: {}, restart: notOurs, stop: async () => {} };
  }
  const dir = mkdtempSync(join(tmpdir(), `taz-${name}-`));
  const at: Record<string, string> = {};
  const restart = async (): Promise<void> => {
    const settings = (options.set ?? []).flatMap((setting) => ['--set', setting]);
    const host = options.host === undefined ? [] : ['--host', options.host];
    const lines = await script('up', [name, '--dir', dir, ...host, ...settings]);
    const exported = [...lines.matchAll(/^export (\w+)=(.*)$/gm)].map(([, key, value]) => [key, value]);
    Object.assign(at, variablesIn(Object.fromEntries(exported) as Record<string, string>));
  };
  await restart();
  return { missing: false, at, restart, stop: async () => void (await script('down', [name, '--dir', dir])) };
}

async function notOurs(): Promise<void> {
  throw new Error('this server was not started here');
}

function variablesIn(env: NodeJS.ProcessEnv): Record<string, string> {
  const named = Object.entries(env).filter(([key]) => key.startsWith(PREFIX));
  return Object.fromEntries(named.map(([key, value]) => [key.slice(PREFIX.length), value ?? '']));
}

async function script(name: 'up' | 'down', args: string[]): Promise<string> {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [output, errors, exit] = await Promise.all([text(child.stdout), text(child.stderr), code]);
  if (exit !== 0) throw new Error(`${name} ${args.join(' ')} failed:\n${errors.trim()}`);
  return output;
}
