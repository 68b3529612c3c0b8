import { CONTENT_PATH, SYNC_PATH, type SyncRequest, type SyncResponse } from '../coordinator/protocol.ts';
import type { Content } from '../template/content.ts';

/** A call that has no answer by then has failed, in ms. The coordinator holds calls for a second at most. */
const CALL_TIMEOUT_MS = 5000;
const CONTENT_TIMEOUT_MS = 30_000;

/** A worker's way to the coordinator. */
export class SyncClient {
  readonly #base: string;
  readonly #token: string;

  constructor(base: string, token: string) {
    this.#base = base;
    this.#token = token;
  }

  /** @throws Error when there is no answer in time or it is none */
  async sync(request: SyncRequest): Promise<SyncResponse> {
    return (await this.#fetch(SYNC_PATH, CALL_TIMEOUT_MS, JSON.stringify(request))) as SyncResponse;
  }

  /** @throws Error when the coordinator has no such content or does not answer in time */
  async content(digest: string): Promise<Content> {
    return (await this.#fetch(CONTENT_PATH + digest, CONTENT_TIMEOUT_MS)) as Content;
  }

  async #fetch(path: string, timeoutMs: number, body?: string): Promise<unknown> {
    const response = await fetch(this.#base + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the coordinator answered ${response.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }
}
