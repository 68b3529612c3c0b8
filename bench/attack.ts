/**
 * The speed floor: how many templated requests one lane sends on one core, beside autocannon with a static body of the
 * same mean size, and what a hit costs.
 *
 *     node bench/attack.ts [--rounds 3] [--seconds 5] [--connections 64] [--rate 60000]
 *                          [--warm-up 6]
 *
 * The target is a process of its own, which reads requests and writes a ready-made answer; where there is `taskset` and a
 * second core, it has one core and all of the sender's processes and threads have the other. Each round runs autocannon,
 * then Taz with reuse 0 and 90 %: once asked for `--rate`, far more than it can send, and once for a part of what it sent.
 * What is counted begins after a warm-up of `--warm-up` seconds, in which code is compiled. CPU time is that of the worker
 * process, its main thread included. All load stays on loopback. Exits with 1 when a median misses its floor.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from './free-port.ts';

const TAZ = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const TEMPLATES = fileURLToPath(new URL('../examples/templates', import.meta.url));
const SELF = fileURLToPath(import.meta.url);

const MIX = `<%= includeTemplate(weighted({
  'track-target.json': 60, 'page-target.json': 20, 'identify-target.json': 15, 'alias-target.json': 5,
})) %>`;
/** The part of the greatest rate that is asked for to see what a hit costs where nothing is dropped. */
const HELD_SHARE = 0.6;
/** Seconds; it has far less code to compile. */
const AUTOCANNON_WARM_UP = 2;
/** How long before the end of a run its last sample is taken. */
const MARGIN_MS = 500;
/** How many targets tell the mean size of a body. */
const SAMPLE = 1_000;
const CPU_FLOOR_MICROS = 28;
/** A share of autocannon's requests a second, for each way to run. */
const CASES = [
  { name: 'taz, reuse 0', reuse: '0%', floor: 0.4 },
  { name: 'taz, reuse 90 %', reuse: '90%', floor: 0.5 },
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    rate: { type: 'string', default: '60000' },
    'warm-up': { type: 'string', default: '6' },
    child: { type: 'string' },
    origin: { type: 'string', default: '' },
    size: { type: 'string', default: '' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const warmUp = Number(values['warm-up']);
/** Well above what a core can send. */
const tooFast = Number(values.rate);
const pinned = os.availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** What one way to send reached in one round. */
interface Sample {
  perSecond: number;
  /** Of autocannon's requests a second in the same round. */
  share: number;
  /** CPU time a hit, at that rate and at `HELD_SHARE` of it; NaN: not measured, as nothing is dropped at that rate. */
  cpuMicros: number;
  heldMicros: number;
}

/** What one run came to. */
interface Run {
  perSecond: number;
  cpuMicros: number;
}

if (values.child === 'target') await runTarget();
else if (values.child === 'autocannon') await runAutocannon();
else await compare();

async function compare(): Promise<void> {
  if (!(rounds >= 1 && seconds >= 4 && warmUp >= 1 && connections >= 1 && tooFast >= 1)) {
    console.error('at least 1 round, 4 seconds, 1 second of warm-up, 1 connection and 1 hit a second');
    process.exitCode = 2;
    return;
  }
  const loadBefore = os.loadavg();
  const target = startChild(1, ['target']);
  try {
    const origin = await nextMessage<string>(target);
    const size = await meanBodySize(origin);
    console.log(
      `POSTs of ${size} B in the mean over ${connections} connections on loopback, ${rounds} rounds of ${seconds} s; ` +
        `one lane${pinned ? ' on one core, the target on the other' : ', not pinned to a core'}\n` +
        `${os.availableParallelism()} cores (${os.cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, ` +
        `load average ${loadBefore.map((load) => load.toFixed(2)).join(' ')} before\n`,
    );
    const results = new Map<string, Sample[]>();
    const add = (name: string, sample: Sample): void => {
      results.set(name, [...(results.get(name) ?? []), sample]);
    };
    for (let round = 0; round < rounds; round++) {
      const { perSecond: reference, cpuMicros } = await measureAutocannon(origin, size);
      add('autocannon, static', { perSecond: reference, share: 1, cpuMicros, heldMicros: Number.NaN });
      for (const { name, reuse } of CASES) {
        const { perSecond, cpuMicros } = await measure(origin, reuse, tooFast);
        const held = await measure(origin, reuse, Math.floor((perSecond * HELD_SHARE) / 100) * 100);
        add(name, { perSecond, share: perSecond / reference, cpuMicros, heldMicros: held.cpuMicros });
      }
    }
    print(results);
    target.send('cpu');
    const busy = await nextMessage<number>(target);
    console.log(`\ntarget: ${busy.toFixed(1)} CPU µs a request`);
    console.log(`load average ${os.loadavg()[0]!.toFixed(2)} after (these runs included)`);
  } finally {
    target.kill();
  }
}

function print(results: Map<string, Sample[]>): void {
  console.log(
    `min / median / max     requests/s               share of autocannon    CPU µs a hit         at ${HELD_SHARE * 100} % of the rate`,
  );
  for (const [name, samples] of results) {
    const row = [
      spread(samples, (sample) => sample.perSecond.toFixed(0)).padEnd(22),
      spread(samples, (sample) => `${(sample.share * 100).toFixed(0)} %`).padEnd(20),
      spread(samples, (sample) => sample.cpuMicros.toFixed(1)).padEnd(18),
      name.startsWith('taz') ? spread(samples, (sample) => sample.heldMicros.toFixed(1)) : '–',
    ];
    console.log(`${name.padEnd(20)}   ${row.join('   ')}`);
  }
  console.log('');
  for (const { name, floor } of CASES) {
    const samples = results.get(name)!;
    const share = median(samples.map((sample) => sample.share));
    const cost = median(samples.map((sample) => sample.cpuMicros));
    const held = share >= floor && cost < CPU_FLOOR_MICROS;
    console.log(
      `${name}: ${held ? 'holds' : 'MISSES'} the floor of ${floor * 100} % and ${CPU_FLOOR_MICROS} µs in the median`,
    );
    if (!held) process.exitCode = 1;
  }
}

/** The least, the middle and the greatest of the samples, by what is shown of them. */
function spread(samples: Sample[], show: (sample: Sample) => string): string {
  const shown = samples.map(show).sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
  return `${shown[0]} / ${shown[shown.length >> 1]} / ${shown.at(-1)}`;
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1]!;
}

async function measureAutocannon(origin: string, size: number): Promise<Run> {
  const child = startChild(0, ['autocannon', '--origin', origin, '--size', `${size}`]);
  return nextMessage(child);
}

/** What is sent when `rate` is asked for, and what a hit costs by two samples of what the worker process says of itself. */
async function measure(origin: string, reuse: string, rate: number): Promise<Run> {
  const port = await freePort();
  const { done, counting } = runTaz(origin, reuse, rate, ['--metrics-port', `${port}`]);
  await counting(port);
  const first = await readMetrics(port);
  await sleep(seconds * 1000 - MARGIN_MS);
  const last = await readMetrics(port);
  const { sent, failed, dropped } = await done;
  if (failed > 0) throw new Error(`${failed} of ${sent} hits failed`);
  if (rate < tooFast && dropped > 0.01 * sent)
    console.log(`at ${rate}/s with reuse ${reuse}: ${dropped} hits were dropped`);
  const cpuMicros = ((last.cpuSeconds - first.cpuSeconds) * 1e6) / (last.sent - first.sent);
  return { perSecond: sent / seconds, cpuMicros };
}

interface Counts {
  sent: number;
  failed: number;
  dropped: number;
}

function runTaz(origin: string, reuse: string, rate: number, more: string[]) {
  const args = ['run', '--output', 'json', '--quiet', '--lanes', '1', '--workers', '1', '-f', '-', ...more];
  const [command, ...rest] = onCore(0, [TAZ, ...args]);
  const child = spawn(command!, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(manifest(origin, reuse, rate));
  const done = text(child.stdout).then((output) => {
    if (output === '') throw new Error('taz run gave no result');
    return (JSON.parse(output) as { counts: Counts }).counts;
  });
  /** Resolves when hits are counted, as the warm-up is over, or when the run is. */
  const counting = async (port: number): Promise<void> => {
    while (child.exitCode === null) {
      const { sent } = await readMetrics(port).catch(() => ({ sent: 0 }));
      if (sent > 0) return;
      await sleep(50);
    }
  };
  return { done, counting };
}

/** A LoadTest of the four-way mix. JSON is YAML too. */
function manifest(origin: string, reuse: string, rate: number): string {
  return JSON.stringify({
    apiVersion: 'taz.dev/v1alpha1',
    kind: 'LoadTest',
    metadata: { name: 'bench' },
    spec: {
      rate: `${rate}/s`,
      duration: `${warmUp + seconds}s`,
      warmup: `${warmUp}s`,
      maxLag: '100ms',
      http: { connections },
      variables: [
        { name: 'BaseURL', value: origin },
        { name: 'WriteKeys', values: ['key-one', 'key-two', 'key-three'] },
      ],
      templates: {
        entry: 'four.json',
        from: [{ directory: { path: TEMPLATES } }, { inline: { 'four.json': MIX } }],
      },
      events: { reuse },
    },
  });
}

async function meanBodySize(origin: string): Promise<number> {
  const child = spawn(process.execPath, [TAZ, 'render', '-f', '-', '-n', `${SAMPLE}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(manifest(origin, '0%', 1));
  const lines = (await text(child.stdout)).trim().split('\n');
  let bytes = 0;
  for (const line of lines) {
    bytes += Buffer.byteLength((JSON.parse(line) as { body: string }).body, 'base64');
  }
  return Math.round(bytes / lines.length);
}

async function readMetrics(port: number): Promise<{ cpuSeconds: number; sent: number }> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return { cpuSeconds: sumOf(page, 'process_cpu_seconds_total'), sent: sumOf(page, 'taz_hits_sent_total') };
}

/** The sum over all series of a metric. */
function sumOf(page: string, name: string): number {
  let sum = 0;
  for (const [, value] of page.matchAll(new RegExp(`^${name}(?:\\{.*\\})? ([^ \\n]+)`, 'gm')))
    sum += Number(value);
  return sum;
}

/** A command line that runs Node with these arguments, on one core where that can be had. */
function onCore(core: number, args: string[]): string[] {
  return [...(pinned ? ['taskset', '-c', `${core}`] : []), process.execPath, ...args];
}

function startChild(core: number, args: string[]): ChildProcess {
  const options = ['--seconds', values.seconds, '--connections', values.connections];
  const [command, ...rest] = onCore(core, [SELF, '--child', ...args, ...options]);
  return spawn(command!, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the bench ended with code ${code}`);
  });
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message as T;
}

/** As much as is used here of autocannon, which brings no types. */
type Autocannon = (options: Record<string, unknown>) => Promise<{
  requests: { total: number };
  duration: number;
  errors: number;
  non2xx: number;
}>;

async function runAutocannon(): Promise<void> {
  const autocannon = createRequire(import.meta.url)('autocannon') as Autocannon;
  const attack = (duration: number) =>
    autocannon({
      url: `${values.origin}/v1/track`,
      connections,
      duration,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Basic a2V5LW9uZTo=' },
      body: Buffer.alloc(Number(values.size), 'x'),
    });
  await attack(AUTOCANNON_WARM_UP);
  const cpu = process.cpuUsage();
  const { requests, duration, errors, non2xx } = await attack(seconds);
  if (errors + non2xx > 0)
    throw new Error(`autocannon: ${errors} errors, ${non2xx} answers that are no success`);
  const { user, system } = process.cpuUsage(cpu);
  const { total } = requests;
  process.send!({ perSecond: total / duration, cpuMicros: (user + system) / total }, () => process.exit(0));
}

/** A target that costs little: it finds the end of each request by its content-length and writes a ready-made answer. */
async function runTarget(): Promise<void> {
  const answer = Buffer.from(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{"success":true}',
  );
  let requests = 0;
  const server = net.createServer((socket) => {
    let rest: Buffer | null = null;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      let bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
      for (let length = requestLength(bytes); length <= bytes.length; length = requestLength(bytes)) {
        socket.write(answer);
        requests++;
        bytes = bytes.subarray(length);
      }
      rest = bytes.length === 0 ? null : bytes;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send!((user + system) / requests);
  });
  process.once('disconnect', () => process.exit(0));
  process.send!(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
}

/** Bytes of the request at the front, head and body; Infinity while its head is not whole. */
function requestLength(bytes: Buffer): number {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return Number.POSITIVE_INFINITY;
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end));
  return end + 4 + Number(length?.[1] ?? 0);
}
