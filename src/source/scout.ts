import type { Clock } from '../attack/clock.ts';
import { type ContentProblem, formatContentProblem } from '../template/check.ts';
import type { Content } from '../template/content.ts';
import type { ContentLoader } from './content-loader.ts';

/** Who takes new content, and has it sent from soon after: the coordinator of a run. */
export interface ContentTaker {
  offer(content: Content): void;
  /** A new set is bad: the one before goes on. @param reason one line, for people */
  refuse(reason: string): void;
  /** The sources cannot be read; null: they can again, and hold what is sent. @param reason one line, for people */
  trouble(reason: string | null): void;
}

/** What a scout has to tell. Each thing is told once, however often it is seen. */
export type ScoutNews =
  /** A new set was good, and was offered. */
  | { kind: 'offered'; content: Content }
  /** A new set is bad: the one before goes on. */
  | { kind: 'refused'; content: Content; problems: ContentProblem[] }
  /** The sources cannot be read: what was read before goes on. */
  | { kind: 'failed'; message: string }
  /** They can be read again, or hold again what is sent anyway, this long after the first trouble. */
  | { kind: 'recovered'; afterMs: number };

/** How a look ended. */
export type LookEnd = 'offered' | 'unchanged' | 'refused' | 'failed';

/** What a scout needs of a loader. */
export type Loader = Pick<ContentLoader, 'look' | 'watch' | 'use' | 'close'>;

/** Where a scout looks. */
export interface Lookout {
  loader: Loader;
  /** The longest time from one look to the next, in ms; null: only when it is asked for. */
  reloadMs: number | null;
  /** Digest of what is sent as this place is looked at first, null: nothing; left out: what was offered last. */
  known?: string | null;
  /** Looks soon again while nothing is sent yet, or after a look that failed, also where there is no period. */
  insists?: boolean;
}

export interface ScoutOptions {
  clock: Clock;
  /** A number from 0 up to but not including 1. */
  random: () => number;
  taker: ContentTaker;
  /** Tries content as a whole. @returns what is wrong with it; nothing when it can be used */
  check: (content: Content, signal: AbortSignal) => Promise<ContentProblem[]>;
  tell: (news: ScoutNews) => void;
}

/** The shortest period, as a share of the longest, which is what was asked for: many tests must not look at one instant. */
const SHORTEST_PERIOD = 0.8;

/** How long a folder that changes has to be quiet, and the longest that is waited for, in ms. */
const QUIET_MS = 100;
const LONGEST_NOISE_MS = 1000;

/** The longest time between two looks that fail, in ms, where the period is not longer. */
const LONGEST_BACK_OFF_MS = 30_000;

/** From one look to the next where it insists, in ms, before the back-off. */
const INSISTENT_MS = 2000;

/** How many failures are remembered, so as not to be told twice. */
const MOST_TOLD = 100;

/**
 * Finds out while a run goes on that its sources or variables have changed, and offers the new content once it is
 * checked. It looks in periods, soon after a watched folder changes, and when it is asked to; one look at a time. A set
 * that was refused is not checked again until it is another, or somebody asks.
 */
export class Scout {
  readonly #options: ScoutOptions;
  #at: Lookout;
  /** Digest of the content that was offered last, and where it is from: what it fetched to disk may still be read. */
  #offered: string | null;
  #offeredFrom: Loader;
  /** Loaders that others took the place of. */
  #left: Loader[] = [];
  #refused: string | null = null;
  /** Since when something is wrong, by the clock; null: nothing is. */
  #troubleSince: number | null = null;
  /** Failed looks in a row, and what was told of them. */
  #failures = 0;
  readonly #told = new Set<string>();
  /** When the last look began, by the clock. */
  #lookedAt: number | null = null;
  #asked: PromiseWithResolvers<LookEnd> | null = null;
  /** A folder changes: since when, and what waits for it to be quiet. */
  #noise: { since: number; timer: NodeJS.Timeout } | null = null;
  #quiet = false;
  #wake: () => void = () => {};
  #ended = false;

  /** @param content what the run starts with, from that loader; null: nothing yet, or what another loader has found */
  constructor(at: Lookout, content: Content | null, options: ScoutOptions) {
    this.#at = at;
    this.#offered = content?.digest ?? at.known ?? null;
    this.#offeredFrom = at.loader;
    if (content !== null) at.loader.use(content);
    this.#options = options;
  }

