import { Worker as Thread } from 'node:worker_threads';
import type { Clock } from '../../attack/clock.ts';
import type { HitSample } from '../../attack/hit-sample.ts';
import { IDLE, RENDERING } from '../../attack/lane.ts';
import { LaneControl } from '../../attack/lane-control.ts';
import { LaneBlock, LaneValues } from '../../metrics/lane-block.ts';
import { DROP_REASONS } from '../../metrics/outcome.ts';
import { TopicBlock, type TopicCounts } from '../../metrics/topic-counts.ts';
import type { FromLane, LaneOrder, LaneSet, LaneSetup, ToLane } from './lane-messages.ts';

const LANE_THREAD = new URL('./lane-thread.ts', import.meta.url);
const TEMPLATE = DROP_REASONS.indexOf('template');

export interface LaneEvents {
  /** It can begin at once. */
  ready(): void;
  /** It cannot work; why, in words. */
  failed(reason: string): void;
  /** It works by the plan of this version. */
  followed(version: number): void;
  /** It could send from the set of this digest. */
  prepared(digest: string): void;
  /** It cannot send from a set; why, in words. */
  unusable(digest: string, reason: string): void;
  /** From the instant that it was told on, it sends from this set. */
  swapped(digest: string): void;
  window(index: number, values: Float64Array): void;
  templateFailed(reason: string): void;
  finished(): void;
  /** Its thread ended by itself. */
  died(reason: string): void;
}

/** What a lane is made with, but for what its handle adds. */
export type LaneWork = Omit<LaneSetup, 'block' | 'control' | 'topics' | 'topicNames' | 'attack' | 'rehearse'>;

/** How long a thread may take until it is ready, in ms. */
const START_MS = 15_000;

/** A set that a lane was given. */
interface GivenSet {
  set: LaneSet;
  /** Clock time in ms from which due hits are made from it; null: it is only held ready. */
  at: number | null;
}

/** The main thread's hold of one lane: its thread, and the memory that both share, which outlives the thread. */
export class LaneHandle {
  readonly control: LaneControl = new LaneControl();
  readonly #setup: LaneWork;
  readonly #clock: Clock;
  readonly #events: LaneEvents;
  readonly #block: LaneBlock;
  readonly #topics = new TopicBlock();
  readonly #topicNames: string[] = [];
  /** The last consistent copy, and room for the next. */
  #counts: Float64Array;
  #next: Float64Array;
  #thread: Thread;
  #starts = 0;
  #order: LaneOrder | null = null;
  /** The set it sends from, and those that come after it. */
  #sets: GivenSet[];
  #ready = false;
  #owesNoneBefore = 0;
  finished = false;
  /** Some of its hits, once it has finished. */
  samples: readonly HitSample[] = [];

  constructor(setup: LaneWork, clock: Clock, events: LaneEvents) {
    const { labels } = setup;
    this.#setup = setup;
    this.#sets = [{ set: setup.set, at: Number.NEGATIVE_INFINITY }];
    this.#clock = clock;
    this.#events = events;
    this.#block = new LaneBlock(labels);
    this.#counts = new Float64Array(LaneValues.size(labels));
    this.#next = new Float64Array(LaneValues.size(labels));
    this.#thread = this.#start();
  }

