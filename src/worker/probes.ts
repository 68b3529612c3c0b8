import { createServer, type Server, type ServerResponse } from 'node:http';
import { createMetrics, type Metrics, type MetricsView } from '../metrics/prometheus.ts';

/** What probes and scrapes ask of a worker. */
export interface Probed {
  /** It has lanes that could attack. */
  readonly ready: boolean;
  metrics(): MetricsView;
}

/** Answers `/healthz`, `/readyz` and `/metrics` from the main thread, so that busy lanes never make it look dead. */
export class Probes {
  readonly #worker: Probed;
  readonly #server: Server;
  #metrics: Metrics | null = null;

  constructor(worker: Probed) {
    this.#worker = worker;
    this.#server = createServer((request, response) => {
      this.#answer(request.url ?? '', response).catch((error: unknown) =>
        respond(response, 500, String(error)),
      );
    });
  }

  /** @param host address to listen on; null: all of them @throws Error when the port is taken */
  listen(port: number, host: string | null): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, ...(host !== null && { host }) }, () => resolve());
    });
  }

  /** Answers no more, not even on connections that are open. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    if (url === '/healthz') return respond(response, 200, 'ok\n');
    if (url === '/readyz') {
      return this.#worker.ready ? respond(response, 200, 'ready\n') : respond(response, 503, 'not ready\n');
    }
    if (url !== '/metrics') return respond(response, 404, 'here are /healthz, /readyz and /metrics\n');
    if (!this.#worker.ready) return respond(response, 503, 'not ready\n');
    this.#metrics ??= createMetrics(() => this.#worker.metrics());
    respond(response, 200, await this.#metrics.text(), this.#metrics.contentType);
  }
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
