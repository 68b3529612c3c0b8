import { isIP } from 'node:net';
import type { Logger } from 'pino';
import type { Caller } from '../coordinator/caller.ts';
import { SyncServer } from '../coordinator/sync-server.ts';
import { sleep } from '../time/sleep.ts';
import type { Authority } from './authority/authority.ts';

/** How often it is seen to that the certificate of the server is valid for long, in ms. */
const VALID_EVERY_MS = 10 * 60_000;

/** How long the authority is waited for from one try to the next, in ms. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

export interface CoordinatorEndpointOptions {
  authority: Pick<Authority, 'refresh'>;
  log: Logger;
  /** By which workers reach this process: a name or an IP address. */
  host: string;
  /** 0: any free one. */
  port: number;
  /** @returns null: nobody that is known. @throws NotServing */
  callerOf: (authorization: string) => Promise<Caller | null>;
  /** Workers have to trust other authorities than before. */
  onTrustChange: () => void;
}

/** Where the workers of all runs ask, under a certificate of the controller's own authority. */
export class CoordinatorEndpoint {
  readonly #options: CoordinatorEndpointOptions;
  #server: SyncServer | null = null;
  #trusted = '';
  #url = '';

  constructor(options: CoordinatorEndpointOptions) {
    this.#options = options;
  }

  /** The authorities that workers have to trust, as PEM. */
  get trusted(): string {
    return this.#trusted;
  }

  /** Such as `https://taz-coordinator.taz-system.svc:8443`; empty before it listens. */
  get url(): string {
    return this.#url;
  }

  /** @throws the signal's reason when it is aborted before; Error when the port is taken */
  async listen(signal: AbortSignal): Promise<void> {
    const { log, host, port, callerOf } = this.#options;
    const { bundle, serving } = await this.#identity(signal);
    this.#trusted = bundle;
    const tls = { key: serving.key, cert: serving.certificate };
    this.#server = new SyncServer({ host: '0.0.0.0', port, tls, callerOf });
    const address = await this.#server.listen();
    const name = isIP(host) === 6 ? `[${host}]` : host;
    this.#url = `https://${name}:${new URL(address).port || '443'}`;
    log.info({ address, url: this.#url }, 'workers are answered');
  }

  /** Sees to it that its certificate stays valid, until `signal` is aborted. */
  async keepValid(signal: AbortSignal): Promise<void> {
    const { authority, log, onTrustChange } = this.#options;
    while (await sleep(VALID_EVERY_MS, signal)) {
      try {
        const { serving, bundle } = await authority.refresh();
        this.#server?.setSecureContext({ key: serving.key, cert: serving.certificate });
        if (bundle === this.#trusted) continue;
        this.#trusted = bundle;
        onTrustChange();
      } catch (error) {
        log.warn({ error: String(error) }, 'the authority could not be looked at');
      }
    }
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #identity(signal: AbortSignal): ReturnType<Authority['refresh']> {
    const { authority, log } = this.#options;
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2)) {
      try {
        return await authority.refresh();
      } catch (error) {
        log.warn({ error: String(error), waitMs }, 'the authority cannot be had yet');
        if (!(await sleep(waitMs, signal))) throw signal.reason;
      }
    }
  }
}
