import type { ScheduleSpec } from '../../api/run-spec.ts';
import { AT_START, compile, hitsSince, type Joining } from '../../attack/schedule/compile.ts';
import { type Curve, curveOf, rateAt } from '../../attack/schedule/curve.ts';
import { dueAt } from '../../attack/schedule/due.ts';
import type { Piece } from '../../attack/schedule/piece.ts';
import type { Segment } from '../../attack/schedule/segment.ts';
import { Rational } from '../../units/rational.ts';

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

/** One goal, from the instant at which it joined until the next one does. */
export interface PlanPart {
  readonly goal: PlanGoal;
  readonly joining: Joining;
}

interface Part extends PlanPart {
  curve: Curve;
  segment: Segment;
}

/**
 * The plan of a run as it was named so far: the first goal from run time 0 on, and each later one from the instant at
 * which it joined. Pure arithmetic: it knows neither clocks nor workers.
 */
export class RunPlan {
  readonly #parts: Part[] = [];

  constructor(goal: PlanGoal) {
    this.#parts.push(partOf(goal, AT_START));
  }

  /** The same plan again, from its parts. @param parts at least one */
  static of(parts: readonly PlanPart[]): RunPlan {
    const [first, ...later] = parts;
    const plan = new RunPlan(first!.goal);
    plan.#parts.splice(0, 1, partOf(first!.goal, first!.joining));
    for (const { goal, joining } of later) plan.#add(goal, joining);
    return plan;
  }

  /** All that there is to it. */
  get parts(): readonly PlanPart[] {
    return this.#parts;
  }

  /** Forgets the earliest part, of which nobody will ask any more. Never the last one. */
  forgetFirst(): void {
    if (this.#parts.length > 1) this.#parts.shift();
  }

  get segments(): Segment[] {
    return this.#parts.map((part) => part.segment);
  }

  /** The last goal named, whether it has joined yet or not. */
  get goal(): PlanGoal {
    return this.#last.goal;
  }

  /** Run time at which the last goal joins, in ms. */
  get joinedAt(): number {
    return this.#last.joining.runMs;
  }

  /**
   * From run time `runMs` on, `goal` holds: `F(t) = F_old(J) + F_new(t) − F_new(J)` in schedule time, so that no hit is
   * skipped and none comes twice. @throws RangeError when `runMs` lies before the last joining instant
   */
  join(runMs: number, goal: PlanGoal): void {
    const last = this.#last;
    if (runMs < last.joining.runMs) {
      throw new RangeError(`run time ${runMs} ms is before the last change of the plan`);
    }
    this.#add(goal, { scheduleMs: scheduleAt(last, runMs), runMs, hits: hitsUntil(last, runMs) });
  }

  /** Schedule time at run time `runMs`. */
  scheduleAt(runMs: number): number {
    return scheduleAt(this.#at(runMs), runMs);
  }

  suspendedAt(runMs: number): boolean {
    return this.#at(runMs).goal.suspended;
  }

  /** Run time at which nothing more will be due, in ms; null: open. */
  get endsAt(): number | null {
    const { goal, joining, segment } = this.#last;
    if (goal.suspended) return null;
    const piece = segment.pieces.at(-1);
    return piece === undefined ? joining.runMs : piece.until;
  }

  /** Schedule time at which nothing more will be due, in ms; null: never. */
  get durationMs(): number | null {
    const { endsAt } = this;
    return endsAt === null ? this.#last.curve.endMs : this.scheduleAt(endsAt);
  }

  /** How many hits are due before run time `runMs`. */
  dueBefore(runMs: number): number {
    return Number(hitsUntil(this.#at(runMs), runMs).ceil());
  }

  /** Hits per second that are due at run time `runMs`. */
  rateAt(runMs: number): number {
    const { goal, curve } = this.#at(runMs);
    const ended = this.endsAt !== null && runMs >= this.endsAt;
    return goal.suspended || ended ? 0 : rateAt(curve, this.scheduleAt(runMs));
  }

  #add(goal: PlanGoal, joining: Joining): void {
    this.#last.segment.endHit = Number(joining.hits.ceil());
    this.#parts.push(partOf(goal, joining));
  }

  get #last(): Part {
    return this.#parts[this.#parts.length - 1]!;
  }

  #at(runMs: number): Part {
    return this.#parts.findLast(({ joining }) => joining.runMs <= runMs) ?? this.#parts[0]!;
  }
}

function partOf(goal: PlanGoal, joining: Joining): Part {
  const curve = curveOf(goal.schedule, goal.durationMs);
  const firstHit = Number(joining.hits.ceil());
  const pieces = goal.suspended ? [] : limited(compile(curve, joining), goal.hitLimit);
  const last = pieces.at(-1);
  const segment: Segment = {
    from: joining.runMs,
    scheduleFrom: joining.scheduleMs,
    suspended: goal.suspended,
    pieces,
    firstHit,
    endHit: last === undefined ? firstHit : last.endHit,
    warmupEndHit: warmupEndHit(curve, joining, goal.warmupMs, firstHit),
    stripes: goal.stripes,
    owners: goal.owners,
  };
  return { goal, curve, joining, segment };
}

function warmupEndHit(curve: Curve, joining: Joining, warmupMs: number, firstHit: number): number {
  if (warmupMs <= joining.scheduleMs) return firstHit;
  return Number(hitsSince(curve, joining, warmupMs).ceil());
}

function scheduleAt({ goal, joining }: Part, runMs: number): number {
  return goal.suspended ? joining.scheduleMs : joining.scheduleMs + Math.max(0, runMs - joining.runMs);
}

function hitsUntil(part: Part, runMs: number): Rational {
  const { goal, curve, joining } = part;
  if (goal.suspended) return joining.hits;
  const hits = hitsSince(curve, joining, scheduleAt(part, runMs));
  if (goal.hitLimit === null || hits.compare(Rational.of(goal.hitLimit)) < 0) return hits;
  // A limit that came when more hits were due already takes none of them back.
  const most = Rational.of(goal.hitLimit);
  return most.compare(joining.hits) < 0 ? joining.hits : most;
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
