import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { HttpTarget } from '../../target/target.ts';
import type { Connection } from './connection.ts';

/** What an exchange tells its transport, at most once for each request. */
export interface ExchangeOwner {
  /** The whole answer came. */
  onAnswer(exchange: Exchange): void;
  onFailure(exchange: Exchange, error: Error): void;
}

/**
 * One hit in a slot: the request that is out and what has come back so far. There is one object a slot, used again for
 * each hit; one that was aborted is left behind and hears nothing any more, so that a late event finds no new hit.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly slot: number;
  readonly #owner: ExchangeOwner;
  /** null between requests. */
  connection: Connection | null = null;
  /** null between hits. Only redirects look into it. */
  target: HttpTarget | null = null;
  /** True while `send` runs, during which nothing may be reported. */
  starting = false;
  abandoned = false;
  redirects = 0;
  /** The final status of the last request, 0 as long as none came. */
  status = 0;
  location: string | undefined = undefined;
  written = false;
  /** Size of the body of the request that is out, in bytes. */
  #bodyBytes = 0;
  /** Sizes of bodies, over all requests of the hit, in bytes. */
  bytesOut = 0;
  bytesIn = 0;

  constructor(slot: number, owner: ExchangeOwner) {
    this.slot = slot;
    this.#owner = owner;
  }

  get answered(): boolean {
    return this.status !== 0;
  }

  /** Makes it ready for the first request of a hit. */
  begin(target: HttpTarget): void {
    this.redirects = 0;
    this.bytesOut = 0;
    this.bytesIn = 0;
    this.beginRequest(target);
  }

  /** Makes it ready for the next request of the same hit. */
  beginRequest(target: HttpTarget): void {
    this.target = target;
    this.#bodyBytes = target.body?.length ?? 0;
    this.status = 0;
    this.written = false;
  }

  onRequestStart(): void {
    this.written = true;
    this.bytesOut += this.#bodyBytes;
  }

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    // 1xx only announces; the answer is still to come.
    if (status < 200) return;
    this.status = status;
    this.location = headers.location;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.bytesIn += chunk.length;
  }

  onResponseEnd(): void {
    if (!this.abandoned) this.#owner.onAnswer(this);
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (!this.abandoned) this.#owner.onFailure(this, error);
  }
}
