import { Connection } from './connection.ts';
import type { Connector } from './connector.ts';

/** The connections to one origin. Kept only while there are any, so that origins without end need no memory. */
interface OriginConnections {
  readonly url: URL;
  /** Those not in use, the one used last standing last. */
  readonly idle: Connection[];
  /** In use or idle. */
  count: number;
  /** When it was used last, in uses of the pool. */
  lastUse: number;
}

/**
 * The connections of one lane: at most `limit` over all origins. The connection used last is given first, so that few
 * sockets are hot rather than many lukewarm. Whoever takes one gives it back, or discards it when it has failed.
 */
export class ConnectionPool {
  readonly #connector: Connector;
  readonly #limit: number;
  readonly #origins = new Map<string, OriginConnections>();
  #count = 0;
  #uses = 0;
  #closed = false;

  /** @param limit the most connections, not less than will be in use at once */
  constructor(connector: Connector, limit: number) {
    this.#connector = connector;
    this.#limit = limit;
  }

  /** A connection to `origin`, idle or new; at the limit, the coldest of the origin used least recently is closed for it. */
  take(origin: string): Connection {
    if (this.#closed) throw new Error('the transport is closed');
    const known = this.#origins.get(origin);
    if (known !== undefined) {
      known.lastUse = ++this.#uses;
      const idle = known.idle.pop();
      if (idle !== undefined) return idle;
    }
    return this.#make(origin, known?.url ?? new URL(origin));
  }

  /** Gives back a connection whose last answer was whole. */
  release(connection: Connection): void {
    this.#origins.get(connection.origin)?.idle.push(connection);
  }

  /** Closes a connection that was taken. */
  discard(connection: Connection): void {
    const origin = this.#origins.get(connection.origin);
    if (origin !== undefined) this.#forget(connection, origin);
    connection.destroy();
  }

  /** Closes those that are idle; nothing can be taken afterwards. */
  close(): void {
    this.#closed = true;
    for (const { idle } of this.#origins.values()) {
      for (const connection of idle.splice(0)) this.discard(connection);
    }
  }

  #make(origin: string, url: URL): Connection {
    if (this.#count >= this.#limit) this.#closeColdest();
    const connection = new Connection(origin, url, this.#connector);
    let connections = this.#origins.get(origin);
    if (connections === undefined) {
      connections = { url, idle: [], count: 0, lastUse: ++this.#uses };
      this.#origins.set(origin, connections);
    }
    connections.count++;
    this.#count++;
    return connection;
  }

  #closeColdest(): void {
    let coldest: OriginConnections | undefined;
    for (const origin of this.#origins.values()) {
      if (origin.idle.length > 0 && (coldest === undefined || origin.lastUse < coldest.lastUse))
        coldest = origin;
    }
    const connection = coldest?.idle.shift();
    if (connection !== undefined) this.discard(connection);
  }

  #forget(connection: Connection, origin: OriginConnections): void {
    origin.count--;
    this.#count--;
    if (origin.count === 0) this.#origins.delete(connection.origin);
  }
}
