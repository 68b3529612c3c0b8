import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Caller, CallerOf } from './caller.ts';
import { readFinding } from './finding.ts';
import { NotServing } from './not-serving.ts';
import { CONTENT_PATH, FINDING_PATH, SCOUTING_PATH, SYNC_PATH, type WorkerIdentity } from './protocol.ts';
import { readSyncRequest } from './sync-request.ts';

/** The largest call that is read, in bytes. A whole report of 32 labels is about 1 MiB. */
const LARGEST_CALL = 8 * 1024 * 1024;
/** The same for a finding: 5 MiB of text, in JSON. */
const LARGEST_FINDING = 16 * 1024 * 1024;
/** How long a call may take to come in, its head and all of it, in ms. */
const HEAD_MS = 10_000;
const WHOLE_MS = 60_000;
/** Longer than workers wait between calls, in ms. */
const KEEP_ALIVE_MS = 60_000;
/** A worker has a few: 500 of them, and as many more. */
const MOST_CONNECTIONS = 4000;

export interface TlsIdentity {
  /** PEM. */
  key: string;
  /** PEM, with the chain. */
  cert: string;
}

export interface SyncServerOptions {
  /** Address to listen on. */
  host: string;
  /** 0: any that is free. */
  port: number;
  /** null: plain HTTP, for loopback. */
  tls: TlsIdentity | null;
  callerOf: CallerOf;
}

/** Where workers reach the coordinators of their runs: four routes over HTTP, each call with a token. */
export class SyncServer {
  readonly #options: SyncServerOptions;
  readonly #server: ReturnType<typeof createServer> | TlsServer;

  constructor(options: SyncServerOptions) {
    this.#options = options;
    const { tls } = options;
    const listener: RequestListener = (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else if (error instanceof NotServing) respond(response, 503, { error: error.message });
        else respond(response, 500, { error: String(error) });
      });
    };
    const server = tls === null ? createServer(listener) : createTlsServer({ ...tls }, listener);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.headersTimeout = HEAD_MS;
    server.requestTimeout = WHOLE_MS;
    server.maxConnections = MOST_CONNECTIONS;
    this.#server = server;
  }

  /** @returns the base address, such as `http://127.0.0.1:40123` */
  listen(): Promise<string> {
    const { host, port, tls } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.removeListener('error', reject);
        const { address, family, port: bound } = this.#server.address() as AddressInfo;
        const at = family === 'IPv6' ? `[${address}]` : address;
        resolve(`${tls === null ? 'http' : 'https'}://${at}:${bound}`);
      });
    });
  }

  /** Shows another certificate from the next connection on. Only with TLS. */
  setSecureContext(tls: TlsIdentity): void {
    if (this.#server instanceof TlsServer) this.#server.setSecureContext({ ...tls });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = await this.#options.callerOf(request.headers.authorization ?? '');
    if (caller === null) return respond(response, 401, { error: 'a valid bearer token is needed' });
    const { method, url = '' } = request;
    if (method === 'POST' && url === SYNC_PATH) return takeCall(caller, request, response);
    if (method === 'POST' && url === FINDING_PATH) return takeFinding(caller, request, response);
    if (method === 'GET' && url.startsWith(CONTENT_PATH)) {
      return give(response, caller.content(url.slice(CONTENT_PATH.length)), 'content');
    }
    if (method === 'GET' && url.startsWith(SCOUTING_PATH)) {
      return give(response, caller.scouting(url.slice(SCOUTING_PATH.length)), 'order');
    }
    respond(response, 404, { error: `${method} ${url} is not known here` });
  }
}

async function takeCall(caller: Caller, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request, LARGEST_CALL);
  if (body === null) return respond(response, 413, { error: `more than ${LARGEST_CALL} bytes` });
  const call = readSyncRequest(body);
  if (typeof call === 'string') return respond(response, 400, { error: call });
  if (!isFrom(caller, call)) return respond(response, 403, { error: NOT_THEIRS });
  respond(response, 200, await caller.sync(call));
}

async function takeFinding(
  caller: Caller,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request, LARGEST_FINDING);
  if (body === null) return respond(response, 413, { error: `more than ${LARGEST_FINDING} bytes` });
  const finding = readFinding(body);
  if (typeof finding === 'string') return respond(response, 400, { error: finding });
  if (!isFrom(caller, finding)) return respond(response, 403, { error: NOT_THEIRS });
  caller.finding(finding);
  respond(response, 200, {});
}

const NOT_THEIRS = 'the token is that of another worker';

function isFrom({ run, worker }: Caller, said: { run: string; worker: WorkerIdentity }): boolean {
  if (said.run !== run) return false;
  const { index, replacement } = said.worker;
  return worker === null || (worker.index === index && worker.replacement === replacement);
}

function give(response: ServerResponse, thing: object | null, kind: string): void {
  if (thing !== null) respond(response, 200, thing);
  else respond(response, 404, { error: `no ${kind} of that digest` });
}

/** @returns null when the body is too large */
async function bodyOf(request: IncomingMessage, largest: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function respond(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
