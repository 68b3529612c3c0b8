import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Metrics in Prometheus' text format. */
export interface Exposition {
  text: string;
  /** For the answer's `content-type` header. */
  contentType: string;
}

/** What probes and scrapes ask of a process. */
export interface Health {
  /** Whether it works: one that does not is ended. */
  alive(): boolean;
  /** Whether it could do now what it is there for. */
  ready(): boolean;
  /** null: there is nothing to tell yet. */
  metrics(): Promise<Exposition | null>;
}

/** Answers `/healthz`, `/readyz` and `/metrics`. */
export class HealthServer {
  readonly #health: Health;
  readonly #server: Server;

  constructor(health: Health) {
    this.#health = health;
    this.#server = createServer((request, response) => {
      this.#answer(request.url ?? '', response).catch((error: unknown) =>
        respond(response, 500, String(error)),
      );
    });
  }

  /** @param host address to listen on; null: all of them @returns the port. @throws Error when it is taken */
  listen(port: number, host: string | null): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, ...(host !== null && { host }) }, () =>
        resolve((this.#server.address() as AddressInfo).port),
      );
    });
  }

  /** Answers no more, not even on connections that are open. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    if (url === '/healthz') return say(response, this.#health.alive(), 'ok');
    if (url === '/readyz') return say(response, this.#health.ready(), 'ready');
    if (url !== '/metrics') return respond(response, 404, 'here are /healthz, /readyz and /metrics\n');
    const metrics = await this.#health.metrics();
    if (metrics === null) return say(response, false, 'ready');
    respond(response, 200, metrics.text, metrics.contentType);
  }
}

function say(response: ServerResponse, yes: boolean, word: string): void {
  if (yes) respond(response, 200, `${word}\n`);
  else respond(response, 503, `not ${word}\n`);
}

function respond(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
