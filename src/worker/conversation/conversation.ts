import type { Clock } from '../../attack/clock.ts';
import type { SyncRequest, SyncResponse } from '../../coordinator/protocol.ts';
import { ClockOffset } from './clock-offset.ts';
import type { SyncClient } from './sync-client.ts';

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;

/** What is said. */
export interface Speaker {
  /** What the worker says now. @param urgent it wants an answer at once */
  request(urgent: boolean): SyncRequest;
  /** Takes in an answer. */
  hear(response: SyncResponse): void;
  /** Whether calls are urgent from now on. */
  isUrgent(): boolean;
}

/** A worker's talk with the coordinator: one call after another, and beside them those that cannot wait. */
export class Conversation {
  readonly #clock: Clock;
  readonly #client: SyncClient;
  readonly #speaker: Speaker;
  readonly #offset = new ClockOffset();
  readonly #over = new AbortController();
  #answeredAt: number;
  #failure = '';

  constructor(client: SyncClient, clock: Clock, speaker: Speaker) {
    this.#clock = clock;
    this.#client = client;
    this.#speaker = speaker;
    this.#answeredAt = clock.now();
  }

  /** Clock time up to which the coordinator is known to have heard of us, in ms: leases run from then on. */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  /** Why the last call has failed, in words; empty: it has not. */
  get failure(): string {
    return this.#failure;
  }

  /** The coordinator is another one from the newest answer on. */
  meetAnother(): void {
    this.#offset.restart();
  }

  /** An instant of the coordinator's clock on ours, in ms. Only after a first answer. */
  toLocal(coordinatorTime: number): number {
    return this.#offset.toLocal(coordinatorTime);
  }

  /** Calls again and again, until `end`. */
  async keepUp(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!this.#over.signal.aborted) {
      try {
        await this.#call(this.#speaker.isUrgent());
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        this.#failure = (error as Error).message;
        await new Promise((resolve) => setTimeout(resolve, retryMs * (0.5 + Math.random())));
        retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
      }
    }
  }

  /** Calls at once, beside the regular call. */
  callAtOnce(): void {
    this.#call(true).catch(() => {
      // The regular call says the same, as soon as it gets through.
    });
  }

  /** No further call is begun by `keepUp`. */
  end(): void {
    this.#over.abort();
  }

  async #call(urgent: boolean): Promise<void> {
    const sentAt = this.#clock.now();
    const response = await this.#client.sync(this.#speaker.request(urgent));
    this.#failure = '';
    this.#offset.observe(sentAt, this.#clock.now(), response.heldMs, response.now);
    this.#answeredAt = Math.max(this.#answeredAt, sentAt + response.heldMs);
    this.#speaker.hear(response);
  }
}
