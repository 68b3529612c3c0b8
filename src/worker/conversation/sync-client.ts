import {
  CONTENT_PATH,
  FINDING_PATH,
  type Finding,
  SCOUTING_PATH,
  type ScoutingOrder,
  SYNC_PATH,
  type SyncRequest,
  type SyncResponse,
} from '../../coordinator/protocol.ts';
import type { Content } from '../../template/content.ts';
import { Caller } from './caller.ts';
import type { LookUpCredentials } from './credentials.ts';

/** A call that has no answer by then has failed, in ms. The coordinator holds calls for a second at most. */
const CALL_TIMEOUT_MS = 5000;
/** The same where templates or targets travel. */
const CONTENT_TIMEOUT_MS = 30_000;

/** What a worker says to the coordinator, and what it is answered. */
export class SyncClient {
  readonly #caller: Caller;

  /** @param base address of the coordinator, such as `http://127.0.0.1:40123` */
  constructor(base: string, credentials: LookUpCredentials) {
    this.#caller = new Caller(base, credentials);
  }

  /** @throws Error when there is no answer in time or it is none */
  async sync(request: SyncRequest): Promise<SyncResponse> {
    return (await this.#caller.call(SYNC_PATH, CALL_TIMEOUT_MS, request)) as SyncResponse;
  }

  /** @throws RefusalError when the coordinator has no such content, another Error when it does not answer in time */
  async content(digest: string): Promise<Content> {
    return (await this.#caller.call(CONTENT_PATH + digest, CONTENT_TIMEOUT_MS)) as Content;
  }

  /** @throws RefusalError when the order is none any more, another Error when there is no answer in time */
  async scoutingOrder(digest: string): Promise<ScoutingOrder> {
    return (await this.#caller.call(SCOUTING_PATH + digest, CONTENT_TIMEOUT_MS)) as ScoutingOrder;
  }

  /** Resolves when the coordinator has it. @throws as `scoutingOrder` */
  async tell(finding: Finding): Promise<void> {
    await this.#caller.call(FINDING_PATH, CONTENT_TIMEOUT_MS, finding);
  }

  /** No call is made after this one. */
  close(): void {
    this.#caller.close();
  }
}