  /** Clock time in ms of its last sign of life, or up to which it owes none; Infinity while it has nothing to do. */
  get aliveAt(): number {
    const idle = this.finished || (this.#ready && this.#order === null);
    return idle ? Number.POSITIVE_INFINITY : Math.max(this.#block.live.heartbeat, this.#owesNoneBefore);
  }

  follow(order: LaneOrder): void {
    if (this.#order === null && this.#ready) this.#owesNoneBefore = this.#clock.now();
    this.#order = order;
    this.#tell({ type: 'follow', ...order });
  }

  /** Holds another set ready, in place of one that was held ready before. */
  prepare(set: LaneSet): void {
    this.#sets = [...this.#sets.filter(({ at }) => at !== null), { set, at: null }];
    this.#forgetOldSets();
    this.#tell({ type: 'prepare', set });
  }

  /** Hits due from clock time `at` on, in ms, are made from the set that is held ready. */
  swap(at: number): void {
    const next = this.#sets.at(-1)!;
    next.at = at;
    this.#tell({ type: 'swap', digest: next.set.content.digest, at });
  }

  /** Sends nothing more, from this instant on, also while its thread is busy. */
  stop(): void {
    this.control.leaseEnd = 0;
    this.#tell({ type: 'stop' });
  }

  /** Its counts as last published. */
  counts(): LaneValues {
    if (this.#block.read(this.#next)) [this.#counts, this.#next] = [this.#next, this.#counts];
    return new LaneValues(this.#setup.labels, this.#counts);
  }

  /** Its messages by topic; nothing where there are none. */
  topics(): TopicCounts[] {
    return this.#topics.read(this.#topicNames);
  }

  /** Ends a thread that does not move, and starts another that goes on where it stood. */
  async restart(): Promise<void> {
    await this.#settle();
    this.#thread = this.#start();
    for (const { set, at } of this.#sets.slice(1)) {
      this.#tell({ type: 'prepare', set });
      if (at !== null) this.#tell({ type: 'swap', digest: set.content.digest, at });
    }
    if (this.#order !== null) this.#tell({ type: 'follow', ...this.#order });
    this.#events.swapped(this.#sets[0]!.set.content.digest);
    if (this.control.leaseEnd === 0) this.#tell({ type: 'stop' });
  }

  /** Ends a thread that does not move, for good. */
  async giveUp(): Promise<void> {
    await this.#settle();
    this.finished = true;
  }

  /** Ends the thread, whatever it is doing. */
  async end(): Promise<void> {
    this.#thread.removeAllListeners();
    await this.#thread.terminate();
  }

  /**
   * Ends the thread and settles what it leaves behind: what was in flight in it is interrupted, and a hit that it was
   * rendering is dropped as `template`.
   */
  async #settle(): Promise<void> {
    await this.end();
    const { live } = this.#block;
    live.tally.interruptAll();
    live.warmup.interruptAll();
    if (live.state === RENDERING) {
      if (this.#isWarmup(live.cursor)) live.warmup.drop(TEMPLATE);
      else live.tally.drop(-1, TEMPLATE);
      live.cursor += 1;
    }
    live.state = IDLE;
    this.#block.publish();
  }

  #isWarmup(hit: number): boolean {
    const segments = this.#order?.plan.segments ?? [];
    const segment = segments.findLast(({ firstHit }) => firstHit <= hit);
    return segment !== undefined && hit < segment.warmupEndHit;
  }

  /** The last whose instant has come is the one to begin with. */
  #forgetOldSets(): void {
    const now = this.#clock.now();
    const current = this.#sets.findLastIndex(({ at }) => at !== null && at <= now);
    this.#sets = this.#sets.slice(current);
  }

  #start(): Thread {
    this.#forgetOldSets();
    const { owner, index } = this.#setup;
    const attack = `${owner}-${index}${this.#starts === 0 ? '' : `.${this.#starts}`}`;
    // One that starts anew in the middle of a run is wanted at once.
    const rehearse = this.#starts === 0;
    this.#starts++;
    this.#ready = false;
    this.#owesNoneBefore = this.#clock.now() + START_MS;
    const workerData: LaneSetup = {
      ...this.#setup,
      set: this.#sets[0]!.set,
      attack,
      rehearse,
      block: this.#block.buffer,
      control: this.control.buffer,
      topics: this.#topics.buffer,
      topicNames: this.#topicNames,
    };
    const thread = new Thread(LANE_THREAD, { workerData, name: `lane-${index}` });
    thread.on('message', (message: FromLane) => this.#hear(message));
    thread.on('error', (error) => this.#events.died(error.message));
    thread.on('exit', () => {
      if (!this.finished) this.#events.died('its thread ended');
    });
    return thread;
  }

  #tell(message: ToLane): void {
    this.#thread.postMessage(message);
  }

  #hear(message: FromLane): void {
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.#owesNoneBefore = this.#clock.now();
        return this.#events.ready();
      case 'failed':
        this.finished = true;
        return this.#events.failed(message.reason);
      case 'followed':
        return this.#events.followed(message.version);
      case 'prepared':
        return this.#events.prepared(message.digest);
      case 'unusable':
        return this.#events.unusable(message.digest, message.reason);
      case 'swapped':
        return this.#events.swapped(message.digest);
      case 'window':
        return this.#events.window(message.index, message.values);
      case 'templateFailed':
        return this.#events.templateFailed(message.reason);
      case 'topic':
        this.#topicNames.push(message.name);
        return;
      case 'finished':
        this.finished = true;
        this.samples = message.samples;
        return this.#events.finished();
    }
  }
}
