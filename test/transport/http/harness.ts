import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { failureName } from '../../../src/metrics/outcome.ts';
import { type AllowedHosts, ANY_HOST } from '../../../src/target/allowed-hosts.ts';
import type { HttpTarget } from '../../../src/target/target.ts';
import { createHttpTransport } from '../../../src/transport/http/http-transport.ts';
import type { HttpOptions, Transport } from '../../../src/transport/transport.ts';

export const DEFAULTS: HttpOptions = {
  timeoutMs: 5_000,
  connections: 1,
  success: [[200, 299]],
  redirects: 0,
  keepAlive: true,
  tls: { ca: null, serverName: null, insecure: false },
};

/** What became of a hit, the outcome by its name. */
export interface Told {
  outcome: string;
  status: number;
  bytesOut: number;
  bytesIn: number;
  error: string;
}

/** A transport whose hits can be awaited. Each report that nobody waits for fails the test. */
export class Sender {
  readonly transport: Transport<HttpTarget>;
  readonly #waiting = new Map<number, (told: Told) => void>();

  constructor(slots: number, options: Partial<HttpOptions>, hosts: AllowedHosts = ANY_HOST) {
    let sending = false;
    this.transport = createHttpTransport(
      { ...DEFAULTS, connections: slots, ...options },
      slots,
      (slot, outcome, status, bytesOut, bytesIn, error) => {
        assert.ok(!sending, 'reported before send has returned');
        const resolve = this.#waiting.get(slot);
        assert.ok(resolve !== undefined, `nobody waits for slot ${slot}`);
        this.#waiting.delete(slot);
        resolve({
          outcome: outcome === 0 ? 'succeeded' : failureName(outcome),
          status,
          bytesOut,
          bytesIn,
          error,
        });
      },
      hosts,
    );
    const send = this.transport.send.bind(this.transport);
    this.transport.send = (slot, target) => {
      sending = true;
      send(slot, target);
      sending = false;
    };
  }

  send(target: HttpTarget, slot = 0): Promise<Told> {
    return new Promise((resolve) => {
      this.#waiting.set(slot, resolve);
      this.transport.send(slot, target);
    });
  }

  abort(slot = 0): void {
    this.#waiting.delete(slot);
    this.transport.abort(slot);
  }
}

/** A sender that is closed when the test ends, which must leave nothing open. */
export function openSender(
  t: TestContext,
  slots = 1,
  options: Partial<HttpOptions> = {},
  hosts?: AllowedHosts,
): Sender {
  const sender = new Sender(slots, options, hosts);
  t.after(() => sender.transport.close());
  return sender;
}

export function target(origin: string, overrides: Partial<HttpTarget> = {}): HttpTarget {
  return { method: 'GET', origin, path: '/', headers: [], body: null, ...overrides };
}

export function post(origin: string, body: string | Buffer = 'x'): HttpTarget {
  return target(origin, { method: 'POST', body: Buffer.from(body) });
}

/** Starts `server` on a free port of loopback and ends it with the test; gives its origin. */
export async function listen(t: TestContext, server: net.Server, scheme = 'http'): Promise<string> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `${scheme}://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

/** A real HTTP server that counts connections and keeps idle ones for a minute. */
export async function serve(
  t: TestContext,
  handle: http.RequestListener,
): Promise<{ origin: string; connections: () => number; lastSocket: () => net.Socket; server: http.Server }> {
  let connections = 0;
  let last: net.Socket | undefined;
  const server = http.createServer({ keepAliveTimeout: 60_000 }, handle);
  server.on('connection', (socket) => {
    connections++;
    last = socket;
  });
  return { origin: await listen(t, server), connections: () => connections, lastSocket: () => last!, server };
}

/** A server that waits for the head of a request and answers with these bytes; then `after` is called. */
export async function answerWith(
  t: TestContext,
  answer: string | Buffer,
  after: (socket: net.Socket) => void = () => {},
): Promise<string> {
  const server = net.createServer((socket) => {
    let head = '';
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      head = '';
      if (answer.length === 0) after(socket);
      else socket.write(answer, () => after(socket));
    });
  });
  return listen(t, server);
}

/** Text of a file of the test's certificates. */
export function certificate(name: string): string {
  return fs.readFileSync(new URL(`../../fixtures/tls/test-only-${name}.pem`, import.meta.url), 'utf8');
}
