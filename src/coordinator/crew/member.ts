import type { HitSample } from '../../attack/hit-sample.ts';
import { type Counts, dropped } from '../../metrics/counts.ts';
import { PagedCounts } from '../../metrics/paged-counts.ts';
import { VectorReceiver } from '../../metrics/vector-codec.ts';
import { addHits, noHits, type PlannedCounts, type Progress } from '../course/ledger.ts';
import { isNewer, type SyncRequest, type Version, type WorkerContent } from '../protocol.ts';
import type { MemberRecord } from '../run-record.ts';
import { type PoolWorker, workerName } from '../worker-pool.ts';
import { fromSparse, toSparse } from './sparse-vector.ts';

/**
 * - `starting`: its process was started and has not said that it is ready
 * - `ready`, `running`, `leaving`: as it says itself
 * - `ended`: it gave its last word
 * - `lost`: its process ended, or it was silent for its lease, without a last word
 */
export type MemberState = 'starting' | 'ready' | 'running' | 'leaving' | 'ended' | 'lost';

/** One incarnation of a worker as the coordinator knows it: what it said last, and its counts. */
export class Member {
  readonly worker: PoolWorker;
  readonly name: string;
  state: MemberState = 'starting';
  /** Id of the process; null until its first call. */
  incarnation: string | null = null;
  lanes = 0;
  /** The newest assignment that it has, and the newest that all its lanes work by. */
  received: Version | null = null;
  acknowledged: Version | null = null;
  content: WorkerContent = { prepared: null, running: null };
  votes = 0;
  voteReason = '';
  wantsStop = false;
  saturated = false;
  problem = '';
  /** Messages for people that it has sent since they were last taken. */
  notes: string[] = [];
  /** Some of its hits, once it sends no more. */
  samples: readonly HitSample[] = [];
  /** It has spoken to this coordinator. */
  heard = false;
  /** Its last word would be found again. */
  saved = false;
  /** Its process has ended. */
  gone = false;
  /** Another shall take its place. */
  outdated = false;
  /** Its part was over when it ended. */
  released = false;
  /** It had a share in a part that is not in the course any more. */
  served = false;
  /** Planned hits of its share in such parts. */
  readonly settled: PlannedCounts = noHits();
  /** Clock time of the last answer it was given, in ms: its lease runs from then on. null: none yet. */
  answeredAt: number | null = null;
  /** Clock time at which it ended or was lost, in ms; null: it is live. */
  endedAt: number | null = null;
  /** Clock time in ms. */
  readonly startedAt: number;
  readonly #labels: number;
  #lastNote = 0;
  /** null: its counts are in the base. */
  #receiver: VectorReceiver | null;
  #reported = 0;
  #cursors: number[] = [];
  #sent = 0;
  #dropped = 0;
  /** What was settled of it by an earlier coordinator, to which it alone has the counts; null: nothing. */
  #before: PlannedCounts | null = null;

  constructor(worker: PoolWorker, labels: number, now: number) {
    this.worker = worker;
    this.startedAt = now;
    this.name = workerName(worker);
    this.#labels = labels;
    this.#receiver = new VectorReceiver(PagedCounts.size(labels));
  }

