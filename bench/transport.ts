/**
 * What a request costs: this transport beside undici's own ways, each in a process of its own against the same target.
 *
 *     node bench/transport.ts [--requests 60000] [--connections 64]
 *
 * Prints requests a second and CPU time a request of the sending process, then the guard: the median of sequential
 * keep-alive requests must stay under 0.8 ms (some releases of undici wait for a timer at each reuse of a socket).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { parseHttpTarget } from '../src/target/http-target.ts';
import type { HttpTarget } from '../src/target/target.ts';
import { createHttpTransport } from '../src/transport/http/http-transport.ts';
import type { HttpOptions } from '../src/transport/transport.ts';

const GUARD_MS = 0.8;
const WARM_UP = 5_000;
const SEQUENTIAL = 2_000;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '60000' },
    connections: { type: 'string', default: '64' },
    child: { type: 'string' },
    origin: { type: 'string', default: '' },
  },
});
const requests = Number(values.requests);
const connections = Number(values.connections);

/** Sends `count` requests, `width` at once, and resolves when all are answered. */
type Sender = (count: number, width: number) => Promise<void>;

const senders: Record<string, (target: HttpTarget) => Sender> = {
  taz: sendWithTaz,
  'Pool.dispatch': sendWithDispatch,
  'Pool.request': sendWithRequest,
  'net (floor)': sendWithSockets,
};

if (values.child === 'target') await runTarget();
else if (values.child !== undefined) await runSender(values.child);
else await compare();

async function compare(): Promise<void> {
  const self = fileURLToPath(import.meta.url);
  const target = spawn(process.execPath, [self, '--child', 'target'], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [chunk] = await once(target.stdout, 'data');
    const origin = String(chunk).trim();
    console.log(`${requests} POSTs of 400 B over ${connections} connections on loopback\n`);
    console.log('sender          requests/s   CPU µs/request   sequential p50 ms');
    for (const name of Object.keys(senders)) {
      const args = [
        self,
        '--child',
        name,
        '--origin',
        origin,
        '--requests',
        `${requests}`,
        '--connections',
        `${connections}`,
      ];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (data) => {
        output += data;
      });
      await once(child, 'close');
      const result = JSON.parse(output) as { perSecond: number; cpuMicros: number; medianMs: number };
      const row = [
        result.perSecond.toFixed(0).padStart(10),
        result.cpuMicros.toFixed(1).padStart(14),
        result.medianMs.toFixed(3).padStart(17),
      ];
      console.log(`${name.padEnd(14)}  ${row.join('   ')}`);
      if (name === 'taz' && result.medianMs >= GUARD_MS) {
        console.error(
          `sequential p50 of ${result.medianMs.toFixed(3)} ms is not under ${GUARD_MS} ms: look at undici's release`,
        );
        process.exitCode = 1;
      }
    }
  } finally {
    target.kill();
  }
}

async function runSender(name: string): Promise<void> {
  const send = senders[name]!(makeTarget(values.origin));
  await send(WARM_UP, connections);
  const cpu = process.cpuUsage();
  const start = performance.now();
  await send(requests, connections);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const times: number[] = [];
  for (let i = 0; i < SEQUENTIAL; i++) {
    const sent = performance.now();
    await send(1, 1);
    times.push(performance.now() - sent);
  }
  times.sort((a, b) => a - b);
  const medianMs = times[SEQUENTIAL / 2]!;
  process.stdout.write(
    JSON.stringify({ perSecond: requests / seconds, cpuMicros: (user + system) / requests, medianMs }),
  );
  process.exit(0);
}

function makeTarget(origin: string): HttpTarget {
  const header = { 'Content-Type': ['application/json'], Authorization: ['Basic d3JpdGVrZXk6'] };
  const body = Buffer.alloc(400, 'x').toString('base64');
  return parseHttpTarget(JSON.stringify({ method: 'POST', url: `${origin}/v1/track`, header, body }));
}

function sendWithTaz(target: HttpTarget): Sender {
  const options: HttpOptions = {
    timeoutMs: 5000,
    connections,
    success: [[200, 299]],
    redirects: 0,
    keepAlive: true,
    tls: { ca: null, serverName: null, insecure: false },
  };
  let left = 0;
  let open = 0;
  let done = (): void => {};
  const transport = createHttpTransport(options, connections, (slot, outcome, _status, _out, _in, error) => {
    if (outcome !== 0) throw new Error(`outcome ${outcome}: ${error}`);
    if (left > 0) {
      left--;
      transport.send(slot, target);
    } else if (--open === 0) done();
  });
  return (count, width) =>
    new Promise((resolve) => {
      done = resolve;
      open = Math.min(width, count);
      left = count - open;
      for (let slot = 0; slot < open; slot++) transport.send(slot, target);
    });
}

function sendWithDispatch(target: HttpTarget): Sender {
  const pool = new Pool(target.origin, { connections, pipelining: 1, allowH2: false });
  const { path, headers, body } = target;
  return (count, width) =>
    new Promise((resolve) => {
      let open = Math.min(width, count);
      let left = count - open;
      const handler = {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData() {},
        onResponseEnd() {
          if (left > 0) {
            left--;
            pool.dispatch({ method: 'POST', path, headers, body }, handler);
          } else if (--open === 0) resolve();
        },
        onResponseError(_controller: unknown, error: Error) {
          throw error;
        },
      };
      for (let i = open; i > 0; i--) pool.dispatch({ method: 'POST', path, headers, body }, handler);
    });
}

function sendWithRequest(target: HttpTarget): Sender {
  const pool = new Pool(target.origin, { connections, pipelining: 1, allowH2: false });
  const { path, headers, body } = target;
  return async (count, width) => {
    let left = count;
    const work = async (): Promise<void> => {
      while (left-- > 0) {
        const answer = await pool.request({ method: 'POST', path, headers, body });
        await answer.body.dump();
      }
    };
    await Promise.all(Array.from({ length: width }, work));
  };
}

/** Writes one ready-made text and looks at nothing that comes back: what the system calls alone cost. */
function sendWithSockets(target: HttpTarget): Sender {
  const { hostname, port, host } = new URL(target.origin);
  const head = `POST ${target.path} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${target.body!.length}\r\n\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), target.body!]);
  const sockets: net.Socket[] = [];
  let left = 0;
  let open = 0;
  let done = (): void => {};
  const connect = (): net.Socket => {
    const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
    sockets.push(socket);
    return socket.on('data', () => {
      if (left > 0) {
        left--;
        socket.write(bytes);
      } else if (--open === 0) done();
    });
  };
  return (count, width) =>
    new Promise((resolve) => {
      done = resolve;
      open = Math.min(width, count);
      left = count - open;
      for (let i = 0; i < open; i++) (sockets[i] ?? connect()).write(bytes);
    });
}

/** A target that costs next to nothing: it counts bytes and writes a ready-made answer. */
async function runTarget(): Promise<void> {
  const answer = Buffer.from(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{"success":true}',
  );
  const server = net.createServer((socket) => {
    let pending = 0;
    let size = 0;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      // All requests are alike, so the first one tells how long each is.
      if (size === 0) size = chunk.indexOf('\r\n\r\n') + 4 + 400;
      pending += chunk.length;
      for (; pending >= size; pending -= size) socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.stdout.write(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}\n`);
  process.stdin.resume().once('end', () => process.exit(0));
}
