import { isDeepStrictEqual } from 'node:util';
import type { LoadTestStatus } from '../../api/status.ts';
import type { Clock } from '../../attack/clock.ts';
import type { Client } from '../../kube/client.ts';
import { LOAD_TESTS, type LoadTestObject } from '../../kube/resources.ts';
import type { TokenBucket } from '../../kube/token-bucket.ts';

/** How often the figures of one test are written, in ms. */
const FIGURES_EVERY_MS = 5_000;

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
    const { client, clock, statusBudget } = this.#options;
    const known = this.#last ?? object.status ?? {};
    const again = live ? FIGURES_EVERY_MS : null;
    if (isDeepStrictEqual(plain(known), plain(status))) {
      this.#last = status;
      return again;
    }
    if (isDeepStrictEqual(transitions(known), transitions(status))) {
      const waitMs = Math.max(this.#writtenAt + FIGURES_EVERY_MS - clock.now(), statusBudget.waitMs);
      if (waitMs > 0) return waitMs;
      statusBudget.take();
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
