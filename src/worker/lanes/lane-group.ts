import type { Clock } from '../../attack/clock.ts';
import { type HitSample, KeptSamples } from '../../attack/hit-sample.ts';
import { CountsBlock, Tally } from '../../metrics/tally.ts';
import { mergeTopics, type TopicCounts } from '../../metrics/topic-counts.ts';
import type { WindowTally } from '../../metrics/window.ts';
import { fenceAt } from './fence.ts';
import { type LaneEvents, LaneHandle, type LaneWork } from './lane-handle.ts';
import type { LaneOrder, LaneSet } from './lane-messages.ts';
import { Watchdog } from './watchdog.ts';
import { WindowCollector } from './window-collector.ts';

export interface LaneGroupEvents {
  /** All lanes can begin at once. */
  ready(): void;
  /** A lane cannot go on; why, in words. */
  failed(reason: string): void;
  /** A lane has taken a plan over. */
  followed(): void;
  /** A lane has prepared a set, or taken it. */
  setChanged(): void;
  /** A window is whole: all lanes have told of it. */
  window(index: number, window: WindowTally): void;
  templateFailed(reason: string): void;
  /** A lane has finished. */
  finished(): void;
  /** A message for people. */
  note(text: string): void;
}

/** What the lanes of a worker have counted, warm-up apart. */
export class GroupCounts {
  /** All of it: the tally, then the warm-up. */
  readonly values: Float64Array;
  readonly tally: Tally;
  readonly warmup: CountsBlock;
  /** For each lane, the hit below which all its hits are decided. */
  cursors: number[] = [];
  /** Some of the hits, once all lanes have finished. */
  samples: HitSample[] = [];

  /** @param labels how many labels there is room for */
  constructor(labels: number) {
    const size = Tally.size(labels);
    this.values = new Float64Array(size + CountsBlock.size);
    this.tally = new Tally(labels, this.values.subarray(0, size));
    this.warmup = new CountsBlock(this.values.subarray(size));
  }
}

/** The lanes of a worker, as one: none until `start`. Watches over them, and starts anew those that do not move. */
export class LaneGroup {
  readonly #clock: Clock;
  readonly #events: LaneGroupEvents;
  readonly #watchdog: Watchdog;
  #lanes: LaneHandle[] = [];
  #counts = new GroupCounts(0);
  #mostSamples = 0;
  #windows: WindowCollector | null = null;
  /** Versions that each lane works by. */
  #followed: number[] = [];
  /** Lanes that have said that they are ready. */
  readonly #ready = new Set<number>();
  /** The digest of the set that lanes were told last to prepare, and the lanes that have done so. */
  #preparing = '';
  readonly #prepared = new Set<number>();
  /** For each lane, the digest of the set that it was told last to send from. */
  #taken: string[] = [];
  readonly #restarting = new Set<number>();

  constructor(clock: Clock, events: LaneGroupEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#watchdog = new Watchdog(clock);
  }

  /** @param works one for each lane, in their order */
  start(works: LaneWork[]): void {
    this.#counts = new GroupCounts(works[0]!.labels);
    this.#mostSamples = works[0]!.samples;
    this.#taken = works.map(({ set }) => set.content.digest);
    this.#windows = new WindowCollector(works.length);
    this.#followed = works.map(() => 0);
    this.#lanes = works.map((work) => new LaneHandle(work, this.#clock, this.#eventsOf(work.index)));
  }

  get size(): number {
    return this.#lanes.length;
  }

  /** Whether all lanes can begin at once, or have begun. */
  get ready(): boolean {
    return this.#lanes.length > 0 && this.#ready.size === this.#lanes.length;
  }

  /** Nothing is left to do in any lane. */
  get finished(): boolean {
    return this.#lanes.every((lane) => lane.finished);
  }

  /** Whether every lane works by the plan of this version, or a newer one. */
  follows(version: number): boolean {
    return this.#followed.every((followed) => followed >= version);
  }

