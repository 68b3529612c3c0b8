import type { Clock } from '../attack/clock.ts';
import { DelayedWork } from '../kube/delayed-work.ts';
import { isKubeError } from '../kube/errors.ts';
import { KeyBackoff } from '../kube/key-backoff.ts';
import { WorkQueue } from '../kube/work-queue.ts';

export interface ReconcileLoopOptions {
  clock: Clock;
  /** How many keys are worked on at a time; never one key twice. */
  workers: number;
  /** Brings one key to what is wanted. @returns after how many ms to come again at the latest; null: not by itself */
  reconcile: (key: string) => Promise<number | null>;
  /** A key was worked on. @param error undefined: well. @param waitMs after which it is tried again */
  observe: (key: string, ms: number, error: unknown, waitMs: number) => void;
}

/** The first wait after a failure, and the longest, in ms. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 60_000;

/** Works on keys that need a look, each again after a failure, with longer and longer waits. */
export class ReconcileLoop {
  readonly #options: ReconcileLoopOptions;
  readonly #queue: WorkQueue;
  readonly #delayed: DelayedWork;
  /** Keys that are worked on, with since when, as a clock time in ms. */
  readonly #since = new Map<string, number>();
  readonly #backoff = new KeyBackoff({ firstMs: FIRST_WAIT_MS, mostMs: LONGEST_WAIT_MS });

  constructor(options: ReconcileLoopOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({ clock: options.clock });
    this.#delayed = new DelayedWork(options.clock, (key) => this.#queue.add(key));
  }

  /** How many keys wait. */
  get depth(): number {
    return this.#queue.depth;
  }

  /** How long the longest work that goes on has taken so far, in ms; 0: none does. */
  get longestMs(): number {
    return Math.max(0, ...[...this.#since.values()].map((since) => this.#options.clock.now() - since));
  }

  /** A key needs a look now. */
  add(key: string): void {
    this.#queue.add(key);
  }

  /** A key needs a look after `ms` at the latest. */
  addAfter(key: string, ms: number): void {
    this.#delayed.addAfter(key, ms);
  }

  /** A key is there no more. */
  forget(key: string): void {
    this.#delayed.cancel(key);
    this.#backoff.forget(key);
  }

  /** Works until `signal` is aborted and what was begun has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => {
      this.#delayed.close();
      this.#queue.shutDown();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await Promise.all(Array.from({ length: this.#options.workers }, () => this.#work(signal)));
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let key = await this.#queue.take(); key !== null; key = await this.#queue.take()) {
      this.#since.set(key, this.#options.clock.now());
      if (!signal.aborted) await this.#look(key);
      this.#since.delete(key);
      this.#queue.done(key);
    }
  }

  async #look(key: string): Promise<void> {
    const { clock, reconcile, observe } = this.#options;
    const startedAt = clock.now();
    this.#delayed.cancel(key);
    try {
      const againMs = await reconcile(key);
      this.#backoff.forget(key);
      if (againMs !== null) this.#delayed.addAfter(key, againMs);
      observe(key, clock.now() - startedAt, undefined, 0);
    } catch (error) {
      const retryAfterMs = isKubeError(error) ? (error.retryAfterMs ?? 0) : 0;
      const waitMs = Math.max(this.#backoff.failed(key), retryAfterMs);
      this.#delayed.addAfter(key, waitMs);
      observe(key, clock.now() - startedAt, error, waitMs);
    }
  }
}
