import type net from 'node:net';
import { Client, errors } from 'undici';
import type { Connector } from './connector.ts';

/** How long an idle connection is kept, unless the server asks for less: a trickle must not connect at each hit. */
const KEEP_ALIVE_MS = 600_000;

/** Given up so much earlier than the server says it closes, in ms, so that a request does not meet the closing. */
const KEEP_ALIVE_MARGIN_MS = 500;

/** Why requests on it fail; made once, as a new error each time costs more than all the rest of giving up. */
const GIVEN_UP = new errors.ClientDestroyedError('given up');

/** One place for a connection to an origin: its socket opens with the first request and again after it was closed. */
export class Connection {
  /** As targets name it. */
  readonly origin: string;
  readonly client: Client;
  #socket: net.Socket | null = null;

  constructor(origin: string, url: URL, connector: Connector) {
    this.origin = origin;
    this.client = new Client(url, {
      pipelining: 1,
      allowH2: false,
      // The other parser puts back what it leaves, which direct reads do not know.
      useMilo: false,
      // The lane holds the only clock: it aborts what takes too long, in whichever phase.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
      connect: (_options, done) => {
        this.#socket = connector.connect(url, done);
      },
    });
  }

  /** Gives it up at once, whatever it is doing; a request on it fails. */
  destroy(): void {
    this.client.destroy(GIVEN_UP, ignore);
    // The client does not know a socket that is still connecting.
    this.#socket?.destroy();
  }
}

function ignore(): void {}
