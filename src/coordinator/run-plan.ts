import type { ScheduleSpec } from '../api/run-spec.ts';
import { AT_START, compile, hitsSince, type Joining } from '../attack/schedule/compile.ts';
import { type Curve, curveOf, rateAt } from '../attack/schedule/curve.ts';
import { dueAt } from '../attack/schedule/due.ts';
import type { Piece } from '../attack/schedule/piece.ts';
import type { Segment } from '../attack/schedule/segment.ts';

/** What is due from some instant on, and who sends it. */
export interface PlanGoal {
  schedule: ScheduleSpec;
  durationMs: number | null;
  warmupMs: number;
  suspended: boolean;
  /** How many hits there are at most, for a canned sequence that is sent once; null: no limit. */
  hitLimit: number | null;
  stripes: number;
  owners: Record<string, number[]>;
}

/**
 * The plan of a run as it was named so far: the first goal from run time 0 on, and each later one from the instant at
 * which it joined. Pure arithmetic: it knows neither clocks nor workers.
 */
export class RunPlan {
  readonly segments: Segment[] = [];
  #joining: Joining = AT_START;
  #curve: Curve;
  #goal: PlanGoal;

  constructor(goal: PlanGoal) {
    this.#goal = goal;
    this.#curve = curveOf(goal.schedule, goal.durationMs);
    this.#add(goal);
  }

  get goal(): PlanGoal {
    return this.#goal;
  }

  /** Run time of the last joining instant, in ms. */
  get joinedAt(): number {
    return this.#joining.runMs;
  }

  /**
   * From run time `runMs` on, `goal` holds: `F(t) = F_old(J) + F_new(t) − F_new(J)` in schedule time, so that no hit is
   * skipped and none comes twice. @throws RangeError when `runMs` lies before the last joining instant
   */
  join(runMs: number, goal: PlanGoal): void {
    if (runMs < this.#joining.runMs)
      throw new RangeError(`run time ${runMs} ms is before the last change of the plan`);
    const before = this.#hitsUntil(runMs);
    const last = this.segments[this.segments.length - 1]!;
    last.endHit = Number(before.ceil());
    this.#joining = { scheduleMs: this.scheduleAt(runMs), runMs, hits: before };
    this.#curve = curveOf(goal.schedule, goal.durationMs);
    this.#goal = goal;
    this.#add(goal);
  }

  /** Schedule time at run time `runMs`, which must not lie before the last joining instant. */
  scheduleAt(runMs: number): number {
    const { scheduleMs, runMs: joinedAt } = this.#joining;
    return this.#goal.suspended ? scheduleMs : scheduleMs + Math.max(0, runMs - joinedAt);
  }

  /** Run time at which nothing more will be due, in ms; null: open. */
  get endsAt(): number | null {
    if (this.#goal.suspended) return null;
    const pieces = this.segments[this.segments.length - 1]!.pieces;
    return pieces.length === 0 ? this.#joining.runMs : pieces[pieces.length - 1]!.until;
  }

  /** Schedule time at which nothing more will be due, in ms; null: never. */
  get durationMs(): number | null {
    const { endsAt } = this;
    return endsAt === null ? this.#curve.endMs : this.scheduleAt(endsAt);
  }

  /** How many hits are due before run time `runMs`. */
  dueBefore(runMs: number): number {
    const due = Number(this.#hitsUntil(runMs).ceil());
    return this.#goal.hitLimit === null ? due : Math.min(due, this.#goal.hitLimit);
  }

  /** Hits per second that are due at run time `runMs`. */
  rateAt(runMs: number): number {
    const ended = this.endsAt !== null && runMs >= this.endsAt;
    return this.#goal.suspended || ended ? 0 : rateAt(this.#curve, this.scheduleAt(runMs));
  }

  #hitsUntil(runMs: number) {
    if (this.#goal.suspended) return this.#joining.hits;
    return hitsSince(this.#curve, this.#joining, this.scheduleAt(runMs));
  }

  #add(goal: PlanGoal): void {
    const firstHit = Number(this.#joining.hits.ceil());
    const pieces = goal.suspended ? [] : limited(compile(this.#curve, this.#joining), goal.hitLimit);
    const last = pieces[pieces.length - 1];
    this.segments.push({
      from: this.#joining.runMs,
      scheduleFrom: this.#joining.scheduleMs,
      suspended: goal.suspended,
      pieces,
      firstHit,
      endHit: last === undefined ? firstHit : last.endHit,
      warmupEndHit: this.#warmupEndHit(goal.warmupMs, firstHit),
      stripes: goal.stripes,
      owners: goal.owners,
    });
  }

  #warmupEndHit(warmupMs: number, firstHit: number): number {
    if (warmupMs <= this.#joining.scheduleMs) return firstHit;
    return Number(hitsSince(this.#curve, this.#joining, warmupMs).ceil());
  }
}

/** Cuts pieces off where hit `limit` would be due. */
function limited(pieces: Piece[], limit: number | null): Piece[] {
  if (limit === null) return pieces;
  return pieces
    .filter((piece) => piece.firstHit < limit)
    .map((piece) =>
      piece.endHit !== null && piece.endHit <= limit
        ? piece
        : { ...piece, endHit: limit, until: dueAt(piece, limit) },
    );
}
