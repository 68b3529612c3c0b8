import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerControl, type Controls, isControl } from './admin.ts';
import { type Behaviour, HEALTHY } from './behaviour.ts';
import { Exchange } from './exchange.ts';
import { drawFate, seededRandom } from './fate.ts';
import { type CountingTargetStats, Stats } from './stats.ts';

export interface CountingTargetOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** What is left out is healthy: no latency, no failures. */
  behaviour?: Partial<Behaviour>;
  /** A 32-bit integer that makes failures and jitter repeatable; left out: another one each time. */
  seed?: number;
}

export interface CountingTarget {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  stats(): CountingTargetStats;
  resetStats(): void;
  behaviour(): Readonly<Behaviour>;
  /** Changes the fields given, for requests that arrive from now on. */
  setBehaviour(change: Partial<Behaviour>): void;
  /** Ends all connections, also those that hang, and resolves when the port is free. */
  close(): Promise<void>;
}

/** More waiting connections than a load tester opens at once. */
const BACKLOG = 4096;

/**
 * Starts an HTTP server that counts what it gets and answers as it is told: something to try load on. It counts every
 * request but those for its own controls (`/stats`, `/behaviour`). Idle connections are never closed.
 * @throws the error of `listen`, such as EADDRINUSE
 */
export async function startCountingTarget(options: CountingTargetOptions = {}): Promise<CountingTarget> {
  const { host = '127.0.0.1', port = 0 } = options;
  const random = options.seed === undefined ? Math.random : seededRandom(options.seed);
  const initial: Readonly<Behaviour> = { ...HEALTHY, ...options.behaviour };
  let behaviour = initial;
  const stats = new Stats(() => performance.timeOrigin + performance.now());
  const controls: Controls = {
    stats,
    behaviour: () => behaviour,
    setBehaviour: (changed) => {
      behaviour = changed;
    },
    resetBehaviour: () => {
      behaviour = initial;
    },
  };
  const decide = () => ({ fate: drawFate(behaviour, random), behaviour });

  const server = createServer({
    keepAliveTimeout: 0,
    requestTimeout: 0,
    headersTimeout: 0,
    maxHeaderSize: 65_536,
  });
  server.on('connection', (socket) => {
    stats.connectionOpened();
    socket.once('close', () => stats.connectionClosed());
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!isControl(request)) new Exchange(request, response, stats, decide);
    else answerControl(request, response, controls).catch(() => response.destroy());
  });
  await listen(server, port, host);

  const address = server.address() as AddressInfo;
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    port: address.port,
    stats: () => stats.snapshot(),
    resetStats: () => stats.reset(),
    behaviour: () => behaviour,
    setBehaviour: (change) => {
      behaviour = { ...behaviour, ...change };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