  follow(order: LaneOrder): void {
    for (const lane of this.#lanes) if (!lane.finished) lane.follow(order);
  }

  /** All lanes hold another set ready, as soon as they can, and go on meanwhile. */
  prepare(set: LaneSet): void {
    this.#preparing = set.content.digest;
    this.#prepared.clear();
    for (const lane of this.#lanes) if (!lane.finished) lane.prepare(set);
  }

  /** Hits due from clock time `at` on, in ms, are made from the set that all lanes have prepared. */
  swap(at: number): void {
    for (const lane of this.#lanes) if (!lane.finished) lane.swap(at);
  }

  havePrepared(digest: string): boolean {
    const all = this.#lanes.every((lane, index) => lane.finished || this.#prepared.has(index));
    return all && this.#preparing === digest;
  }

  haveTaken(digest: string): boolean {
    return this.#lanes.every((lane, index) => lane.finished || this.#taken[index] === digest);
  }

  /** Messages by topic; nothing where there are none. */
  topics(): TopicCounts[] {
    return mergeTopics(this.#lanes.map((lane) => lane.topics()));
  }

  /** Sends nothing more, from this instant on. */
  stop(): void {
    for (const lane of this.#lanes) lane.stop();
  }

  /** Ends all threads, whatever they are doing. */
  async end(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.end()));
  }

  /** @param leaseEnd clock time from which on nothing may be sent, in ms; a stopped lane stays so */
  setLease(leaseEnd: number): void {
    for (const { control } of this.#lanes) if (control.leaseEnd !== 0) control.leaseEnd = leaseEnd;
  }

  /** See `fenceAt`. @param version of the newest plan */
  setFence(answeredAt: number, fenceMs: number | null, version: number): void {
    const following = this.follows(version);
    for (const { control } of this.#lanes) {
      control.fence = fenceAt(control.fence, answeredAt, fenceMs, following);
    }
  }

  /** Half a megabyte that is used again: it holds until this is called the next time. */
  counts(): GroupCounts {
    const counts = this.#counts;
    counts.values.fill(0);
    counts.cursors = this.#lanes.map((lane) => {
      const { tally, warmup, cursor } = lane.counts();
      counts.tally.add(tally);
      counts.warmup.add(warmup);
      return cursor;
    });
    counts.samples = this.finished ? this.#samples() : [];
    return counts;
  }

  /** To be called every `everyMs` milliseconds: starts lanes anew that do not move. */
  look(everyMs: number): void {
    this.#watchdog.look(everyMs);
    this.#lanes.forEach((lane, index) => {
      if (this.#watchdog.isStuck(lane.aliveAt)) void this.#restart(index, 'did not move for over 1 s');
    });
  }

  #samples(): HitSample[] {
    const kept = new KeptSamples(this.#mostSamples);
    for (const { samples } of this.#lanes) for (const sample of samples) kept.add(sample);
    return kept.all;
  }

  #eventsOf(lane: number): LaneEvents {
    const events = this.#events;
    return {
      ready: () => {
        this.#ready.add(lane);
        if (this.ready) events.ready();
      },
      failed: (reason: string) => events.failed(reason),
      followed: (version: number) => {
        this.#followed[lane] = version;
        events.followed();
      },
      prepared: (digest) => {
        if (digest === this.#preparing) this.#prepared.add(lane);
        events.setChanged();
      },
      unusable: (digest, reason) => events.failed(`lane ${lane} cannot use the set ${digest}: ${reason}`),
      swapped: (digest) => {
        this.#taken[lane] = digest;
        events.setChanged();
      },
      window: (index: number, values: Float64Array) => {
        for (const whole of this.#windows!.add(lane, index, values)) events.window(whole.index, whole.window);
      },
      templateFailed: (reason: string) => events.templateFailed(reason),
      finished: () => events.finished(),
      died: (reason: string) => void this.#restart(lane, reason),
    };
  }

  async #restart(index: number, reason: string): Promise<void> {
    const lane = this.#lanes[index]!;
    if (lane.finished || this.#restarting.has(index)) return;
    this.#restarting.add(index);
    if (this.#watchdog.allowRestart()) {
      this.#events.note(`lane ${index} ${reason} and was started anew`);
      await lane.restart();
    } else {
      await lane.giveUp();
      this.#events.failed(`lane ${index} ${reason}, for the fourth time within a minute`);
    }
    this.#restarting.delete(index);
  }
}
