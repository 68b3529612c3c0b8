import { isDeepStrictEqual } from 'node:util';
import type { LoadTestStatus } from '../../api/status.ts';
import type { Clock } from '../../attack/clock.ts';
import type { Client } from '../../kube/client.ts';
import { LOAD_TESTS, type LoadTestObject } from '../../kube/resources.ts';
import type { TokenBucket } from '../../kube/token-bucket.ts';

/** How often the figures of one test are written, in ms. */
const FIGURES_EVERY_MS = 5_000;

/** A turn that was not used by then has lapsed, in ms. */
const TURN_MS = 2_000;

export interface StatusWriterOptions {
  client: Client;
  clock: Clock;
  /** What writes of mere figures are taken from, shared by all tests. */
  statusBudget: TokenBucket;
}

/** Writes the status of one test: transitions at once, figures at most every 5 s and as the budget of all tests allows. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  #last: LoadTestStatus | null = null;
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** When figures may be written, as the budget of all tests allows; null: that was not asked yet. */
  #turnAt: number | null = null;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** What was written last by this process; null: nothing yet. */
  get last(): LoadTestStatus | null {
    return this.#last;
  }

  /**
   * @param live figures will change again
   * @returns after how many ms to come again; null: when something happens
   */
  async write(object: LoadTestObject, status: LoadTestStatus, live: boolean): Promise<number | null> {
    const { client, clock } = this.#options;
    const known = this.#last ?? object.status ?? {};
    const again = live ? FIGURES_EVERY_MS : null;
    if (isDeepStrictEqual(plain(known), plain(status))) {
      this.#last = status;
      return again;
    }
    if (isDeepStrictEqual(transitions(known), transitions(status))) {
      const waitMs = this.#figuresWaitMs();
      if (waitMs > 0) return waitMs;
    }
    const { name, namespace } = object.metadata;
    await client.apply(
      LOAD_TESTS,
      { metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, status },
      { subresource: 'status' },
    );
    this.#last = status;
    this.#writtenAt = clock.now();
    return again;
  }

  /** Each waits for a turn of its own: if all came again for the next that is free, most would come for nothing. */
  #figuresWaitMs(): number {
    const { clock, statusBudget } = this.#options;
    const now = clock.now();
    const soonMs = this.#writtenAt + FIGURES_EVERY_MS - now;
    if (soonMs > 0) return soonMs;
    if (this.#turnAt === null || now > this.#turnAt + TURN_MS) this.#turnAt = now + statusBudget.takeAhead();
    const waitMs = this.#turnAt - now;
    if (waitMs <= 0) this.#turnAt = null;
    return waitMs;
  }
}

/** What is told at once when it changes. */
function transitions({
  observedGeneration,
  phase,
  run,
  workers,
  templates,
  conditions,
}: LoadTestStatus): unknown {
  return plain({ observedGeneration, phase, run, workers, digest: templates?.digest, conditions });
}

/** Without fields that are undefined, which JSON does not have. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
