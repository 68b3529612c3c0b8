import type { Dispatcher } from 'undici';
import { failureCode, SUCCEEDED } from '../../metrics/outcome.ts';
import { type AllowedHosts, ANY_HOST } from '../../target/allowed-hosts.ts';
import type { HttpTarget } from '../../target/target.ts';
import type { HttpOptions, Report, Transport, TransportFactory } from '../transport.ts';
import type { Connection } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import { Connector } from './connector.ts';
import { Exchange, type ExchangeOwner } from './exchange.ts';
import { classify, describe } from './failure.ts';
import { followRedirect, isRedirect } from './redirect.ts';

const MAX_STATUS = 599;
const PROTOCOL = failureCode('protocol');
const REDIRECT = failureCode('redirect');
const OTHER = failureCode('other');

/**
 * HTTP/1.1 over undici. @throws Error when `options.tls.ca` is no PEM text
 *
 * A hit is one request, and those that follow its redirects. Bodies of answers are read whole, counted and not kept.
 * Connections stay open between hits; one that the server closes meanwhile is opened again. A request that meets the
 * closing fails, as nothing is sent twice.
 */
export const createHttpTransport: TransportFactory<HttpTarget, HttpOptions> = (
  options,
  slots,
  report,
  hosts = ANY_HOST,
) => new HttpTransport(options, slots, report, hosts);

/** undici's own options for a request, and the name for TLS that its types leave out. */
type Request = Dispatcher.DispatchOptions & { servername: string };

class HttpTransport implements Transport<HttpTarget>, ExchangeOwner {
  readonly #report: Report;
  readonly #connector: Connector;
  readonly #pool: ConnectionPool;
  readonly #redirects: number;
  readonly #hosts: AllowedHosts;
  readonly #exchanges: Exchange[];
  /** Indexed by status: 1 where it is a success. */
  readonly #succeeds = new Uint8Array(MAX_STATUS + 1);
  /** undici takes what it needs out of it before `dispatch` returns, so one serves all requests. */
  readonly #request: Request;

  constructor(options: HttpOptions, slots: number, report: Report, hosts: AllowedHosts) {
    this.#report = report;
    this.#hosts = hosts;
    this.#connector = new Connector(options.tls);
    this.#pool = new ConnectionPool(this.#connector, slots);
    this.#redirects = options.redirects;
    this.#exchanges = Array.from({ length: slots }, (_, slot) => new Exchange(slot, this));
    for (const [from, to] of options.success) this.#succeeds.fill(1, from, to + 1);
    this.#request = {
      path: '/',
      method: 'GET',
      // Said for each request; else undici closes the connection after each HEAD and each GET with a body.
      reset: !options.keepAlive,
      // Constant for a connection; else undici takes it from the Host header and connects anew when that changes.
      servername: 'unused',
    };
  }

  send(slot: number, target: HttpTarget): void {
    const exchange = this.#exchanges[slot]!;
    exchange.starting = true;
    // A targeter may use its object again; what redirects need later is kept apart.
    exchange.begin(this.#redirects > 0 ? { ...target } : target);
    this.#dispatch(exchange, target);
    exchange.starting = false;
  }

  abort(slot: number): void {
    const exchange = this.#exchanges[slot]!;
    this.#exchanges[slot] = new Exchange(slot, this);
    exchange.abandoned = true;
    if (exchange.connection !== null) this.#pool.discard(exchange.connection);
  }

  async close(): Promise<void> {
    for (const exchange of this.#exchanges) if (exchange.target !== null) this.abort(exchange.slot);
    this.#pool.close();
    await this.#connector.drained();
  }

  onAnswer(exchange: Exchange): void {
    const connection = this.#leave(exchange);
    if (connection !== null) this.#pool.release(connection);
    const { status, location } = exchange;
    if (this.#redirects > 0 && location !== undefined && isRedirect(status)) this.#follow(exchange, location);
    else if (status > MAX_STATUS) this.#end(exchange, PROTOCOL, `status ${status} is none of HTTP`);
    else this.#end(exchange, this.#succeeds[status] === 1 ? SUCCEEDED : status, '');
  }

  onFailure(exchange: Exchange, error: Error): void {
    // The client is in the middle of failing: it must not be used again from within this call, so it goes.
    const connection = this.#leave(exchange);
    if (connection !== null) this.#pool.discard(connection);
    this.#end(exchange, classify(error, exchange), describe(error));
  }

  #dispatch(exchange: Exchange, target: HttpTarget): void {
    const request = this.#request;
    request.path = target.path;
    request.method = target.method;
    request.headers = target.headers;
    request.body = target.body;
    try {
      const connection = this.#pool.take(target.origin);
      exchange.connection = connection;
      connection.client.dispatch(request, exchange);
    } catch (error) {
      const connection = this.#leave(exchange);
      if (connection !== null) this.#pool.discard(connection);
      this.#end(exchange, OTHER, describe(error as Error));
    }
  }

  #follow(exchange: Exchange, location: string): void {
    const { target, status } = exchange;
    const next = followRedirect(target!, status, location);
    if (next === null) {
      // Without its query, which may hold what is not for everybody.
      const place = describe(new Error(location.split('?', 1)[0]));
      this.#end(exchange, REDIRECT, `redirect to ${place} cannot be followed`);
    } else if (exchange.redirects === this.#redirects) {
      this.#end(exchange, REDIRECT, `more than ${this.#redirects} redirects`);
    } else {
      const refusal = this.#hosts.refusalOf(next.origin);
      if (refusal !== null) return this.#end(exchange, REDIRECT, `redirect: ${refusal}`);
      exchange.redirects++;
      exchange.beginRequest(next);
      this.#dispatch(exchange, next);
    }
  }

  #leave(exchange: Exchange): Connection | null {
    const connection = exchange.connection;
    exchange.connection = null;
    return connection;
  }

  #end(exchange: Exchange, outcome: number, error: string): void {
    if (exchange.starting) {
      queueMicrotask(() => {
        if (!exchange.abandoned) this.#end(exchange, outcome, error);
      });
      return;
    }
    exchange.target = null;
    const status = exchange.status <= MAX_STATUS ? exchange.status : 0;
    this.#report(exchange.slot, outcome, status, exchange.bytesOut, exchange.bytesIn, error);
  }
}
