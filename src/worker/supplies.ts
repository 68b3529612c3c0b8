import type { Content } from '../template/content.ts';
import type { Protocol } from '../transport/protocol.ts';
import type { Beside } from './beside.ts';
import type { SyncClient } from './conversation/sync-client.ts';

/** How often it is looked again for a login that is not there, in ms. */
const LOGIN_RETRY_MS = 2000;

export interface SuppliesOptions {
  client: Pick<SyncClient, 'content'>;
  beside: Pick<Beside, 'complete' | 'logIn'>;
  /** Something is waited for; what, in words. Empty: no more. */
  waiting: (reason: string) => void;
}

/** Gets what a worker needs to send: sets from the coordinator, and secrets from where it stands itself. */
export class Supplies {
  readonly #options: SuppliesOptions;
  /** A set as it travels, that is not complete yet; null: there is none. */
  #fetched: Content | null = null;

  constructor(options: SuppliesOptions) {
    this.#options = options;
  }

  /** @throws Error when the set cannot be had, or a secret in it, for now or for ever */
  async content(digest: string): Promise<Content> {
    const { client, beside } = this.#options;
    if (this.#fetched?.digest !== digest) this.#fetched = await client.content(digest);
    const complete = await beside.complete(this.#fetched);
    this.#fetched = null;
    return complete;
  }

  /** The options of a protocol with its logins, as soon as they are there. @returns null: it is not wanted any more */
  async loggedIn(protocol: Protocol, isWanted: () => boolean): Promise<Protocol | null> {
    const { beside, waiting } = this.#options;
    while (isWanted()) {
      try {
        const loggedIn = await beside.logIn(protocol);
        waiting('');
        return loggedIn;
      } catch (error) {
        waiting((error as Error).message);
        await new Promise((resolve) => setTimeout(resolve, LOGIN_RETRY_MS));
      }
    }
    return null;
  }
}
