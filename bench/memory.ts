/**
 * Whether memory stays flat: the resident memory of the worker during a long run against a slow target.
 *
 *     node bench/memory.ts [--minutes 10] [--rate 5000] [--latency 100ms]
 *
 * One worker sends the mix of `examples/templates` to `taz target`, which answers after `--latency`; its memory is
 * read from its own /metrics every ten seconds. Exits with 1 when it differs between two minutes after the start and the
 * end by 10 % or more. All load stays on loopback.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from './free-port.ts';

const TAZ = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const TEMPLATES = fileURLToPath(new URL('../examples/templates', import.meta.url));
const EVERY_MS = 10_000;
const SETTLED_MS = 120_000;
const MOST_CHANGE = 0.1;
const MIB = 1024 * 1024;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '5000' },
    latency: { type: 'string', default: '100ms' },
  },
});
const durationMs = Number(values.minutes) * 60_000;
if (!(durationMs > SETTLED_MS)) {
  console.error(`--minutes: more than ${SETTLED_MS / 60_000}`);
  process.exit(2);
}

const target = spawn(process.execPath, [TAZ, 'target', '--port', '0', '--latency', values.latency], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [first] = (await once(createInterface({ input: target.stdout }), 'line')) as [string];
const url = /http:\/\/\S+/.exec(first)![0];
const port = await freePort();
const run = spawn(
  process.execPath,
  [TAZ, 'run', '-f', '-', '--output', 'json', '--quiet', '--workers', '1', '--metrics-port', `${port}`],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
// JSON is YAML too.
run.stdin.end(
  JSON.stringify({
    apiVersion: 'taz.dev/v1alpha1',
    kind: 'LoadTest',
    metadata: { name: 'memory' },
    spec: {
      rate: `${values.rate}/s`,
      duration: `${durationMs / 1000}s`,
      http: { connections: 2000 },
      variables: [
        { name: 'BaseURL', value: url },
        { name: 'WriteKeys', values: ['key-one', 'key-two', 'key-three'] },
      ],
      templates: { entry: 'mix.json', from: [{ directory: { path: TEMPLATES } }] },
      events: { reuse: '90%', duplicates: '1%' },
    },
  }),
);
const output = text(run.stdout);
const samples: { atMs: number; bytes: number }[] = [];
const startedAt = performance.now();
console.log(
  `${values.rate}/s for ${values.minutes} min, answers after ${values.latency}, Node ${process.version}`,
);
while (run.exitCode === null && performance.now() - startedAt < durationMs - EVERY_MS / 2) {
  await sleep(EVERY_MS);
  const bytes = await residentBytes();
  if (bytes === null) continue;
  const atMs = performance.now() - startedAt;
  samples.push({ atMs, bytes });
  console.log(`${(atMs / 1000).toFixed(0).padStart(5)} s ${(bytes / MIB).toFixed(1).padStart(7)} MiB`);
}
const { counts, verdict } = JSON.parse(await output) as { verdict: string; counts: Record<string, number> };
target.kill();
console.log(`${verdict}: ${JSON.stringify(counts)}`);
const settled = samples.find(({ atMs }) => atMs >= SETTLED_MS)!;
const last = samples.at(-1)!;
const change = last.bytes / settled.bytes - 1;
console.log(
  `from ${(settled.atMs / 1000).toFixed(0)} s to ${(last.atMs / 1000).toFixed(0)} s: ${(change * 100).toFixed(1)} %`,
);
if (Math.abs(change) >= MOST_CHANGE) process.exitCode = 1;

async function residentBytes(): Promise<number | null> {
  try {
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const found = /^process_resident_memory_bytes ([0-9.e+]+)$/m.exec(page);
    return found === null ? null : Number(found[1]);
  } catch {
    // Not started yet, or ended.
    return null;
  }
}
