import type { Clock } from '../attack/clock.ts';
import { rateOf, scheduleTimeAt } from '../attack/schedule/segment.ts';
import type { WindowStretch } from '../attack/window-clock.ts';
import type { Assignment, Version } from '../coordinator/protocol.ts';
import type { LaneGroup } from './lanes/lane-group.ts';

/** Below this limit of latency, sending up to 1 ms late on timers would be too slow to judge by, in ms. */
const PRECISE_BELOW_MS = 20;

export interface PlanKeeperOptions {
  clock: Pick<Clock, 'now'>;
  lanes: Pick<LaneGroup, 'follow' | 'follows' | 'setFence' | 'setLease'>;
  /** An instant of the coordinator's clock on ours, in ms. */
  toLocal: (coordinatorTime: number) => number;
}

/** Keeps a worker's lanes on the plan that the coordinator names, behind its fence and within the lease. */
export class PlanKeeper {
  readonly #options: PlanKeeperOptions;
  #assignment: Assignment | null = null;
  #acknowledged: Version | null = null;
  /** How many assignments it has taken: lanes know plans by it, whichever coordinator they are from. */
  #taken = 0;
  #startAt: number | null = null;
  #leaseEnd = Number.POSITIVE_INFINITY;

  constructor(options: PlanKeeperOptions) {
    this.#options = options;
  }

  /** The newest; null: none yet. */
  get assignment(): Assignment | null {
    return this.#assignment;
  }

  /** The newest that all lanes work by; null: none yet. */
  get acknowledged(): Version | null {
    return this.#acknowledged;
  }

  /** Clock time of the run's start, in ms; null: it is not named, or lanes do not count from it yet. */
  get startAt(): number | null {
    return this.#startAt;
  }

  /** Clock time from which on nothing may be sent without another answer, in ms. */
  get leaseEnd(): number {
    return this.#leaseEnd;
  }

  /** Schedule time now, in ms; 0 before the start. */
  get scheduleMs(): number {
    return scheduleTimeAt(this.#assignment?.segments ?? [], this.#runMs);
  }

  /** Hits per second that are due now from one worker. */
  rateOf(incarnation: string): number {
    return rateOf(this.#assignment?.segments ?? [], incarnation, this.#runMs);
  }

  /** A newer assignment; see `follow`. */
  take(assignment: Assignment): void {
    this.#assignment = assignment;
    this.#taken++;
  }

  /** Counts from the start that the newest assignment names. @returns its clock time, in ms; null: it names none */
  start(): number | null {
    const { startAt, version } = this.#assignment!;
    if (startAt === null) this.#acknowledged = version;
    else this.#startAt ??= this.#options.toLocal(startAt);
    return startAt === null ? null : this.#startAt;
  }

  /** Gives the newest plan to the lanes. Only after `start`. @param windows how long windows are */
  follow(windows: readonly WindowStretch[]): void {
    const { segments, endsAt, maxLagMs, stopWhen } = this.#assignment!;
    const latencyAboveMs = stopWhen?.latencyAboveMs ?? Number.POSITIVE_INFINITY;
    this.#options.lanes.follow({
      version: this.#taken,
      plan: { startAt: this.#startAt!, segments, endsAt, maxLagMs, latencyAboveMs, windows },
      precise: latencyAboveMs < PRECISE_BELOW_MS,
    });
  }

  /**
   * A lane has taken a plan over.
   * @param answeredAt clock time of the last answer, in ms
   * @returns whether every lane follows the newest: so says the worker
   */
  acknowledge(answeredAt: number): boolean {
    if (!this.#options.lanes.follows(this.#taken)) return false;
    this.#acknowledged = this.#assignment!.version;
    this.#setFence(answeredAt);
    return true;
  }

  /** An answer has come at clock time `answeredAt`, in ms: lanes may go on for so long from then. */
  renewLease(answeredAt: number, leaseMs: number): void {
    const forever = this.#assignment?.afterLease === 'Continue';
    this.#leaseEnd = forever ? Number.POSITIVE_INFINITY : answeredAt + leaseMs;
    this.#options.lanes.setLease(this.#leaseEnd);
    this.#setFence(answeredAt);
  }

  /** Run time now, in ms; less than 0 before the start is known. */
  get #runMs(): number {
    return this.#startAt === null ? -1 : this.#options.clock.now() - this.#startAt;
  }

  #setFence(answeredAt: number): void {
    const assignment = this.#assignment;
    if (assignment !== null) this.#options.lanes.setFence(answeredAt, assignment.fenceMs, this.#taken);
  }
}
