import type { Clock } from '../../attack/clock.ts';
import type { SyncRequest, WorkerIdentity } from '../protocol.ts';
import type { MemberRecord, ReplacementsRecord } from '../run-record.ts';
import { type PoolWorker, type WorkerPool, workerName } from '../worker-pool.ts';
import { Base } from './base.ts';
import { Member } from './member.ts';
import { Replacements } from './replacements.ts';

const LONGEST_NOTE = 2000;

export interface CrewOptions {
  clock: Clock;
  /** Wall clock minus clock, in ms: the same for the whole run, so that a record only changes with what it tells. */
  wallOffset: number;
  pool: WorkerPool;
  /** How many labels workers count under. */
  labels: number;
  /** Processes that are not known here may be workers that an earlier coordinator had started just before it ended. */
  adopts: boolean;
  events: CrewEvents;
}

export interface CrewEvents {
  /** Whether a member's part is over: others have its share by the last goal named. */
  isOver(member: Member): boolean;
  /** A member cannot go on, or was lost. @param reason in words, without the member's name */
  failed(member: Member, reason: string): void;
  /** @param before what it was before it was lost */
  lost(member: Member, reason: string, before: Member['state']): void;
  /** A member has given its last word. */
  ended(member: Member): void;
  /** A message of a member for people, one line. */
  note(line: string): void;
  /** Something is different that should be found again. */
  changed(): void;
  /** A process has ended. */
  processEnded(): void;
}

/** The workers of a run: starts them, knows what each said last, and starts others where some are missing. */
export class Crew {
  /** In the order of their starts. Those whose part is over and settled are none any more. */
  readonly members: readonly Member[];
  /** What those have counted that have told it all. */
  readonly base: Base;
  readonly #members: Member[] = [];
  readonly #byName = new Map<string, Member>();
  readonly #byIndex = new Map<number, Member[]>();
  /** The newest replacement that there ever was, of each index. */
  readonly #replacement = new Map<number, number>();
  readonly #options: CrewOptions;
  readonly #replacements: Replacements;
  /** Indexes for which a successor is about to be started, each with the timer that will do it. */
  readonly #successors = new Map<number, NodeJS.Timeout>();
  #closed = false;