  /** As an earlier coordinator knew it. @param wallOffset wall clock minus clock, in ms */
  static of(record: MemberRecord, labels: number, now: number, wallOffset: number): Member {
    const { worker, counts, cursors, settled, startedAt, endedAt, sent, dropped, ...rest } = record;
    const member = new Member(worker, labels, startedAt - wallOffset);
    const { incarnation, state, lanes, gone, outdated, released, served, ...told } = rest;
    const { problem, saturated, votes, voteReason } = told;
    Object.assign(member, { incarnation, state, lanes, gone, outdated, released, served });
    Object.assign(member, { problem, saturated, votes, voteReason });
    member.endedAt = endedAt === null ? null : endedAt - wallOffset;
    member.saved = state === 'ended';
    if (member.live) {
      member.#before = settled;
      member.answeredAt = state === 'starting' && incarnation === null ? null : now;
      return member;
    }
    addHits(member.settled, settled);
    member.#cursors = cursors;
    if (counts === null) {
      member.#receiver = null;
      [member.#sent, member.#dropped] = [sent, dropped];
    } else {
      fromSparse(counts, member.#receiver!.values);
    }
    return member;
  }

  /** Its process may still send. */
  get live(): boolean {
    return this.state !== 'ended' && this.state !== 'lost';
  }

  /** It has lanes and can be given hits. */
  get able(): boolean {
    return this.lanes > 0 && (this.state === 'ready' || this.state === 'running');
  }

  /** Its counts are in the base: what it says of them is not taken any more. */
  get closed(): boolean {
    return this.#receiver === null;
  }

  /** Its counts, as they are until its next report; what was in flight in a lost worker is interrupted. */
  get counts(): PagedCounts {
    const counts = new PagedCounts(this.#labels, this.#receiver!.values);
    return this.state === 'lost' ? counts.interrupted() : counts;
  }

  /** Of the main part. */
  get sent(): number {
    return this.#receiver === null ? this.#sent : this.#main.sent;
  }

  get dropped(): number {
    return this.#receiver === null ? this.#dropped : dropped(this.#main);
  }

  get #main(): Counts {
    return new PagedCounts(this.#labels, this.#receiver!.values).counts;
  }

  /** Sequence of the newest report taken in. */
  get reported(): number {
    return this.#receiver?.sequence ?? this.#reported;
  }

  /** @param lostBelow what fell to it below this hit is unreported if it is lost */
  progress(lostBelow: number): Progress {
    return {
      incarnation: this.incarnation ?? '',
      cursors: this.#cursors,
      lostBelow: this.state === 'lost' ? lostBelow : null,
    };
  }

  /**
   * Takes in what it says.
   * @returns `late`: a later call came before this one, and nothing is taken from it; `resync`: its report could not be
   *   used, and everything is wanted
   * @throws RangeError for a report that no worker makes; its counts stay as they were
   */
  hear(request: SyncRequest): 'ok' | 'late' | 'resync' {
    const receiver = this.#receiver;
    const { report } = request;
    if (receiver === null || (report?.counters.sequence ?? 0) < receiver.sequence) return 'late';
    this.heard = true;
    this.lanes = request.lanes;
    this.content = request.content;
    if (request.received !== null && isNewer(request.received, this.received)) {
      this.received = request.received;
    }
    if (request.acknowledged !== null && isNewer(request.acknowledged, this.acknowledged)) {
      this.acknowledged = request.acknowledged;
    }
    if (request.problem !== '') this.problem = request.problem;
    if (report === null) return 'ok';
    for (const { id, text } of report.notes) {
      if (id > this.#lastNote) this.notes.push(text);
      this.#lastNote = Math.max(this.#lastNote, id);
    }
    const newer = report.counters.sequence > receiver.sequence;
    if (receiver.apply(report.counters) === 'resync') return 'resync';
    if (!newer) return 'ok';
    this.samples = report.samples;
    this.#cursors = report.cursors;
    this.votes = report.votes;
    this.voteReason = report.voteReason;
    this.wantsStop = report.wantsStop;
    this.saturated = report.saturated;
    if (this.#before !== null) addHits(this.settled, this.#before);
    this.#before = null;
    return 'ok';
  }

  /** It ended without a last word. */
  lose(reason: string, now: number): void {
    this.state = 'lost';
    this.endedAt = now;
    this.problem = this.problem === '' ? reason : this.problem;
    if (this.#before === null) return;
    const { warmup, main } = this.#before;
    // What was settled of it was told to another coordinator. It is owed from now on, whatever may still be said of it.
    if (warmup.scheduled + main.scheduled > 0) this.#receiver = null;
    this.#before = null;
    const owed = ({ scheduled }: { scheduled: number }) => ({ scheduled, unreported: scheduled });
    addHits(this.settled, { warmup: owed(warmup), main: owed(main) });
  }

  /** It gave its last word. @param released its part was over */
  end(now: number, released: boolean): void {
    this.state = 'ended';
    this.endedAt ??= now;
    this.released = released;
  }

  /** Its counts stand elsewhere from now on. */
  close(): void {
    [this.#sent, this.#dropped, this.#reported] = [this.sent, this.dropped, this.reported];
    this.samples = [];
    this.#receiver = null;
  }

  /** @param wallOffset wall clock minus clock, in ms; @param succeeding a successor is about to be started */
  record(wallOffset: number, succeeding: boolean): MemberRecord {
    const { worker, incarnation, state, lanes, startedAt, endedAt, gone, outdated, released, served } = this;
    const { problem, saturated, votes, voteReason, live, settled } = this;
    const isKept = state === 'lost' && this.#receiver !== null;
    return {
      worker,
      incarnation,
      state,
      lanes,
      startedAt: startedAt + wallOffset,
      endedAt: endedAt === null ? null : endedAt + wallOffset,
      gone,
      outdated,
      released,
      succeeding,
      served,
      problem,
      saturated,
      votes,
      voteReason,
      sent: live ? 0 : this.sent,
      dropped: live ? 0 : this.dropped,
      settled: this.#before ?? settled,
      cursors: live ? [] : this.#cursors,
      counts: isKept ? toSparse(this.#receiver!.values) : null,
    };
  }
}