  /** Looks until `signal` is aborted, then closes its loaders. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#wake();
    signal.addEventListener('abort', onAbort);
    this.#watch();
    while (!signal.aborted) {
      await this.#untilDue(signal);
      if (signal.aborted) break;
      const asked = this.#asked;
      this.#asked = null;
      const end = await this.#look(asked !== null, signal);
      asked?.resolve(end);
    }
    signal.removeEventListener('abort', onAbort);
    this.#ended = true;
    this.#asked?.resolve('unchanged');
    this.#endNoise();
    for (const loader of new Set([...this.#left, this.#offeredFrom, this.#at.loader])) await loader.close();
  }

  /**
   * Looks as soon as a look that is under way is over. A set that was refused is checked again, and what is wrong is told
   * again. @returns how the look ended
   */
  async lookNow(): Promise<LookEnd> {
    if (this.#ended) return 'unchanged';
    this.#asked ??= Promise.withResolvers();
    this.#wake();
    return this.#asked.promise;
  }

  /** Looks at another place from now on, at once. The loader is the scout's own then. */
  lookAt(at: Lookout): Promise<LookEnd> {
    this.#left.push(this.#at.loader);
    this.#at = at;
    if (at.known !== undefined) this.#offered = at.known;
    this.#endNoise();
    this.#watch();
    return this.lookNow();
  }

  #watch(): void {
    const { loader, reloadMs } = this.#at;
    if (reloadMs !== null) loader.watch(() => this.#heard(loader));
  }

  #heard(loader: Loader): void {
    if (loader !== this.#at.loader) return;
    const now = this.#options.clock.now();
    const since = this.#noise?.since ?? now;
    clearTimeout(this.#noise?.timer);
    const waitMs = Math.max(0, Math.min(QUIET_MS, since + LONGEST_NOISE_MS - now));
    const timer = setTimeout(() => {
      this.#noise = null;
      this.#quiet = true;
      this.#wake();
    }, waitMs);
    this.#noise = { since, timer };
  }

  #endNoise(): void {
    clearTimeout(this.#noise?.timer);
    this.#noise = null;
    this.#quiet = false;
  }

  async #untilDue(signal: AbortSignal): Promise<void> {
    while (!this.#quiet && this.#asked === null && !signal.aborted) {
      const waitMs = this.#waitMs();
      if (waitMs <= 0) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = waitMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(resolve, waitMs);
      await promise;
      clearTimeout(timer);
    }
    this.#quiet = false;
  }

  /** Until the next period is over. The first look is at once: it begins the watching. */
  #waitMs(): number {
    const everyMs = this.#everyMs;
    if (everyMs === null) return Number.POSITIVE_INFINITY;
    if (this.#lookedAt === null) return 0;
    const longest = Math.max(everyMs, LONGEST_BACK_OFF_MS);
    const period = Math.min(longest, everyMs * 2 ** Math.min(this.#failures, 20));
    const jitter = SHORTEST_PERIOD + (1 - SHORTEST_PERIOD) * this.#options.random();
    return this.#lookedAt + period * jitter - this.#options.clock.now();
  }

  /** The period before any back-off, in ms; null: there is none. */
  get #everyMs(): number | null {
    const { reloadMs, insists = false } = this.#at;
    if (!insists || (this.#offered !== null && this.#failures === 0)) return reloadMs;
    return Math.min(reloadMs ?? INSISTENT_MS, INSISTENT_MS);
  }

  async #look(asked: boolean, signal: AbortSignal): Promise<LookEnd> {
    const at = this.#at;
    this.#lookedAt = this.#options.clock.now();
    if (asked) this.#forgetTold();
    try {
      const content = await at.loader.look(signal);
      if (this.#isStale(at, signal)) return 'unchanged';
      this.#failures = 0;
      if (content.digest === this.#offered) return this.#unchanged();
      if (content.digest === this.#refused) return 'refused';
      const problems = await this.#options.check(content, signal);
      if (this.#isStale(at, signal)) return 'unchanged';
      return problems.length > 0 ? this.#refuse(content, problems) : this.#offer(content, at.loader);
    } catch (error) {
      return this.#isStale(at, signal) ? 'unchanged' : this.#fail((error as Error).message);
    }
  }

  /** Whether nobody waits any more for what a look has found. */
  #isStale(at: Lookout, signal: AbortSignal): boolean {
    return signal.aborted || at !== this.#at;
  }

  #unchanged(): LookEnd {
    this.#refused = null;
    if (this.#troubleSince !== null) {
      const afterMs = this.#options.clock.now() - this.#troubleSince;
      this.#options.taker.trouble(null);
      this.#options.tell({ kind: 'recovered', afterMs });
      this.#endTrouble();
    }
    return 'unchanged';
  }

  #offer(content: Content, from: Loader): LookEnd {
    this.#refused = null;
    this.#endTrouble();
    this.#offered = content.digest;
    from.use(content);
    this.#options.taker.offer(content);
    this.#options.tell({ kind: 'offered', content });
    const kept = [this.#offeredFrom, from, this.#at.loader];
    this.#offeredFrom = from;
    for (const loader of this.#left) if (!kept.includes(loader)) void loader.close();
    this.#left = this.#left.filter((loader) => kept.includes(loader));
    return 'offered';
  }

  #refuse(content: Content, problems: ContentProblem[]): LookEnd {
    this.#refused = content.digest;
    this.#troubleSince ??= this.#options.clock.now();
    this.#options.taker.refuse(refusalText(problems));
    this.#options.tell({ kind: 'refused', content, problems });
    return 'refused';
  }

  #fail(message: string): LookEnd {
    this.#failures++;
    this.#troubleSince ??= this.#options.clock.now();
    if (!this.#told.has(message)) {
      this.#options.taker.trouble(message);
      this.#options.tell({ kind: 'failed', message });
    }
    if (this.#told.size < MOST_TOLD) this.#told.add(message);
    return 'failed';
  }

  #forgetTold(): void {
    this.#refused = null;
    this.#told.clear();
  }

  #endTrouble(): void {
    this.#troubleSince = null;
    this.#told.clear();
  }
}

/** The first problem with its place, on one line, and how many more there are. */
function refusalText(problems: readonly ContentProblem[]): string {
  const first = formatContentProblem({ ...problems[0]!, excerpt: null }).replaceAll('\n', ' ');
  return problems.length === 1 ? first : `${first} (and ${problems.length - 1} more)`;
}
