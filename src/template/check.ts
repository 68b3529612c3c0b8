import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { Masker } from '../report/mask.ts';
import type { ProtocolKind } from '../transport/protocol.ts';
import type { CheckAnswer, CheckRequest } from './check/check-process.ts';
import type { Content } from './content.ts';
import { shownName } from './template-error.ts';

/** Something in templates or canned targets because of which they must not be used. */
export interface ContentProblem {
  /** The template, or the file of canned targets. */
  template: string;
  /** From 1; null where the problem has no place of its own. */
  line: number | null;
  column: number | null;
  /** The line and a caret under the column; null where there is no place. */
  excerpt: string | null;
  message: string;
}

export interface CheckOptions {
  /** How long rendering may take, in ms; default 5000. */
  timeLimitMs?: number;
  /** How many targets are rendered at least, unless time is short; default 200. */
  renders?: number;
  /** Whether it gives way to what else this machine does, such as sending load; default false. */
  background?: boolean;
  /** Patterns of the hosts that may be sent to, see `AllowedHosts`; default: all. */
  allowedHosts?: readonly string[];
  /** Ends the check. */
  signal?: AbortSignal;
}

/** Content could not be checked: for no fault of its own. */
export class CheckError extends Error {
  override readonly name = 'CheckError';
}

const DEFAULT_TIME_LIMIT_MS = 5000;
const DEFAULT_RENDERS = 200;

/** How long the process may take to load its code, on whatever machine, before the limit counts. */
const START_LIMIT_MS = 20_000;

/** How long beyond the limit it may take to say that it was reached. */
const ANSWER_LIMIT_MS = 1000;

/** How nice a check in the background is: lanes that send get three times as much of a core. */
const BACKGROUND_PRIORITY = 5;

/** What templates and fake data may keep on the heap; less in a small container, which would be ended as a whole. */
const MOST_HEAP_MB = 256;
const LEAST_HEAP_MB = 64;
const HEAP_SHARE = 1 / 4;
const HEAP_LIMIT_MB = heapLimitFor(process.constrainedMemory() || Number.POSITIVE_INFINITY);

/**
 * Tries content in a process of its own that is ended at the time limit: templates are compiled, also those that nothing
 * includes, and rendered many times, with other random draws and with events sent again; targets are validated. Of canned
 * targets the first 10,000 lines are read. It is a process and no thread because V8 ends the whole process when one of
 * its threads runs out of memory. Templates are code all the same: do not check what you would not run.
 * @returns what is wrong, each once and the first twenty; nothing when the content can be used. Secrets are masked.
 * @throws CheckError when it could not be tried, which says nothing of it; the signal's reason
 */
export async function checkContent(
  content: Content,
  protocol: ProtocolKind,
  options: CheckOptions = {},
): Promise<ContentProblem[]> {
  const timeLimitMs = options.timeLimitMs ?? DEFAULT_TIME_LIMIT_MS;
  const renders = options.renders ?? DEFAULT_RENDERS;
  const { allowedHosts = [] } = options;
  const request = { content, protocol, renders, timeLimitMs, allowedHosts };
  const problems = await inProcess(request, options);
  const secrets = content.secrets.flatMap((name) => content.variables[name] ?? []);
  const masker = new Masker(secrets);
  return problems.map((problem) => ({ ...problem, message: masker.text(problem.message) }));
}

/** In MB. @param memory that this process and its children may use, in bytes */
function heapLimitFor(memory: number): number {
  return Math.max(LEAST_HEAP_MB, Math.min(MOST_HEAP_MB, Math.floor((memory * HEAP_SHARE) / 2 ** 20)));
}

/** `track.json:3:12: reason`, and the excerpt under it where there is one. */
export function formatContentProblem({ template, line, column, excerpt, message }: ContentProblem): string {
  const place = line === null ? '' : column === null ? `:${line}` : `:${line}:${column}`;
  const head = `${shownName(template)}${place}: ${message}`;
  return excerpt === null ? head : `${head}\n${excerpt}`;
}

async function inProcess(
  request: CheckRequest,
  { signal, background = false }: CheckOptions,
): Promise<ContentProblem[]> {
  signal?.throwIfAborted();
  const { content, timeLimitMs } = request;
  const child = fork(new URL('./check/check-process.ts', import.meta.url), {
    execArgv: [`--max-old-space-size=${HEAP_LIMIT_MB}`],
    // What templates print is nobody's output.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  if (background) giveWay(child.pid);
  const { promise, resolve, reject } = Promise.withResolvers<ContentProblem[]>();
  const onAbort = (): void => reject(signal!.reason);
  signal?.addEventListener('abort', onAbort);
  const failed = (message: string) => {
    const template =
      content.kind === 'templates' ? content.entry : content.files.map((file) => file.name).join(', ');
    resolve([{ template, line: null, column: null, excerpt: null, message }]);
  };
  const notChecked = (reason: string) =>
    reject(new CheckError(`what is sent could not be checked: ${reason}`));
  let timer = setTimeout(() => notChecked('the machine is too busy'), START_LIMIT_MS);
  child.on('message', (answer: CheckAnswer) => {
    if (answer.type === 'done') return resolve(answer.problems);
    clearTimeout(timer);
    const said = `it keeps the check busy for more than ${timeLimitMs / 1000} s: does something in it never end?`;
    timer = setTimeout(() => failed(said), timeLimitMs + ANSWER_LIMIT_MS);
  });
  child.on('error', (error) => notChecked(error.message));
  const exited = once(child, 'exit').then(([code, signal]) => {
    // V8 ends a process whose memory is full by SIGABRT or SIGTRAP, the system by SIGKILL.
    const isMemory = signal !== null || code > 128;
    if (isMemory) failed(`it needs more than ${HEAP_LIMIT_MB} MiB of memory`);
    else failed('it ended the process that checked it: does it call process.exit?');
  });
  child.send(request);
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    clearTimeout(timer);
    child.kill('SIGKILL');
    await exited;
  }
}

function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, BACKGROUND_PRIORITY);
  } catch {
    // It is gone already, or the system has no priorities: the check is the same.
  }
}
