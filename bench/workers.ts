/**
 * One LoadTest with many workers: what its coordinator needs, and how long a change takes to reach all of them.
 *
 *     node bench/workers.ts [--workers 500] [--rate 5000] [--seconds 20] [--changes 5] [--profile DIR]
 *
 * The coordinator is a process of its own, behind HTTPS and with a store that takes 20 ms, as a controller has it. This
 * process simulates the workers: each talks as `taz worker` does, by the same client over a connection of its own, and
 * reports the hits that would be its share. Changes of the rate are timed from `Coordinator.change` until the last worker
 * has the plan that names the instant; that instant must lie ahead for all of them, or a worker would have to wait.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/attack/clock.ts';
import { makeAuthority, makeServing } from '../src/controller/authority/certificates.ts';
import { TIMING } from '../src/controller/cluster-runs.ts';
import { callerWith } from '../src/coordinator/caller.ts';
import { Coordinator } from '../src/coordinator/coordinator.ts';
import { type Assignment, isNewer, type SyncRequest, type Version } from '../src/coordinator/protocol.ts';
import { SyncServer } from '../src/coordinator/sync-server.ts';
import { CountsBlock, Tally } from '../src/metrics/tally.ts';
import { VectorSender } from '../src/metrics/vector-codec.ts';
import { parseRate } from '../src/units/rate.ts';
import { Conversation } from '../src/worker/conversation/conversation.ts';
import { SyncClient } from '../src/worker/conversation/sync-client.ts';
import { content, runSpec, workers as workersSpec } from '../test/coordinator/run-spec.ts';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '500' },
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '20' },
    changes: { type: 'string', default: '5' },
    profile: { type: 'string' },
    coordinate: { type: 'boolean', default: false },
  },
});
const count = Number(values.workers);
const RUN = 'run-1';
const TOKEN = 'token';
const LABELS = 4;
/** How long a lane takes to take a plan over, in ms. */
const FOLLOW_MS = 5;
const SAVE_MS = 20;
const LEASE_MS = 120_000;
/** Once this much time has passed, something is wrong, in ms. */
const PATIENCE_MS = 60_000;

type FromCoordinator =
  | { kind: 'listens'; address: string; authority: string }
  | { kind: 'changed'; wallMs: number }
  | { kind: 'snapshot'; ms: number; sent: number; ready: number };

// --- the coordinator's process ---

async function coordinate(): Promise<void> {
  const specOf = (rate: string) =>
    runSpec({
      schedule: { kind: 'constant', rate: parseRate(`${rate}/s`) },
      durationMs: null,
      workers: workersSpec(count),
    });
  const pool = {
    start: () => {},
    adopt: () => {},
    trouble: () => '',
    stop: () => {},
    close: () => Promise.resolve(),
  };
  const coordinator = new Coordinator({
    clock: systemClock,
    pool,
    run: RUN,
    spec: specOf(values.rate),
    content: { ...content('d1'), labels: ['a.json', 'b.json', 'c.json', 'd.json'] },
    mostLabels: LABELS,
    lanes: 1,
    leaseMs: LEASE_MS,
    timing: TIMING,
    records: null,
    store: {
      save: async (record) => {
        JSON.stringify(record);
        await wait(SAVE_MS);
      },
    },
    note: (line) => console.error(line),
  });
  const authority = await makeAuthority(Date.now(), 3600_000);
  const serving = await makeServing(authority, ['127.0.0.1'], Date.now(), 3600_000);
  const server = new SyncServer({
    host: '127.0.0.1',
    port: 0,
    tls: { key: serving.key, cert: serving.certificate },
    callerOf: callerWith(TOKEN, {
      run: RUN,
      worker: null,
      sync: (request) => coordinator.sync(request),
      content: () => null,
      scouting: () => null,
      finding: () => {},
    }),
  });
  const tell = (message: FromCoordinator) => process.send!(message);
  process.on('message', (rate: string) => {
    if (rate === 'snapshot') {
      const startedAt = performance.now();
      const snapshot = coordinator.snapshot();
      const ms = performance.now() - startedAt;
      const { ready } = coordinator.outline();
      tell({ kind: 'snapshot', ms, sent: snapshot.tally.counts.sent, ready });
      return;
    }
    tell({ kind: 'changed', wallMs: Date.now() });
    coordinator.change(specOf(rate));
  });
  process.on('disconnect', () => process.exit());
  coordinator.start();
  tell({ kind: 'listens', address: await server.listen(), authority: authority.certificate });
}

