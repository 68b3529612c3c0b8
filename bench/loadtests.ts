/**
 * Many LoadTests looked after by one controller, on a real API server without nodes, so that workers' pods stay Pending.
 *
 *     node bench/loadtests.ts [--tests 1000] [--idle 60] [--profile DIR]
 *
 * Needs what the tests of the API server need (`test/cluster/api-server.ts`). The controller is a process of its own. For
 * each stage it prints how long it took until the statuses and pods of all tests had followed, the calls to the API server
 * (from the controller's own /metrics), its CPU time and its resident memory. Exits with 1 when it had more than 300 MB.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/attack/clock.ts';
import { WORKER_SELECTOR } from '../src/controller/children/owner.ts';
import { ScopedStore } from '../src/controller/scoped-store.ts';
import { CONFIG_MAPS, LOAD_TESTS, type LoadTestObject, PODS } from '../src/kube/resources.ts';
import { metadataSource, objectSource } from '../src/kube/watch-source.ts';
import { useApiServer } from '../test/cluster/api-server.ts';
import { freePort } from './free-port.ts';

const { values } = parseArgs({
  options: {
    tests: { type: 'string', default: '1000' },
    idle: { type: 'string', default: '60' },
    profile: { type: 'string' },
  },
});
const count = Number(values.tests);
const idleSeconds = Number(values.idle);
const MOST_MB = 300;
/** The most that any stage may take, in ms. */
const PATIENCE_MS = 180_000;
/** About what V8 gives itself in a container of 512 MiB, the chart's limit: on a large machine it leaves garbage about. */
const HEAP_OPTIONS = ['--max-old-space-size=256', '--max-semi-space-size=2'];
/** How many calls this process makes at a time. */
const AT_A_TIME = 16;

const api = await useApiServer(mkdtempSync(join(os.tmpdir(), 'taz-bench-')));
if (api.missing !== false) throw new Error(api.missing);
const namespace = await api.namespace();
await api.installLoadTests();
const stopped = new AbortController();
const shared = {
  clock: systemClock,
  namespaces: [namespace],
  limit: 10_000,
  failed: (error: unknown) => console.error(String(error)),
};
const tests = new ScopedStore<LoadTestObject>({
  ...shared,
  source: (scope) => objectSource(api.client, LOAD_TESTS, { namespace: scope }),
  keep: (object) => object,
});
const pods = new ScopedStore({
  ...shared,
  source: (scope) => metadataSource(api.client, PODS, { namespace: scope, labelSelector: WORKER_SELECTOR }),
  keep: (object) => object,
});
const watching = Promise.all([tests.run(stopped.signal), pods.run(stopped.signal)]);
await Promise.all([tests.whenSynced(stopped.signal), pods.whenSynced(stopped.signal)]);

console.log(`${os.cpus().length} x ${os.cpus()[0]?.model}, Node ${process.version}, ${count} LoadTests`);
console.log(`load average before: ${os.loadavg()[0]!.toFixed(1)}`);

await api.client.create(CONFIG_MAPS, {
  metadata: { namespace, name: 'templates' },
  data: { 'a.json': '{"event":"{{ faker.word.noun() }}","n":{{ hit }}}' },
});

/** The same for each controller, as a Service has it: pods are made from it. */
const coordinatorPort = await freePort();

/** A controller process, and what it has used since it was looked at last. */
class Controller {
  readonly #child: ChildProcess;
  readonly #metrics: string;
  readonly #ended: Promise<void>;
  #calls = new Map<string, number>();
  #cpuMs = 0;

  constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#metrics = `http://127.0.0.1:${port}/metrics`;
    this.#ended = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  static async start(): Promise<Controller> {
    const port = await freePort();
    const profile = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
    const child = spawn(
      process.execPath,
      [
        ...HEAP_OPTIONS,
        ...profile,
        fileURLToPath(new URL('../src/cli/main.ts', import.meta.url)),
        'controller',
        '--kubeconfig',
        api.kubeconfig,
        '--namespace',
        namespace,
        '--watch-namespace',
        namespace,
        '--advertise',
        '127.0.0.1',
        '--port',
        `${coordinatorPort}`,
        '--metrics-port',
        `${port}`,
        '--image',
        'taz',
        '--pod-name',
        'bench',
        '--log-level',
        'error',
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    return new Controller(child, port);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  /** Not often: a scrape of many tests is work. */
  async values(...names: string[]): Promise<number[]> {
    const lines = (await this.#text().catch(() => '')).split('\n');
    return names.map((name) => {
      const line = lines.find((each) => each.startsWith(`${name} `));
      return Number(line?.split(' ')[1] ?? Number.NaN);
    });
  }

  /** What it used since the call before. */
  async used(): Promise<{ calls: Map<string, number>; cpuMs: number; rssMb: number }> {
    const now = callsOf(await this.#text());
    const calls = new Map(
      [...now].map(([call, number]) => [call, number - (this.#calls.get(call) ?? 0)] as const),
    );
    this.#calls = now;
    const before = this.#cpuMs;
    this.#cpuMs = cpuMsOf(this.#child.pid!);
    return { calls, cpuMs: this.#cpuMs - before, rssMb: rssMbOf(this.#child.pid!) };
  }

  get rssMb(): number {
    return rssMbOf(this.#child.pid!);
  }

  async #text(): Promise<string> {
    const response = await fetch(this.#metrics);
    return response.text();
  }
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let mostMb = 0;

/** Does something and waits until it is done; prints what that took. */
async function stage(
  name: string,
  controller: Controller,
  work: () => Promise<unknown>,
  isDone: () => boolean | Promise<boolean>,
  everyMs = 100,
): Promise<void> {
  const startedAt = performance.now();
  let peakMb = 0;
  const working = work();
  while (!(await isDone())) {
    if (performance.now() - startedAt > PATIENCE_MS) throw new Error(`${name}: not done after 3 minutes`);
    await wait(everyMs);
    peakMb = Math.max(peakMb, controller.rssMb);
  }
  await working;
  const tookMs = performance.now() - startedAt;
  const { calls, cpuMs, rssMb } = await controller.used();
  mostMb = Math.max(mostMb, peakMb, rssMb);
  const sum = [...calls.values()].reduce((total, each) => total + each, 0);
  console.log(
    `${name}: ${(tookMs / 1000).toFixed(1)} s, ${sum} calls (${(sum / (tookMs / 1000)).toFixed(1)}/s), ` +
      `CPU ${(cpuMs / 1000).toFixed(1)} s (${((cpuMs / tookMs) * 100).toFixed(1)} % of a core), ` +
      `memory ${Math.max(peakMb, rssMb).toFixed(0)} MB`,
  );
  const most = [...calls].filter(([, number]) => number > 0).toSorted(([, a], [, b]) => b - a);
  console.log(`  ${most.map(([call, number]) => `${call} ${number}`).join(', ')}`);
}

const name = (index: number) => `test-${index}`;
const hasFollowed = (): boolean => {
  let followed = 0;
  for (const { metadata, status } of tests.values())
    if (status?.observedGeneration === metadata.generation) followed++;
  return followed === count;
};

/** Works on all tests, some at a time. */
async function each(work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
}

let controller = await Controller.start();
await stage(
  'empty start',
  controller,
  () => Promise.resolve(),
  async () => (await controller.values('taz_controller_leader'))[0] === 1,
  1000,
);
await stage(
  'created',
  controller,
  () => each((index) => api.client.create(LOAD_TESTS, loadTest(index))),
  () => tests.size === count && hasFollowed() && pods.size === count,
);
await stage(
  'settled',
  controller,
  () => wait(15_000),
  () => true,
);
const idle = () => wait(idleSeconds * 1000);
await stage('idle', controller, idle, () => true);
await stage(
  'edited',
  controller,
  () =>
    each((index) =>
      api.client.merge(LOAD_TESTS, { namespace, name: name(index) }, { spec: { rate: '2/s' } }),
    ),
  () => {
    for (const { spec } of tests.values()) if (spec['rate'] !== '2/s') return false;
    return hasFollowed();
  },
);
await controller.stop();
controller = await Controller.start();
await stage(
  'restarted',
  controller,
  () => Promise.resolve(),
  async () => {
    const names = ['taz_controller_running_loadtests', 'taz_controller_queue_depth'];
    const [running, queued] = await controller.values(...names);
    return running === count && queued === 0;
  },
  1000,
);
await stage('idle again', controller, idle, () => true);
await stage(
  'deleted',
  controller,
  () => each((index) => api.client.delete(LOAD_TESTS, { namespace, name: name(index) })),
  () => tests.size === 0 && pods.size === 0,
);
await controller.stop();
stopped.abort();
await watching;
await api.stop();
console.log(`load average after: ${os.loadavg()[0]!.toFixed(1)}`);
console.log(`most memory: ${mostMb.toFixed(0)} MB, at most ${MOST_MB} MB are wanted`);
process.exitCode = mostMb > MOST_MB ? 1 : 0;

function loadTest(index: number): Omit<LoadTestObject, 'apiVersion' | 'kind'> {
  return {
    metadata: { namespace, name: name(index) },
    spec: {
      rate: '1/s',
      startTimeout: '1h',
      templates: { entry: 'a.json', from: [{ configMap: { name: 'templates' } }] },
    },
  };
}

/** `verb resource` to how many calls there were. */
function callsOf(text: string): Map<string, number> {
  const calls = new Map<string, number>();
  for (const [, verb, resource, number] of text.matchAll(
    /^taz_controller_api_calls_total\{verb="(\w+)",resource="(\w+)",outcome="\w+"\} (\d+)/gm,
  )) {
    const call = `${verb} ${resource}`;
    calls.set(call, (calls.get(call) ?? 0) + Number(number));
  }
  return calls;
}

function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function rssMbOf(pid: number): number {
  const [, kb = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}
