import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { styleFor, wantsColour } from '../../report/style.ts';
import { prepareTest } from './prepare.ts';
import { runTest } from './run-test.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../../examples/loadtest.yaml', import.meta.url));
const RATE = '1000/s';
const DURATION = '20s';
/** How the target answers: quick as a rule, and not perfect, so that there is something to see. */
const TARGET = ['target', '--port', '0', '--latency', '4ms', '--jitter', '12ms', '--fail', '0.3%'];
/** How long the target may take to listen, in ms. */
const TARGET_STARTS_MS = 15_000;

/** Starts a target, runs the example mix against it, compares the counts. @returns the exit code */
export async function demo(): Promise<number> {
  const target = spawn(process.execPath, [...process.execArgv, MAIN, ...TARGET], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  try {
    const url = await addressOf(target);
    const workers = String(Math.min(2, availableParallelism()));
    console.error(
      `\n Taz demo: six kinds of Segment events from templates, ${RATE} for ${DURATION}, against ${url}\n`,
    );
    const test = await prepareTest({
      file: [EXAMPLE],
      set: [`BaseURL=${url}`],
      rate: RATE,
      duration: DURATION,
      workers,
    });
    const code = await runTest(test, {
      lanes: null,
      records: null,
      metricsPort: null,
      quiet: false,
      output: 'text',
      keys: true,
      watch: null,
    });
    console.log(await afterword(url));
    return code;
  } finally {
    target.kill('SIGTERM');
  }
}

/** The address that the target prints when it listens. @throws Error when it does not get so far in time */
async function addressOf(target: ChildProcess): Promise<string> {
  const lines = createInterface({ input: target.stdout! });
  const signal = AbortSignal.timeout(TARGET_STARTS_MS);
  for (;;) {
    const [line] = (await once(lines, 'line', { signal })) as [string];
    const address = /http:\/\/\S+/.exec(line);
    if (address !== null) return address[0];
  }
}

async function afterword(url: string): Promise<string> {
  const response = await fetch(`${url}/stats`, { signal: AbortSignal.timeout(5000) });
  const { requests, events } = (await response.json()) as {
    requests: number;
    events: { events: number; ids: { unique: number; repeated: number } };
  };
  const { dim, bold } = styleFor(wantsColour(process.stdout, process.env));
  const count = (value: number): string => value.toLocaleString('en-US');
  return ` ${bold("The target's own count")}: ${count(requests)} requests with ${count(events.events)} events, ${count(events.ids.repeated)} of them sent twice on purpose.

 ${bold('What to try next')}
   bin/taz target                              ${dim('# a target of your own, in another terminal')}
   bin/taz run -f examples/loadtest.yaml       ${dim('# the same test; open the file and change it')}
   bin/taz render -f examples/loadtest.yaml -n 3 --decode   ${dim('# what it sends')}
   curl -X PUT localhost:8080/behaviour -d '{"latency": "300ms"}'   ${dim('# make the target slow: it is voted down')}
`;
}
