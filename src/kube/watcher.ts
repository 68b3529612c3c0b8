import type { Clock } from '../attack/clock.ts';
import { sleep } from '../time/sleep.ts';
import { Backoff } from './backoff.ts';
import { isKubeError } from './errors.ts';
import type { WatchEvent, WatchSource } from './watch-source.ts';

/**
 * What is known of a set of objects, so that all of it is known after any failure:
 *
 *     listBegun  item*  listEnded  (set | gone)*   and from the start again where the thread was lost
 *
 * What was there before a `listBegun` and is not among its items is gone when `listEnded` comes, and not before.
 */
export type WatchChange<T> =
  | { type: 'listBegun' }
  | { type: 'item'; object: T }
  | { type: 'listEnded' }
  | { type: 'set'; object: T }
  | { type: 'gone'; object: T };

/** How far a watcher has come. */
export type WatchState<T> =
  /** Nothing is known. */
  | { at: 'unlisted' }
  /** Some pages of a list have been told; the next begins at `after`. */
  | { at: 'listing'; after: string }
  /** All up to there has been told, and no watch is open. */
  | { at: 'listed'; resourceVersion: string }
  /** All up to there has been told, and what follows comes through `events`. */
  | {
      at: 'watching';
      resourceVersion: string;
      events: AsyncIterator<WatchEvent<T>>;
      /** When the watch was opened, as long as it has told nothing; then null. */
      silentSince: number | null;
    };

export interface WatchStep<T> {
  state: WatchState<T>;
  changes: WatchChange<T>[];
  /** What failed; the state is where to go on after a wait. */
  error?: unknown;
}

/** What a step is made with. */
export interface StepContext<T> {
  source: WatchSource<T>;
  clock: Clock;
  /** 0 ≤ … < 1. */
  random: () => number;
  signal: AbortSignal;
}

/** The server ends a watch after so many seconds, by chance, so that many watches do not end at once. */
const WATCH_SECONDS: readonly [least: number, most: number] = [240, 290];

/** When the server has not ended it so long after that, in ms, the connection is dead. */
const OVERTIME_MS = 5_000;

/** A watch that ended sooner than this, in ms, with nothing told, counts as a failure: it must not be opened in a loop. */
const TOO_SHORT_MS = 1_000;

/**
 * Goes one step: reads a page, opens a watch or takes an event. Never throws: a failure is a part of the step.
 * Pure but for what `source` does.
 */
export async function step<T>(state: WatchState<T>, context: StepContext<T>): Promise<WatchStep<T>> {
  switch (state.at) {
    case 'unlisted':
      return readPage('', context, state);
    case 'listing':
      return readPage(state.after, context, state);
    case 'listed':
      return { state: opened(state.resourceVersion, context), changes: [] };
    case 'watching':
      return takeEvent(state, context);
  }
}

async function readPage<T>(
  after: string,
  { source, signal }: StepContext<T>,
  before: WatchState<T>,
): Promise<WatchStep<T>> {
  try {
    const { items, next, resourceVersion } = await source.list(after, signal);
    const changes: WatchChange<T>[] = items.map((object) => ({ type: 'item', object }));
    if (after === '') changes.unshift({ type: 'listBegun' });
    if (next !== '') return { state: { at: 'listing', after: next }, changes };
    changes.push({ type: 'listEnded' });
    return { state: { at: 'listed', resourceVersion }, changes };
  } catch (error) {
    return { state: isKubeError(error, 'Expired') ? { at: 'unlisted' } : before, changes: [], error };
  }
}

function opened<T>(
  resourceVersion: string,
  { source, clock, random, signal }: StepContext<T>,
): WatchState<T> {
  const [least, most] = WATCH_SECONDS;
  const seconds = Math.round(least + random() * (most - least));
  const deadlineMs = seconds * 1000 + OVERTIME_MS;
  const events = source.watch({ resourceVersion, seconds, deadlineMs, signal });
  return { at: 'watching', resourceVersion, events, silentSince: clock.now() };
}

async function takeEvent<T>(
  state: WatchState<T> & { at: 'watching' },
  { source, clock }: StepContext<T>,
): Promise<WatchStep<T>> {
  try {
    const { done, value } = await state.events.next();
    if (!done) {
      const told: WatchState<T> = { ...state, resourceVersion: value.resourceVersion, silentSince: null };
      return { state: told, changes: changesOf(value) };
    }
    const listed: WatchState<T> = { at: 'listed', resourceVersion: state.resourceVersion };
    const { silentSince } = state;
    if (silentSince === null || clock.now() - silentSince >= TOO_SHORT_MS)
      return { state: listed, changes: [] };
    return { state: listed, changes: [], error: new Error(`watch ${source.what}: ended at once`) };
  } catch (error) {
    const { resourceVersion } = state;
    const next: WatchState<T> = isKubeError(error, 'Expired')
      ? { at: 'unlisted' }
      : { at: 'listed', resourceVersion };
    return { state: next, changes: [], error };
  }
}

function changesOf<T>(event: WatchEvent<T>): WatchChange<T>[] {
  return event.type === 'bookmark' ? [] : [{ type: event.type, object: event.object }];
}

export interface WatcherOptions<T> {
  source: WatchSource<T>;
  /** Takes each change, in order, before the next step is made. */
  take: (change: WatchChange<T>) => void;
  clock: Clock;
  /** Takes each failure, with how long it waits, in ms. They are not fatal. Default: nobody. */
  failed?: (error: unknown, waitMs: number) => void;
  /** 0 ≤ … < 1. Default: `Math.random`. */
  random?: () => number;
}

/** Keeps a set of objects known, through every failure, until it is told to end. */
export class Watcher<T> {
  readonly #options: WatcherOptions<T>;
  readonly #backoff: Backoff;
  #heardAt: number;

  constructor(options: WatcherOptions<T>) {
    this.#options = options;
    const { clock, random } = options;
    this.#heardAt = clock.now();
    this.#backoff = new Backoff({
      clock,
      firstMs: 500,
      mostMs: 30_000,
      forgetMs: 60_000,
      ...(random && { random }),
    });
  }

  /**
   * How long ago the API server was last heard of, in ms: a page, an event, a bookmark (about each minute), or a watch
   * that ended as it should. What the objects are now may be as old as that.
   */
  get ageMs(): number {
    return this.#options.clock.now() - this.#heardAt;
  }

  /** Watches until `signal` is aborted; then it resolves. @throws what `take` throws */
  async run(signal: AbortSignal): Promise<void> {
    const { source, take, clock, failed, random = Math.random } = this.#options;
    const context = { source, clock, random, signal };
    let state: WatchState<T> = { at: 'unlisted' };
    while (!signal.aborted) {
      const opens = state.at === 'listed';
      const { changes, error, ...next }: WatchStep<T> = await step(state, context);
      state = next.state;
      if (signal.aborted) break;
      for (const change of changes) take(change);
      if (error !== undefined) {
        const waitMs = Math.max(this.#backoff.next(), isKubeError(error) ? (error.retryAfterMs ?? 0) : 0);
        failed?.(error, waitMs);
        await sleep(waitMs, signal);
      } else if (!opens) this.#heardAt = clock.now();
    }
    if (state.at === 'watching') await state.events.return?.();
  }
}
