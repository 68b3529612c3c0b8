import { CountsBlock, Tally } from '../metrics/tally.ts';
import { VectorReceiver } from '../metrics/vector-codec.ts';
import type { Progress } from './ledger.ts';
import { isNewer, type SyncRequest, type Version, type WorkerContent } from './protocol.ts';
import { type PoolWorker, workerName } from './worker-pool.ts';

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
  acknowledged: Version | null = null;
  content: WorkerContent = { prepared: null, running: null };
  votes = 0;
  voteReason = '';
  wantsStop = false;
  saturated = false;
  problem = '';
  /** Messages for people that it has sent since they were last taken. */
  notes: string[] = [];
  #lastNote = 0;
  /** Clock time of the last answer it was given, in ms: its lease runs from then on. null: none yet. */
  answeredAt: number | null = null;
  readonly #labels: number;
  readonly #receiver: VectorReceiver;
  #cursors: number[] = [];

  /** Clock time in ms. */
  readonly startedAt: number;

  constructor(worker: PoolWorker, labels: number, now: number) {
    this.worker = worker;
    this.startedAt = now;
    this.name = workerName(worker);
    this.#labels = labels;
    this.#receiver = new VectorReceiver(Tally.size(labels) + CountsBlock.size);
  }

  /** Its process may still send. */
  get live(): boolean {
    return this.state !== 'ended' && this.state !== 'lost';
  }

  /** It has lanes and can be given hits. */
  get able(): boolean {
    return this.lanes > 0 && (this.state === 'ready' || this.state === 'running');
  }

  /** Its counts; what was in flight in a lost worker is interrupted. */
  get tally(): Tally {
    const tally = new Tally(this.#labels, this.#receiver.values.slice(0, Tally.size(this.#labels)));
    if (this.state === 'lost') tally.interruptAll();
    return tally;
  }

  get warmup(): CountsBlock {
    const counts = new CountsBlock(this.#receiver.values.slice(Tally.size(this.#labels)));
    if (this.state === 'lost') counts.interruptAll();
    return counts;
  }

  /** Sequence of the newest report taken in. */
  get reported(): number {
    return this.#receiver.sequence;
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
    const { report } = request;
    if ((report?.counters.sequence ?? 0) < this.#receiver.sequence) return 'late';
    this.lanes = request.lanes;
    this.content = request.content;
    if (request.acknowledged !== null && isNewer(request.acknowledged, this.acknowledged)) {
      this.acknowledged = request.acknowledged;
    }
    if (request.problem !== '') this.problem = request.problem;
    if (report === null) return 'ok';
    for (const { id, text } of report.notes) {
      if (id > this.#lastNote) this.notes.push(text);
      this.#lastNote = Math.max(this.#lastNote, id);
    }
    const newer = report.counters.sequence > this.#receiver.sequence;
    if (this.#receiver.apply(report.counters) === 'resync') return 'resync';
    if (!newer) return 'ok';
    this.#cursors = report.cursors;
    this.votes = report.votes;
    this.voteReason = report.voteReason;
    this.wantsStop = report.wantsStop;
    this.saturated = report.saturated;
    return 'ok';
  }

  /** It ended without a last word. */
  lose(reason: string): void {
    this.state = 'lost';
    this.problem = this.problem === '' ? reason : this.problem;
  }
}
