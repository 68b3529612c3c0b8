/**
 * Many changes of the templates in a bucket while a run goes on: how soon each is at the target, whether hits fail to come
 * meanwhile, what the workers' memory does.
 *
 *     node bench/reload.ts [--changes 200] [--rate 5000] [--workers 2]
 *
 * The S3 server is a real one, which the script starts itself (`test/services/up`: Go). The bucket is looked at every
 * second, and the next change is made when the one before has arrived. Exits with 1 when a change took longer than the
 * period and 2 s, when there were 50 ms without a hit around one, when a second after the start had over 1 % too few or too
 * many hits, when the counts do not agree, or when memory grew by 10 % from the 20th change to the last. All load stays on
 * loopback.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/attack/clock.ts';
import { perSecond, startVersionTarget } from '../test/e2e/version-target.ts';
import { Store } from '../test/source/s3/store.ts';
import { freePort } from './free-port.ts';

const TAZ = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const SERVICES = fileURLToPath(new URL('../test/services/', import.meta.url));
const PERIOD_MS = 1000;
const SOON_MS = PERIOD_MS + 2000;
const LONGEST_GAP_MS = 50;
/** Of a second's hits. */
const MOST_OFF = 0.01;
const MOST_GROWTH = 0.1;
/** Memory is compared from here on. */
const SETTLED = 20;
const WARM_UP_S = 5;
const START_MS = 60_000;

const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '200' },
    rate: { type: 'string', default: '5000' },
    workers: { type: 'string', default: '2' },
  },
});
const changes = Number(values.changes);
const rate = Number(values.rate);
const workers = Number(values.workers);
if (!(changes > SETTLED && rate >= 100 && workers >= 1)) {
  console.error(`more than ${SETTLED} changes, 100 hits a second and 1 worker at least`);
  process.exit(2);
}

const dir = mkdtempSync(join(os.tmpdir(), 'taz-bench-'));
const exported = await output(`${SERVICES}up`, ['s3', '--dir', dir]);
try {
  await measure(
    Object.fromEntries([...exported.matchAll(/^export TAZ_TEST_(\w+)=(.*)$/gm)].map(([, k, v]) => [k!, v!])),
  );
} finally {
  await output(`${SERVICES}down`, ['s3', '--dir', dir]);
}

async function measure(at: Record<string, string>): Promise<void> {
  const store = new Store(at);
  const target = await startVersionTarget();
  const port = await freePort();
  const put = (version: string) =>
    store.put('target.json', `{"method": "GET", "url": "${target.url}/${version}"}`);
  await put('v0');
  console.log(
    `${changes} changes at ${rate}/s from ${workers} workers; ${os.availableParallelism()} cores ` +
      `(${os.cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, load average ${os.loadavg()[0]!.toFixed(2)} before`,
  );
  const args = ['run', '-f', '-', '--output', 'json', '--quiet', '--metrics-port', `${port}`];
  const run = spawn(process.execPath, [TAZ, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  run.stdin.end(manifest(store));
  const printed = text(run.stdout);
  const delays: number[] = [];
  const gaps: number[] = [];
  const memory: number[] = [];
  try {
    await target.sees('v0', START_MS);
    await sleep(WARM_UP_S * 1000);
    for (let change = 1; change <= changes; change++) {
      const putAt = systemClock.now();
      await put(`v${change}`);
      const { first } = await target.sees(`v${change}`, START_MS);
      delays.push(first - putAt);
      await sleep(200);
      gaps.push(first - target.versions.get(`v${change - 1}`)!.last);
      memory.push(await residentMb(port));
    }
  } finally {
    run.kill('SIGINT');
    await once(run, 'exit');
  }
  const { counts, templates, lagMs } = JSON.parse(await printed) as Result;
  await Promise.all([target.close(), store.close()]);
  const seconds = perSecond(target.arrivals).slice(WARM_UP_S, -1);
  const off = Math.max(...seconds.map((hits) => Math.abs(hits - rate) / rate));
  const off1 = seconds.filter((hits) => Math.abs(hits - rate) > MOST_OFF * rate).length;
  const growth = around(memory, changes) / around(memory, SETTLED) - 1;
  judge(`applied ${templates.applied} of ${changes}`, templates.applied === changes);
  judge(
    `scheduled ${counts.scheduled}, sent ${counts.sent}, dropped ${counts.dropped}, at the target ${target.arrivals.length}`,
    counts.sent + counts.dropped === counts.scheduled &&
      target.arrivals.length >= counts.succeeded &&
      target.arrivals.length <= counts.sent,
  );
  judge(`until a change came: ${spread(delays, 'ms')}`, Math.max(...delays) <= SOON_MS);
  judge(`from the last old to the first new hit: ${spread(gaps, 'ms')}`, Math.max(...gaps) < LONGEST_GAP_MS);
  judge(
    `the worst of ${seconds.length} seconds was ${(off * 100).toFixed(2)} % off; ${off1} by more than ${MOST_OFF * 100} %`,
    off1 === 0,
  );
  console.log(`sent after due: p50 ${lagMs.p50} ms, p99 ${lagMs.p99} ms, max ${lagMs.max} ms`);
  judge(
    `memory of all workers ${around(memory, SETTLED).toFixed(0)} MB after ${SETTLED} changes, ` +
      `${around(memory, changes).toFixed(0)} MB after ${changes} (${(growth * 100).toFixed(1)} %)`,
    growth < MOST_GROWTH,
  );
}

interface Result {
  counts: { scheduled: number; sent: number; succeeded: number; dropped: number };
  templates: { applied: number };
  lagMs: { p50: number; p99: number; max: number };
}

/** The LoadTest and the Secret of its source. */
function manifest({ endpoint, bucket, keys }: Store): string {
  const test = {
    apiVersion: 'taz.dev/v1alpha1',
    kind: 'LoadTest',
    metadata: { name: 'reload' },
    spec: {
      rate: `${rate}/s`,
      duration: '1h',
      workers: { replicas: workers },
      http: {},
      templates: {
        entry: 'target.json',
        reload: `${PERIOD_MS}ms`,
        from: [{ s3: { bucket, endpoint, pathStyle: true, credentials: { secretName: 'keys' } } }],
      },
    },
  };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: keys };
  return [test, secret].map((document) => JSON.stringify(document)).join('\n---\n');
}

function judge(said: string, holds: boolean): void {
  console.log(`${holds ? 'holds ' : 'MISSED'}  ${said}`);
  if (!holds) process.exitCode = 1;
}

/** The most of the ten before and at a change. */
function around(figures: readonly number[], change: number): number {
  return Math.max(...figures.slice(change - 10, change));
}

/** The median and the greatest. */
function spread(figures: number[], unit: string): string {
  const sorted = figures.toSorted((a, b) => a - b);
  return `median ${sorted[sorted.length >> 1]!.toFixed(1)} ${unit}, at most ${sorted.at(-1)!.toFixed(1)} ${unit}`;
}

async function residentMb(port: number): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  let bytes = 0;
  for (const [, value] of page.matchAll(/^process_resident_memory_bytes(?:\{.*\})? ([^ \n]+)/gm))
    bytes += Number(value);
  return bytes / 2 ** 20;
}

/** What a program prints. @throws Error when it fails */
async function output(command: string, args: string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
  return printed;
}
