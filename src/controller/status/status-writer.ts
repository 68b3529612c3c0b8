import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { LoadTestStatus } from '../../api/status.ts';
import type { Clock } from '../../attack/clock.ts';
import type { Client } from '../../kube/client.ts';
import { LOAD_TESTS, type LoadTestObject } from '../../kube/resources.ts';
import type { TokenBucket } from '../../kube/token-bucket.ts';
import { canonical } from '../run-key.ts';

/** How often the figures of one test are written, in ms. */
const FIGURES_EVERY_MS = 5_000;

export interface StatusWriterOptions {
  client: Pick<Client, 'writeStatus'>;
  clock: Clock;
  /** What writes of mere figures are taken from, shared by all tests. */
  statusBudget: TokenBucket;
}

/**
 * Writes the status of one test: transitions at once, figures at most every 5 s and as the budget of all tests allows. What
 * somebody else has written in its place is written over at the same pace.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  #last: LoadTestStatus | null = null;
  /** The last as the API server has it, which may drop what it does not know, by a word; empty: nothing yet. */
  #stored = '';
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** When the budget lets figures that wait be written, as a clock time in ms; null: none wait. */
  #turnAt: number | null = null;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** What was written last by this process; null: nothing yet. */
  get last(): LoadTestStatus | null {
    return this.#last;
  }

  /**
   * @param object as it was seen last: its status may be older than what was written
   * @param live figures will change again
   * @returns after how many ms to come again; null: when something happens
   * @throws KubeError; `Conflict` where there is another LoadTest of that name by now
   */
  async write(object: LoadTestObject, status: LoadTestStatus, live: boolean): Promise<number | null> {
    const { client, clock } = this.#options;
    const shown = wordOf(object);
    const known = this.#last ?? object.status ?? {};
    const again = live ? FIGURES_EVERY_MS : null;
    this.#stored ||= shown;
    if (shown === this.#stored && isDeepStrictEqual(plain(known), plain(status))) {
      this.#last = status;
      return again;
    }
    if (isDeepStrictEqual(transitions(known), transitions(status))) {
      const waitMs = this.#waitMs();
      if (waitMs > 0) return waitMs;
    }
    this.#stored = wordOf(await client.writeStatus(LOAD_TESTS, object.metadata, status));
    this.#last = status;
    this.#writtenAt = clock.now();
    this.#turnAt = null;
    return again;
  }

  /** How long figures have to wait, in ms: tests take turns, each with a time of its own, so that none asks in a loop. */
  #waitMs(): number {
    const { clock, statusBudget } = this.#options;
    const now = clock.now();
    const restMs = this.#writtenAt + FIGURES_EVERY_MS - now;
    if (restMs > 0) return restMs;
    this.#turnAt ??= now + statusBudget.reserve();
    return Math.max(0, this.#turnAt - now);
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

/** Of the status of an object: a word, as there may be thousands of them. */
function wordOf({ status = {} }: LoadTestObject): string {
  return createHash('sha256').update(canonical(status)).digest('base64');
}

/** Without fields that are undefined, which JSON does not have. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