// --- the workers ---

/** One of them: has no lanes, and counts hits as they would have been sent. */
class SimulatedWorker {
  version: Version | null = null;
  startAt: number | null = null;
  assignment: Assignment | null = null;
  calls = 0;
  /** For each segment, by its beginning: how long before it this worker knew of it, in ms. */
  readonly ahead = new Map<number, number>();
  /** Called when it has another assignment. */
  onAssignment: () => void = () => {};
  readonly conversation: Conversation;
  readonly #index: number;
  readonly #client: SyncClient;
  readonly #tally = new Tally(LABELS);
  readonly #warmup = new CountsBlock();
  readonly #sender = new VectorSender(Tally.size(LABELS) + CountsBlock.size);
  readonly #vector = new Float64Array(Tally.size(LABELS) + CountsBlock.size);
  #acknowledged: Version | null = null;
  #cursor = 0;

  constructor(index: number, address: string, authority: string) {
    this.#index = index;
    const known = Promise.resolve({ token: TOKEN, ca: authority });
    this.#client = new SyncClient(address, () => known);
    this.conversation = new Conversation(this.#client, systemClock, {
      request: (urgent) => this.#request(urgent),
      hear: (response) => {
        this.#sender.acknowledge(response.acknowledged);
        if (response.resync) this.#sender.reset();
        if (response.assignment !== null && isNewer(response.assignment.version, this.version)) {
          this.#take(response.assignment);
        }
      },
      isUrgent: () => false,
    });
  }

  close(): void {
    this.conversation.end();
    this.#client.close();
  }

  #take(assignment: Assignment): void {
    this.assignment = assignment;
    this.version = assignment.version;
    if (assignment.startAt !== null) {
      this.startAt = this.conversation.toLocal(assignment.startAt);
      const runMs = systemClock.now() - this.startAt;
      for (const { from } of assignment.segments)
        if (!this.ahead.has(from)) this.ahead.set(from, from - runMs);
    }
    setTimeout(() => {
      this.#acknowledged = assignment.version;
      this.conversation.callAtOnce();
    }, FOLLOW_MS);
    this.onAssignment();
  }

  #request(urgent: boolean): SyncRequest {
    this.calls++;
    this.#count();
    this.#vector.set(this.#tally.values);
    this.#vector.set(this.#warmup.values, this.#tally.values.length);
    return {
      run: RUN,
      worker: { index: this.#index, replacement: 0, incarnation: `incarnation-${this.#index}` },
      state: this.startAt === null || systemClock.now() < this.startAt ? 'ready' : 'running',
      received: this.version,
      acknowledged: this.#acknowledged,
      content: { prepared: null, running: 'd1' },
      cores: 1,
      lanes: 1,
      report: {
        cursors: [this.#cursor],
        counters: this.#sender.encode(this.#vector),
        votes: 0,
        voteReason: '',
        wantsStop: false,
        saturated: false,
        notes: [],
        samples: [],
      },
      problem: '',
      urgent,
    };
  }

  /** Counts what has been due of its share since the last call. */
  #count(): void {
    const { startAt, assignment } = this;
    if (startAt === null || assignment === null) return;
    const runMs = systemClock.now() - startAt;
    const due = Math.floor((runMs / 1000) * Number(values.rate));
    for (; this.#cursor < due; this.#cursor++) {
      if (this.#cursor % count !== this.#index) continue;
      const label = Math.floor(this.#cursor / count) % LABELS;
      const us = 2000 + Math.random() ** 4 * 50_000;
      this.#tally.send(label, Math.random() * 500);
      this.#tally.succeed(label, 200, us, us + 200, 700, 20);
    }
  }
}

async function measure(): Promise<void> {
  const self = fileURLToPath(import.meta.url);
  const args = ['--coordinate', '--workers', values.workers, '--rate', values.rate];
  const profile = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const child = fork(self, args, { execArgv: [...process.execArgv, ...profile] });
  const pid = child.pid!;
  const next = async (): Promise<FromCoordinator> => ((await once(child, 'message')) as [FromCoordinator])[0];
  const listens = await next();
  if (listens.kind !== 'listens') throw new Error('the coordinator does not listen');
  console.log(`${os.cpus().length} x ${os.cpus()[0]?.model}, Node ${process.version}, ${count} workers`);
  console.log(`load average before: ${os.loadavg()[0]!.toFixed(1)}`);

  const startedAt = performance.now();
  const all = Array.from(
    { length: count },
    (_, index) => new SimulatedWorker(index, listens.address, listens.authority),
  );
  for (const worker of all) void worker.conversation.keepUp();
  await until('all workers have begun', () =>
    all.every(({ startAt }) => startAt !== null && systemClock.now() > startAt),
  );
  console.log(`from the first call to the start: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  await wait(3000);

  const [cpuMs, at, calls] = [cpuMsOf(pid), performance.now(), callsOf(all)];
  await wait(Number(values.seconds) * 1000);
  const tookMs = performance.now() - at;
  const used = cpuMsOf(pid) - cpuMs;
  const made = callsOf(all) - calls;
  console.log(
    `steady: ${(made / (tookMs / 1000)).toFixed(0)} calls/s, CPU ${((used / tookMs) * 100).toFixed(1)} % of a core ` +
      `(${((used / made) * 1000).toFixed(0)} µs a call), memory ${rssMbOf(pid).toFixed(0)} MB`,
  );
  child.send('snapshot');
  const snapshot = await next();
  if (snapshot.kind === 'snapshot')
    console.log(
      `a snapshot: ${snapshot.ms.toFixed(1)} ms; ${snapshot.sent} hits, ${snapshot.ready} workers are ready`,
    );

  const delays: number[] = [];
  const leads: number[] = [];
  for (let change = 1; change <= Number(values.changes); change++) {
    const before = Math.max(...all.map(({ assignment }) => assignment!.segments.at(-1)!.from));
    const hasIt = ({ assignment }: SimulatedWorker) =>
      assignment!.segments.at(-1)!.from > before && assignment!.fenceMs === null;
    let left = count;
    const told = Promise.withResolvers<number>();
    for (const worker of all) {
      let has = false;
      worker.onAssignment = () => {
        if (has || !hasIt(worker)) return;
        has = true;
        if (--left === 0) told.resolve(Date.now());
      };
    }
    // Not in step with the calls, which workers make in step with the change before.
    await wait(2000 + Math.random() * 1000);
    child.send(String(Number(values.rate) + change));
    const changed = await next();
    if (changed.kind !== 'changed') throw new Error('the coordinator says something else');
    const last = await Promise.race([told.promise, wait(PATIENCE_MS).then(() => Number.NaN)]);
    const joins = all[0]!.assignment!.segments.at(-1)!.from;
    delays.push(last - changed.wallMs);
    leads.push(Math.min(...all.map(({ ahead }) => ahead.get(joins) ?? Number.NaN)));
  }
  console.log(`from a change until the last worker knows its instant, in ms: ${spread(delays)}`);
  console.log(`how long before that instant the last one knew, in ms: ${spread(leads)}`);
  console.log(`memory ${rssMbOf(pid).toFixed(0)} MB; load average after: ${os.loadavg()[0]!.toFixed(1)}`);
  for (const worker of all) worker.close();
  child.disconnect();
  await once(child, 'exit');
  process.exit();
}

function callsOf(all: readonly SimulatedWorker[]): number {
  return all.reduce((sum, { calls }) => sum + calls, 0);
}

/** Least / median / greatest. */
function spread(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  return [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!].map(Math.round).join(' / ');
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within a minute: ${what}`);
    await wait(50);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
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

if (values.coordinate) await coordinate();
else await measure();
