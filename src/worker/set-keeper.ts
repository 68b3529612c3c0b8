import type { Clock } from '../attack/clock.ts';
import type { ContentOrder, WorkerContent } from '../coordinator/protocol.ts';
import { openTargets } from '../target/target-lines.ts';
import type { Content } from '../template/content.ts';
import type { LaneGroup } from './lanes/lane-group.ts';
import type { LaneSet } from './lanes/lane-messages.ts';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2000;
/** How long it is tried to get a set that is still wanted, in ms. */
const OBTAIN_MS = 60_000;

export interface SetKeeperOptions {
  clock: Pick<Clock, 'now'>;
  lanes: Pick<LaneGroup, 'prepare' | 'swap' | 'havePrepared' | 'haveTaken'>;
  /** Gets a set by its digest. @throws Error when it cannot be had, for now or for ever */
  fetch: (digest: string) => Promise<Content>;
  /** Whether a set is to be waited for, however long it takes, after `fetch` has failed so. */
  isPassing: (error: unknown) => boolean;
  /** A set that is wanted is waited for; why, in words. Empty: no more. */
  waiting: (reason: string) => void;
  /** `report` says something else from now on. */
  changed: () => void;
  /** All lanes send from another set, and have let go of the one before. */
  swapped: () => void;
  /** A set that is wanted cannot be had or used; why, in words. */
  failed: (reason: string) => void;
}

/**
 * Keeps a worker's lanes on the set of templates or targets that the coordinator names: gets it, has it prepared in all
 * lanes while they go on, and tells them the instant of the swap. A set that is no longer wanted is dropped on the way.
 */
export class SetKeeper {
  readonly #options: SetKeeperOptions;
  #order: ContentOrder | null = null;
  /** Clock time of the run's start, in ms; null: not named yet. */
  #startAt: number | null = null;
  /** The set that is being obtained; null: none. */
  #wanted: string | null = null;
  /** The set that all lanes hold ready. */
  #prepared: string | null = null;
  /** The set that lanes were told last to send from, and the clock time in ms from which they do. */
  #taken: { digest: string; at: number } | null = null;
  #running: string | null = null;
  /** What was obtained and may still be of use. */
  #held: Content[] = [];
  /** How often lanes were told to send from another set. */
  swaps = 0;

  constructor(options: SetKeeperOptions) {
    this.#options = options;
  }

  /** What the coordinator is told. */
  get report(): WorkerContent {
    return { prepared: this.#prepared, running: this.#running };
  }

  /** A set that lanes send from or hold ready, as it was obtained; null: they do not. */
  held(digest: string): Content | null {
    return this.#held.find((content) => content.digest === digest) ?? null;
  }

  /** Whether lanes send from the current set, or have been told since when they shall. */
  get isCurrent(): boolean {
    return this.#taken !== null && this.#taken.digest === this.#order?.current;
  }

  /** The newest order; what it asks for is done at once or as soon as it can be. @param startAt see `#startAt` */
  follow(order: ContentOrder, startAt: number | null): void {
    this.#order = order;
    this.#startAt = startAt;
    if (this.#taken !== null) this.#pursue();
  }

  /** The current set, for lanes to begin with: resolves when it is there, whatever is current by then. */
  async first(): Promise<LaneSet> {
    for (;;) {
      const digest = this.#order!.current;
      if (digest === null) {
        await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS));
        continue;
      }
      const set = await this.#obtain(digest, () => this.#order!.current === digest);
      if (set !== null) return set;
    }
  }

  /** Lanes are there, made with this set. */
  begin({ content }: LaneSet): void {
    this.#taken = { digest: content.digest, at: Number.NEGATIVE_INFINITY };
    this.#running = content.digest;
    this.#pursue();
  }

  /** A lane has prepared or taken a set, or time has passed. Only after `begin`. */
  look(): void {
    const { lanes, clock, changed, swapped } = this.#options;
    const before = this.report;
    if (this.#wanted !== null && lanes.havePrepared(this.#wanted)) {
      this.#prepared = this.#wanted;
      this.#wanted = null;
    }
    this.#pursue();
    const taken = this.#taken!;
    if (taken.at <= clock.now() && lanes.haveTaken(taken.digest)) this.#running = taken.digest;
    const { prepared, running } = this.report;
    if (prepared !== before.prepared || running !== before.running) changed();
    if (running !== before.running) swapped();
  }

  /** The current set comes first: where it is not here yet, this worker is behind the others. */
  #pursue(): void {
    const { current, next, from } = this.#order!;
    if (current !== null && !this.isCurrent && this.#prepared === current) {
      const at = this.#startAt === null ? Number.NEGATIVE_INFINITY : this.#startAt + from;
      this.#options.lanes.swap(at);
      this.#taken = { digest: current, at };
      this.#prepared = null;
      this.swaps++;
    }
    const wanted = this.isCurrent ? next : current;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted === this.#prepared ? null : wanted;
    if (this.#wanted === null) return;
    this.#prepared = null;
    void this.#prepare(this.#wanted);
  }

  async #prepare(digest: string): Promise<void> {
    try {
      const set = await this.#obtain(digest, () => this.#wanted === digest);
      if (set !== null && this.#wanted === digest) this.#options.lanes.prepare(set);
    } catch (error) {
      this.#options.failed((error as Error).message);
    }
  }

  /**
   * @returns null: it is not wanted any more
   * @throws Error when it is wanted and cannot be had for a minute, or holds targets that cannot be read
   */
  async #obtain(digest: string, isWanted: () => boolean): Promise<LaneSet | null> {
    const { clock, fetch, isPassing, waiting } = this.#options;
    const giveUpAt = clock.now() + OBTAIN_MS;
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2)) {
      let content: Content;
      try {
        content = await fetch(digest);
      } catch (error) {
        if (!isWanted()) return null;
        if (clock.now() > giveUpAt && !isPassing(error)) throw error;
        waiting((error as Error).message);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        continue;
      }
      if (!isWanted()) return null;
      waiting('');
      const lines = content.kind === 'targets' ? await openTargets(content.files) : null;
      if (!isWanted()) return null;
      this.#hold(content);
      return { content: { ...content, labels: this.#order!.labels }, lines };
    }
  }

  /** Keeps a set as it was obtained, and those that lanes have, as long as they do. */
  #hold(content: Content): void {
    const inUse = [this.#taken?.digest, this.#prepared, this.#running];
    this.#held = [
      content,
      ...this.#held.filter(({ digest }) => digest !== content.digest && inUse.includes(digest)),
    ];
  }
}