  constructor(options: CrewOptions) {
    this.members = this.#members;
    this.base = new Base(options.labels);
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
      if (this.newest(index) === undefined) this.#startNext(index);
    }
  }

  /** Knows the members that an earlier coordinator had. */
  restore(records: readonly MemberRecord[], replacements: readonly ReplacementsRecord[]): void {
    const { clock, labels, wallOffset } = this.#options;
    const now = clock.now();
    this.#replacements.restore(replacements);
    for (const { index, newest } of replacements) this.#replacement.set(index, newest);
    for (const record of records) this.#add(Member.of(record, labels, now, wallOffset));
    for (const { succeeding, worker } of records) if (succeeding) this.#succeed(worker.index, 0);
  }

  /** Takes the processes of all members over. */
  adopt(): void {
    for (const member of this.#members) if (!member.gone) this.#adopt(member);
  }

  record(): { members: MemberRecord[]; replacements: ReplacementsRecord[] } {
    const { wallOffset } = this.#options;
    const members = this.#members.map((member) => {
      const { index } = member.worker;
      return member.record(wallOffset, this.#successors.has(index) && this.newest(index) === member);
    });
    const at = this.#replacements.record();
    const replacements = [...this.#replacement].map(([index, newest]) => ({
      index,
      newest,
      at: at.get(index) ?? [],
    }));
    return { members, replacements };
  }

  /** @returns null: nobody here, or a process of the same name that another has replaced */
  find(identity: WorkerIdentity): Member | null {
    const member = this.#byName.get(workerName(identity)) ?? this.#unknown(identity);
    if (member === null) return null;
    if (member.incarnation === null) {
      member.incarnation = identity.incarnation;
      this.#options.events.changed();
    }
    return member.incarnation === identity.incarnation ? member : null;
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
      if (usable && request.state === 'ended' && request.report !== null) this.#end(member);
    } else if (request.state === 'failed') {
      if (usable) this.#end(member);
      events.failed(member, request.problem);
    } else if (request.state === 'ended') {
      if (member.live && usable) this.#end(member);
    } else if (member.live && member.state !== request.state) {
      member.state = request.state;
      events.changed();
    }
    return usable;
  }

  /** Gives up a member, and kills its process if that is there. */
  lose(member: Member, reason: string): void {
    const before = member.state;
    member.lose(reason, this.#options.clock.now());
    this.#options.pool.stop(member.worker, 0);
    this.#options.events.lost(member, reason, before);
  }

  /** Ends a member that has no hits, without a word. @param graceMs after which its process is killed */
  discard(member: Member, graceMs: number): void {
    member.end(this.#options.clock.now(), true);
    this.base.takeCounts(member);
    member.saved = true;
    this.#options.pool.stop(member.worker, graceMs);
  }

  /** The member of that index that was started last; undefined: there is none. */
  newest(index: number): Member | undefined {
    return this.#byIndex.get(index)?.at(-1);
  }

  /**
   * The members that shall send: for each index below `count` the newest that can, else the one that keeps its share
   * until another can.
   */
  wanted(count: number, keeps: (member: Member) => boolean): Member[] {
    const wanted: Member[] = [];
    for (let index = 0; index < count; index++) {
      const all = this.#byIndex.get(index) ?? [];
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
      const newest = this.newest(index);
      if (newest === undefined || newest.released) this.#startNext(index);
      if (newest === undefined || newest.released || newest.state === 'starting' || newest.able) continue;
      if (this.#successors.has(index)) continue;
      const waitMs = this.#replacements.next(index);
      if (waitMs !== null) {
        this.#succeed(index, waitMs);
      } else if (!keepTrying && !this.#byIndex.get(index)!.some((member) => member.able)) {
        const why = newest.problem === '' ? '' : ` (${newest.problem})`;
        return `worker-${index} was replaced 3 times within 5 minutes and is gone again${why}`;
      }
    }
    return null;
  }

  /** Starts a successor of the newest worker of an index, which is no loss. */
  startNext(index: number): void {
    if (!this.#successors.has(index)) this.#startNext(index);
  }

  /** No successor that is awaited will come any more. */
  replaceNoMore(): void {
    for (const timer of this.#successors.values()) clearTimeout(timer);
    this.#successors.clear();
  }

  /** It is no member any more: all of it is in the base. */
  forget(member: Member): void {
    const same = this.#byIndex.get(member.worker.index)!;
    this.#members.splice(this.#members.indexOf(member), 1);
    same.splice(same.indexOf(member), 1);
    this.#byName.delete(member.name);
  }

  /** Ends all processes, and resolves when they are gone. @param graceMs after which they are killed */
  disband(graceMs: number): Promise<void> {
    for (const member of this.#members) this.#options.pool.stop(member.worker, graceMs);
    return this.#options.pool.close();
  }

  /** Has nothing to do with processes any more. */
  close(): void {
    this.#closed = true;
    this.replaceNoMore();
  }

  #end(member: Member): void {
    const { clock, events } = this.#options;
    member.end(clock.now(), events.isOver(member));
    this.base.takeCounts(member);
    events.ended(member);
  }

  #unknown({ index, replacement }: PoolWorker): Member | null {
    if (!this.#options.adopts || replacement <= (this.#replacement.get(index) ?? -1)) return null;
    const member = this.#create({ index, replacement });
    this.#adopt(member);
    return member;
  }

  #startNext(index: number): void {
    const member = this.#create({ index, replacement: (this.#replacement.get(index) ?? -1) + 1 });
    this.#options.pool.start(member.worker, this.#onEnd(member));
    this.#options.events.changed();
  }

  #create(worker: PoolWorker): Member {
    const { clock, labels } = this.#options;
    const member = new Member(worker, labels, clock.now());
    this.#add(member);
    return member;
  }

  #add(member: Member): void {
    const { index, replacement } = member.worker;
    this.#members.push(member);
    this.#byName.set(member.name, member);
    const same = this.#byIndex.get(index);
    if (same === undefined) this.#byIndex.set(index, [member]);
    else same.push(member);
    this.#replacement.set(index, Math.max(replacement, this.#replacement.get(index) ?? 0));
  }

  #adopt(member: Member): void {
    this.#options.pool.adopt(member.worker, this.#onEnd(member));
  }

  #onEnd(member: Member): (end: { reason: string }) => void {
    return ({ reason }) => {
      if (this.#closed) return;
      member.gone = true;
      if (member.live) this.lose(member, reason);
      this.#options.events.processEnded();
    };
  }

  #succeed(index: number, waitMs: number): void {
    const timer = setTimeout(() => {
      this.#successors.delete(index);
      this.#startNext(index);
    }, waitMs);
    this.#successors.set(index, timer);
  }
}
