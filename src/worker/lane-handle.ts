import { Worker as Thread } from 'node:worker_threads';
import type { Clock } from '../attack/clock.ts';
import { IDLE, type LanePlan, RENDERING } from '../attack/lane.ts';
import { LaneControl } from '../attack/lane-control.ts';
import { LaneBlock, LaneValues } from '../metrics/lane-block.ts';
import { DROP_REASONS } from '../metrics/outcome.ts';
import { TopicBlock, type TopicCounts } from '../metrics/topic-counts.ts';
import type { FromLane, LaneSetup, ToLane } from './lane-messages.ts';

const LANE_THREAD = new URL('./lane-thread.ts', import.meta.url);
const TEMPLATE = DROP_REASONS.indexOf('template');

export interface LaneEvents {
  /** It can begin at once. */
  ready(): void;
  /** It cannot work; why, in words. */
  failed(reason: string): void;
  /** It works by the plan of this version. */
  followed(version: number): void;
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
  #plan: { version: number; plan: LanePlan } | null = null;
  #ready = false;
  #owesNoneBefore = 0;
  finished = false;

  constructor(setup: LaneWork, clock: Clock, events: LaneEvents) {
    const labels = setup.content.labels.length;
    this.#setup = setup;
    this.#clock = clock;
    this.#events = events;
    this.#block = new LaneBlock(labels);
    this.#counts = new Float64Array(LaneValues.size(labels));
    this.#next = new Float64Array(LaneValues.size(labels));
    this.#thread = this.#start();
  }

  /** Clock time in ms of its last sign of life, or up to which it owes none; Infinity while it has nothing to do. */
  get aliveAt(): number {
    const idle = this.finished || (this.#ready && this.#plan === null);
    return idle ? Number.POSITIVE_INFINITY : Math.max(this.#block.live.heartbeat, this.#owesNoneBefore);
  }

  follow(version: number, plan: LanePlan): void {
    if (this.#plan === null && this.#ready) this.#owesNoneBefore = this.#clock.now();
    this.#plan = { version, plan };
    this.#tell({ type: 'follow', version, plan });
  }

  /** Sends nothing more, from this instant on, also while its thread is busy. */
  stop(): void {
    this.control.leaseEnd = 0;
    this.#tell({ type: 'stop' });
  }

  /** Its counts as last published. */
  counts(): LaneValues {
    if (this.#block.read(this.#next)) [this.#counts, this.#next] = [this.#next, this.#counts];
    return new LaneValues(this.#setup.content.labels.length, this.#counts);
  }

  /** Its messages by topic; nothing where there are none. */
  topics(): TopicCounts[] {
    return this.#topics.read(this.#topicNames);
  }

  /** Ends a thread that does not move, and starts another that goes on where it stood. */
  async restart(): Promise<void> {
    await this.#settle();
    this.#thread = this.#start();
    if (this.#plan !== null) this.#tell({ type: 'follow', ...this.#plan });
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
    const segments = this.#plan?.plan.segments ?? [];
    const segment = segments.findLast(({ firstHit }) => firstHit <= hit);
    return segment !== undefined && hit < segment.warmupEndHit;
  }

  #start(): Thread {
    const { owner, index } = this.#setup;
    const attack = `${owner}-${index}${this.#starts === 0 ? '' : `.${this.#starts}`}`;
    // One that starts anew in the middle of a run is wanted at once.
    const rehearse = this.#starts === 0;
    this.#starts++;
    this.#ready = false;
    this.#owesNoneBefore = this.#clock.now() + START_MS;
    const workerData: LaneSetup = {
      ...this.#setup,
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
      case 'window':
        return this.#events.window(message.index, message.values);
      case 'templateFailed':
        return this.#events.templateFailed(message.reason);
      case 'topic':
        this.#topicNames.push(message.name);
        return;
      case 'finished':
        this.finished = true;
        return this.#events.finished();
    }
  }
}
