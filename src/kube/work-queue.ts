import type { Clock } from '../attack/clock.ts';

/** How long a key waited and was worked on, in ms. */
export interface WorkDone {
  waitedMs: number;
  workedMs: number;
}

export interface WorkQueueOptions {
  clock: Clock;
  /** Takes each piece of work that was done, for metrics. Default: nobody. */
  observe?: (work: WorkDone) => void;
}

/**
 * Keys of things to be looked at.
 *
 * - Fair: keys come out in the order in which they were added.
 * - Stingy: a key that is added several times before it is taken is worked on once; one that is added while it is worked
 *   on is worked on again afterwards, and never by two at once.
 * - Any number may add and take.
 * - After `shutDown`, what is in it is taken, and nothing is added.
 *
 * There are never more keys in it than things exist, so it needs no bound of its own.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Keys to be taken, in order, with the time at which they were added. Each is dirty; none is being worked on. */
  readonly #queue = new Map<string, number>();
  /** Keys that have to be worked on (again), with the time at which they were added: those of the queue, and some of `#processing`. */
  readonly #dirty = new Map<string, number>();
  /** Keys that are being worked on, with when that began and how long they waited. */
  readonly #processing = new Map<string, { startedAt: number; waitedMs: number }>();
  readonly #takers: ((key: string | null) => void)[] = [];
  #shuttingDown = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** How many keys wait to be taken. */
  get depth(): number {
    return this.#queue.size;
  }

  /** How many keys are being worked on. */
  get working(): number {
    return this.#processing.size;
  }

  add(key: string): void {
    if (this.#shuttingDown || this.#dirty.has(key)) return;
    const now = this.#options.clock.now();
    this.#dirty.set(key, now);
    if (this.#processing.has(key)) return;
    this.#queue.set(key, now);
    this.#give();
  }

  /** The next key, which has to be given back with `done`; null: the queue has been shut down and is empty. */
  take(): Promise<string | null> {
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#give();
    });
  }

  /** The work on a key that was taken has ended, well or not. */
  done(key: string): void {
    const work = this.#processing.get(key);
    if (work === undefined) return;
    this.#processing.delete(key);
    const { clock, observe } = this.#options;
    observe?.({ waitedMs: work.waitedMs, workedMs: clock.now() - work.startedAt });
    const addedAt = this.#dirty.get(key);
    if (addedAt !== undefined) this.#queue.set(key, addedAt);
    this.#give();
  }

  /** Takes no more keys in. Those who take get what is there, then null. */
  shutDown(): void {
    this.#shuttingDown = true;
    this.#give();
  }

  #give(): void {
    for (const [key, addedAt] of this.#queue) {
      const taker = this.#takers.shift();
      if (taker === undefined) return;
      const now = this.#options.clock.now();
      this.#queue.delete(key);
      this.#dirty.delete(key);
      this.#processing.set(key, { startedAt: now, waitedMs: now - addedAt });
      taker(key);
    }
    // A key that is still worked on may be dirty, and come again.
    if (!this.#shuttingDown || this.#dirty.size > 0) return;
    for (const taker of this.#takers.splice(0)) taker(null);
  }
}
