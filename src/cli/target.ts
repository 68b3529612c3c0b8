import { Command } from 'commander';
import { BEHAVIOUR_FIELDS, type Behaviour, HEALTHY, parseBehaviour } from '../counting-target/behaviour.ts';
import type { CountingTarget } from '../counting-target/counting-target.ts';
import { shown } from '../units/shown.ts';
import { UsageError } from './errors.ts';

/** `taz target`: the counting target as a process of its own, until a signal ends it. */
export function targetCommand(): Command {
  const command = new Command('target')
    .description('serve a target to try load on: it counts what it gets and answers as it is told')
    .option('--port <port>', 'port to listen on; 0: any free one', '8080')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--seed <integer>', 'makes failures and jitter repeatable');
  for (const [name, field] of BEHAVIOUR_FIELDS) {
    const healthy = HEALTHY[field.key];
    const help = healthy === 0 ? field.help : `${field.help} (default: ${field.format(healthy)})`;
    command.option(`--${name} ${field.placeholder}`, help);
  }
  return command
    .addHelpText(
      'after',
      `
While it runs:
  GET    /stats       what it has counted
  DELETE /stats       forget all counts
  GET    /behaviour   how it answers
  PUT    /behaviour   change it, such as {"latency": "200ms", "fail": "5%"}
  DELETE /behaviour   answer as at the start again`,
    )
    .action(async (_options: unknown, self: Command) => serve(readOptions(self)));
}

interface TargetOptions {
  host: string;
  port: number;
  seed: number | undefined;
  behaviour: Behaviour;
}

/** @throws UsageError that names every wrong option */
function readOptions(command: Command): TargetOptions {
  const fields: Record<string, string> = {};
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (BEHAVIOUR_FIELDS.has(option.name()) && typeof value === 'string') fields[option.name()] = value;
  }
  const { host, port, seed } = command.opts<{ host: string; port: string; seed?: string }>();
  const { behaviour, problems } = parseBehaviour(fields, HEALTHY, (name) => `--${name}`);
  const all: string[] = [...problems];
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) {
    all.push(`--port: ${shown(port)} is not a port from 0 to 65535`);
  }
  if (seed !== undefined && (!/^[0-9]{1,10}$/.test(seed) || Number(seed) >= 2 ** 32)) {
    all.push(`--seed: ${shown(seed)} is not an integer from 0 to ${2 ** 32 - 1}`);
  }
  if (!behaviour || all.length > 0) {
    throw all.length === 1 ? new UsageError(all[0]!) : new UsageError('the target cannot start so:', all);
  }
  return { host, port: Number(port), seed: seed === undefined ? undefined : Number(seed), behaviour };
}

async function serve(options: TargetOptions): Promise<void> {
  const target = await start(options);
  console.log(`counting target at ${target.url}`);
  console.log(`  counts: curl ${target.url}/stats`);
  console.log(`  slower: curl -X PUT ${target.url}/behaviour -d '{"latency": "200ms", "fail": "5%"}'`);
  await untilToldToStop();
  const stats = target.stats();
  await target.close();
  console.log(lastLine(stats));
}

async function start(options: TargetOptions): Promise<CountingTarget> {
  const { startCountingTarget } = await import('../counting-target/counting-target.ts');
  try {
    return await startCountingTarget({ ...options, seed: options.seed });
  } catch (error) {
    throw new UsageError(cannotListen(error as NodeJS.ErrnoException, options), [], { cause: error });
  }
}

function cannotListen(error: NodeJS.ErrnoException, { host, port }: TargetOptions): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `--port: ${port} is already in use on ${host}; another --port, or 0 for any free one, would do`;
    case 'EACCES':
      return `--port: ${port} needs more rights than you have; a --port from 1024 on would do`;
    case 'EADDRNOTAVAIL':
      return `--host: ${shown(host)} is not an address of this machine; 127.0.0.1 or 0.0.0.0 would do`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return `--host: ${shown(host)} is not a known host; 127.0.0.1 or 0.0.0.0 would do`;
    default:
      return `cannot listen on ${host}, port ${port}: ${error.message}`;
  }
}

/** A signal, or the end of the parent process that holds the other end of an IPC channel. */
function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    process.once('disconnect', () => resolve());
    process.channel?.unref();
  });
}

function lastLine({ requests, aborted, events, connections }: ReturnType<CountingTarget['stats']>): string {
  return (
    `requests ${requests}, given up ${aborted}, events ${events.events}, ids ${events.ids.unique}, ` +
    `repeated ids ${events.ids.repeated}, connections ${connections.opened}`
  );
}
