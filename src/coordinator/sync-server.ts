import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Content } from '../template/content.ts';
import { CONTENT_PATH, SYNC_PATH, type SyncRequest, type SyncResponse } from './protocol.ts';
import { readSyncRequest } from './sync-request.ts';

/** The largest call that is read, in bytes. A whole report of 32 labels is about 1 MiB. */
const LARGEST_CALL = 8 * 1024 * 1024;

export interface SyncServerOptions {
  /** Address to listen on. */
  host: string;
  /** What callers must show as a bearer token. */
  token: string;
  sync: (request: SyncRequest) => Promise<SyncResponse>;
  /** null: there is none of that digest. */
  content: (digest: string) => Content | null;
}

/** Where workers reach the coordinator: two routes over HTTP, each call with the token. */
export class SyncServer {
  readonly #options: SyncServerOptions;
  readonly #server: Server;

  constructor(options: SyncServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) respond(response, 500, { error: String(error) });
        else response.destroy();
      });
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  /** Listens on a free port. @returns the base address, such as `http://127.0.0.1:40123` */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, this.#options.host, () => {
        const { address, port } = this.#server.address() as AddressInfo;
        resolve(`http://${address}:${port}`);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#knows(request)) return respond(response, 401, { error: 'a valid bearer token is needed' });
    const { method, url = '' } = request;
    if (method === 'POST' && url === SYNC_PATH) {
      const body = await bodyOf(request);
      if (body === null) return respond(response, 413, { error: `more than ${LARGEST_CALL} bytes` });
      const call = readSyncRequest(body);
      if (typeof call === 'string') return respond(response, 400, { error: call });
      return respond(response, 200, await this.#options.sync(call));
    }
    if (method === 'GET' && url.startsWith(CONTENT_PATH)) {
      const content = this.#options.content(url.slice(CONTENT_PATH.length));
      if (content !== null) return respond(response, 200, content);
      return respond(response, 404, { error: 'no content of that digest' });
    }
    return respond(response, 404, { error: `${method} ${url} is not known here` });
  }

  #knows(request: IncomingMessage): boolean {
    const given = Buffer.from(request.headers.authorization ?? '');
    const expected = Buffer.from(`Bearer ${this.#options.token}`);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

/** @returns null when the body is too large */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_CALL) return null;
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
