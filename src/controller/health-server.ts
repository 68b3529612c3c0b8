import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What probes and scrapes ask of the controller. */
export interface Health {
  /** It works, or waits for the lead: what has to be known of a process before it is ended. */
  alive(): boolean;
  /** It can reach the API server. A standby is ready too: otherwise its Deployment would never be available. */
  ready(): boolean;
  metrics(): Promise<{ text: string; contentType: string }>;
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

  /** @returns the port. @throws Error when it is taken */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    if (url === '/healthz') return say(response, this.#health.alive());
    if (url === '/readyz') return say(response, this.#health.ready());
    if (url !== '/metrics') return respond(response, 404, 'here are /healthz, /readyz and /metrics\n');
    const { text, contentType } = await this.#health.metrics();
    respond(response, 200, text, contentType);
  }
}

function say(response: ServerResponse, yes: boolean): void {
  if (yes) respond(response, 200, 'ok\n');
  else respond(response, 503, 'not ok\n');
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
