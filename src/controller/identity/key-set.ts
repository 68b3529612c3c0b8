import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { Clock } from '../../attack/clock.ts';
import type { Connection } from '../../kube/connection.ts';

/** A key that is not known may be new: the keys are read again, but not more often than this, in ms. */
const LEAST_MS = 10_000;

/** Keys are read again after so long, in ms, so that one that was withdrawn is trusted no longer. */
const MOST_MS = 10 * 60_000;

/** How long a call for keys may take, in ms: workers wait for it. */
const CALL_MS = 5_000;

export type KeySet = ReturnType<typeof createLocalJWKSet>;

/** What service account tokens of the cluster are verified with. */
export interface Issuer {
  /** What tokens have to call their issuer. */
  name: string;
  keys: KeySet;
}

/** The keys by which the API server signs service account tokens, read from itself. */
export class IssuerKeys {
  readonly #connection: Pick<Connection, 'call'>;
  readonly #clock: Clock;
  #issuer: Issuer | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<Issuer> | null = null;

  constructor(connection: Pick<Connection, 'call'>, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /**
   * Keys that are not too old, or the last ones where new ones cannot be had.
   * @throws KubeError where there have never been any
   */
  async get(): Promise<Issuer> {
    if (this.#issuer === null) return this.#read();
    if (this.#clock.now() - this.#readAt < MOST_MS) return this.#issuer;
    return (await this.again()) ?? this.#issuer;
  }

  /** Reads them again, since a token names a key that is not among them. @returns null: not now */
  async again(): Promise<Issuer | null> {
    if (this.#reading === null && this.#clock.now() - this.#triedAt < LEAST_MS) return null;
    try {
      return await this.#read();
    } catch {
      return null;
    }
  }

  #read(): Promise<Issuer> {
    this.#reading ??= this.#readOnce().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readOnce(): Promise<Issuer> {
    this.#triedAt = this.#clock.now();
    const [discovery, keys] = await Promise.all([
      this.#get('/.well-known/openid-configuration', 'application/json'),
      this.#get('/openid/v1/jwks', 'application/jwk-set+json'),
    ]);
    const { issuer } = discovery as { issuer?: unknown };
    if (typeof issuer !== 'string' || issuer === '') {
      throw new Error('the API server does not say who issues its service account tokens');
    }
    this.#issuer = { name: issuer, keys: createLocalJWKSet(keys as JSONWebKeySet) };
    this.#readAt = this.#clock.now();
    return this.#issuer;
  }

  #get(path: string, accept: string): Promise<unknown> {
    return this.#connection.call({
      method: 'GET',
      path,
      accept,
      call: `get ${path}`,
      verb: 'get',
      resource: path,
      timeoutMs: CALL_MS,
    });
  }
}
