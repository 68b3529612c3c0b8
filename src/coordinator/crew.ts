import type { Clock } from '../attack/clock.ts';
import { Member } from './member.ts';
import type { SyncRequest, WorkerIdentity } from './protocol.ts';
import { Replacements } from './replacements.ts';
import type { WorkerPool } from './worker-pool.ts';

const LONGEST_NOTE = 2000;

export interface CrewOptions {
  clock: Clock;
  pool: WorkerPool;
  /** How many labels workers count under. */
  labels: number;
  events: CrewEvents;
}

export interface CrewEvents {
  /** A member cannot go on, or was lost. @param reason in words, without the member's name */
  failed(member: Member, reason: string): void;
  /** @param before what it was before it was lost */
  lost(member: Member, reason: string, before: Member['state']): void;
  /** A message of a member for people, one line. */
  note(line: string): void;
  /** A process has ended. */
  processEnded(): void;
}

/** The workers of a run: starts them, knows what each said last, and starts others where some are missing. */
export class Crew {
  /** Every incarnation that this run has had, in the order of their starts. */
  readonly members: readonly Member[];
  readonly #members: Member[] = [];
  readonly #options: CrewOptions;
  readonly #replacements: Replacements;
  /** Indexes for which a successor is about to be started, each with the timer that will do it. */
  readonly #successors = new Map<number, NodeJS.Timeout>();

  constructor(options: CrewOptions) {
    this.members = this.#members;
    this.#options = options;
    this.#replacements = new Replacements(options.clock);
  }

  /** Those whose processes may send and that have said that they could. */
  get speaking(): Member[] {
    return this.#members.filter((member) => member.live && member.state !== 'starting');
  }

  /** Starts a worker of each index below `count` that has none yet. */
  startMissing(count: number): void {
    for (let index = 0; index < count; index++) {
      if (this.#newest(index) === undefined) this.#start(index, 0);
    }
  }

  /** @returns null: nobody here, or a process of the same name that another has replaced */
  find({ index, replacement, incarnation }: WorkerIdentity): Member | null {
    const member = this.#members.find(
      ({ worker }) => worker.index === index && worker.replacement === replacement,
    );
    if (member === undefined) return null;
    member.incarnation ??= incarnation;
    return member.incarnation === incarnation ? member : null;
  }

  /** Takes in what a member says. @returns false: its report could not be used, and everything is wanted */
  hear(member: Member, request: SyncRequest): boolean {
    const heard = member.hear(request);
    if (heard === 'late') return true;
    const usable = heard === 'ok';
    const { events } = this.#options;
    for (const note of member.notes.splice(0)) events.note(`${member.name}: ${note.slice(0, LONGEST_NOTE)}`);
    if (member.state === 'lost') {
      // It was only out of sight. Its last word still counts, but its share is somebody else's by now.
      if (usable && request.state === 'ended' && request.report !== null) member.state = 'ended';
    } else if (request.state === 'failed') {
      if (usable) member.state = 'ended';
      events.failed(member, request.problem);
    } else if (member.live && (usable || request.state !== 'ended')) {
      member.state = request.state;
    }
    return usable;
  }

  /** Gives up a member, and kills its process if that is there. */
  lose(member: Member, reason: string): void {
    const before = member.state;
    member.lose(reason);
    this.#options.pool.stop(member.worker, 0);
    this.#options.events.lost(member, reason, before);
  }

  /**
   * The members that shall send: for each index below `count` the newest that can, else the one that keeps its share
   * until another can.
   */
  wanted(count: number, keeps: (member: Member) => boolean): Member[] {
    const wanted: Member[] = [];
    for (let index = 0; index < count; index++) {
      const all = this.#members.filter(({ worker }) => worker.index === index);
      const owner = all.findLast((member) => member.able) ?? all.findLast(keeps);
      if (owner !== undefined) wanted.push(owner);
    }
    return wanted;
  }

  /**
   * Starts workers that are missing: successors where one left, ended early or was lost, and more where more are wanted.
   * @param keepTrying go on, as often as the limit lets it, where a worker was replaced too often
   * @returns which worker was replaced too often, in words; null: none
   */
  replaceMissing(count: number, keepTrying: boolean): string | null {
    for (let index = 0; index < count; index++) {
      const newest = this.#newest(index);
      if (newest === undefined) this.#start(index, 0);
      if (newest === undefined || newest.state === 'starting' || newest.able) continue;
      if (this.#successors.has(index)) continue;
      const waitMs = this.#replacements.next(index);
      if (waitMs !== null) {
        this.#succeed(newest, waitMs);
      } else if (!keepTrying) {
        const why = newest.problem === '' ? '' : ` (${newest.problem})`;
        return `worker-${index} was replaced 3 times within 5 minutes and is gone again${why}`;
      }
    }
    return null;
  }

  /** No successor that is awaited will come any more. */
  replaceNoMore(): void {
    for (const timer of this.#successors.values()) clearTimeout(timer);
  }

  /** Ends all processes, and resolves when they are gone. @param graceMs after which they are killed */
  disband(graceMs: number): Promise<void> {
    for (const member of this.#members) this.#options.pool.stop(member.worker, graceMs);
    return this.#options.pool.close();
  }

  #newest(index: number): Member | undefined {
    return this.#members.findLast(({ worker }) => worker.index === index);
  }

  #start(index: number, replacement: number): void {
    const { clock, pool, labels, events } = this.#options;
    const worker = { index, replacement };
    const member = new Member(worker, labels, clock.now());
    this.#members.push(member);
    pool.start(worker, (end) => {
      if (member.live) this.lose(member, end.reason);
      events.processEnded();
    });
  }

  #succeed({ worker }: Member, waitMs: number): void {
    const { index, replacement } = worker;
    const timer = setTimeout(() => {
      this.#successors.delete(index);
      this.#start(index, replacement + 1);
    }, waitMs);
    this.#successors.set(index, timer);
  }
}
