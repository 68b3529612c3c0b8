import type { Finding, WorkerIdentity } from '../../coordinator/protocol.ts';
import { sealContent } from '../../source/sealed-content.ts';
import type { Content } from '../../template/content.ts';
import { RefusalError } from '../conversation/caller.ts';

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5000;
/** Only the newest are kept beyond it: one of a kind says all. */
const MOST_WAITING = 16;

/** What is found, before who found it and which run it is for is added. */
export type News =
  | { kind: 'offered'; order: string; content: Content }
  | { kind: 'refused'; order: string; reason: string }
  | { kind: 'trouble'; order: string; reason: string | null }
  | { kind: 'kept'; content: Content };

export interface FindingsOptions {
  run: string;
  worker: WorkerIdentity;
  /** @throws Error when it did not get there */
  tell: (finding: Finding) => Promise<void>;
  /** Takes a line about one that the coordinator does not take. */
  say: (line: string) => void;
}

/**
 * Takes what is found to the coordinator, one after another: each is repeated until it is acknowledged, or until the order
 * by which it was found is none any more. Values of secrets stay here.
 */
export class Findings {
  readonly #options: FindingsOptions;
  #waiting: News[] = [];
  #order: string | null = null;
  #busy = false;
  #closed = false;
  #wake: () => void = () => {};

  constructor(options: FindingsOptions) {
    this.#options = options;
  }

  /** Only what is found by this order is of use from now on. */
  follow(order: string | null): void {
    this.#order = order;
    this.#wake();
  }

  add(news: News): void {
    if (this.#closed) return;
    // What somebody holds is told once, until he who asked has it.
    if (news.kind === 'kept' && this.#waiting.some(({ kind }) => kind === 'kept')) return;
    this.#waiting.push(news);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    if (!this.#busy) void this.#deliver();
  }

  /** What has not been told by now is not. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#wake();
  }

  async #deliver(): Promise<void> {
    this.#busy = true;
    for (let news = this.#waiting[0]; news !== undefined; news = this.#waiting[0]) {
      await this.#deliverOne(news);
      this.#waiting = this.#waiting.filter((each) => each !== news);
    }
    this.#busy = false;
  }

  async #deliverOne(news: News): Promise<void> {
    if (this.#isStale(news)) return;
    const { run, worker, tell, say } = this.#options;
    const sealed = 'content' in news ? { ...news, content: await sealContent(news.content) } : news;
    for (
      let retryMs = FIRST_RETRY_MS;
      !this.#isStale(news);
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2)
    ) {
      try {
        return await tell({ run, worker, ...sealed });
      } catch (error) {
        if (error instanceof RefusalError && isFinal(error.status)) {
          return say(`what was found was not taken: ${error.message}`);
        }
        await this.#pause(retryMs * (0.5 + Math.random()));
      }
    }
  }

  #isStale(news: News): boolean {
    return this.#closed || ('order' in news && news.order !== this.#order);
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  }
}

/** Whether the same call would be answered so again: not what a leader says that is just coming or going. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 408, 421, 425, 429].includes(status);
}
