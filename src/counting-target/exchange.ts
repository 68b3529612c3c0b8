import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Behaviour } from './behaviour.ts';
import type { Fate } from './fate.ts';
import { MAX_READ_BODY, type Stats } from './stats.ts';
import { writeKeyOf } from './write-key.ts';

/** A text, not a Buffer: so that Node sends it and the headers in one piece. */
const BODY = '{"success":true}\n';
/** What a truncated answer announces and does not send. */
const MISSING_BYTES = 64;
const HEADERS = { 'content-type': 'application/json', 'content-length': BODY.length };
const TRUNCATED_HEADERS = { ...HEADERS, 'content-length': BODY.length + MISSING_BYTES };

/** One request on its way in and its answer on its way out. It ends with the answer or with its connection. */
export class Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #stats: Stats;
  readonly #decide: () => { fate: Fate; behaviour: Readonly<Behaviour> };
  #chunks: Buffer[] = [];
  #size = 0;
  #arrived = false;
  #endedByUs = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param decide asked once, when the request has arrived whole */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    stats: Stats,
    decide: () => { fate: Fate; behaviour: Readonly<Behaviour> },
  ) {
    this.#request = request;
    this.#response = response;
    this.#stats = stats;
    this.#decide = decide;
    stats.requestStarted();
    request.on('data', (chunk: Buffer) => this.#take(chunk));
    request.on('end', () => this.#arrive());
    response.on('close', () => this.#end());
  }

  #take(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size <= MAX_READ_BODY) this.#chunks.push(chunk);
    else this.#chunks = [];
  }

  #arrive(): void {
    this.#arrived = true;
    const { url = '/', headers } = this.#request;
    const query = url.indexOf('?');
    const path = query === -1 ? url : url.slice(0, query);
    const [first = null] = this.#chunks;
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
    this.#chunks = [];
    this.#stats.requestArrived(path, writeKeyOf(headers.authorization), this.#size, body);

    const { fate, behaviour } = this.#decide();
    if (fate.delayMs === 0) this.#answer(fate, behaviour);
    else this.#timer = setTimeout(() => this.#answer(fate, behaviour), fate.delayMs);
  }

  #answer(fate: Fate, behaviour: Readonly<Behaviour>): void {
    const status = fate.kind === 'fail' ? behaviour.failStatus : behaviour.okStatus;
    switch (fate.kind) {
      case 'hang':
        this.#stats.misbehaved('hung');
        return;
      case 'close':
        this.#stats.misbehaved('closed');
        this.#endedByUs = true;
        this.#request.socket.destroy();
        return;
      case 'truncate':
        this.#stats.misbehaved('truncated');
        this.#stats.answered(status, BODY.length);
        this.#endedByUs = true;
        this.#response.writeHead(status, TRUNCATED_HEADERS);
        this.#response.write(BODY, () => this.#request.socket.destroySoon());
        return;
      case 'fail':
      case 'answer':
        this.#send(status, behaviour.slowBodyMs);
    }
  }

  #send(status: number, slowBodyMs: number): void {
    if (status === 204 || status === 304) {
      this.#stats.answered(status, 0);
      this.#response.writeHead(status).end();
      return;
    }
    this.#stats.answered(status, BODY.length);
    this.#response.writeHead(status, HEADERS);
    if (slowBodyMs === 0) {
      this.#response.end(BODY);
    } else {
      this.#response.flushHeaders();
      this.#trickle(0, performance.now(), slowBodyMs / BODY.length);
    }
  }

  /** Sends byte after byte, each after a pause; byte n is due n + 1 pauses after the start, so that no delay adds up. */
  #trickle(sent: number, startedAt: number, pauseMs: number): void {
    const waitMs = startedAt + (sent + 1) * pauseMs - performance.now();
    this.#timer = setTimeout(
      () => {
        this.#response.write(BODY[sent]);
        if (sent + 1 < BODY.length) this.#trickle(sent + 1, startedAt, pauseMs);
        else this.#response.end();
      },
      Math.max(0, waitMs),
    );
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#chunks = [];
    if (!this.#arrived) this.#stats.requestAborted();
    else if (!this.#endedByUs && !this.#response.writableFinished) this.#stats.abandoned();
    this.#stats.requestEnded();
  }
}
