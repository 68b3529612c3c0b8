import { HitCursor } from '../../../src/attack/schedule/hit-cursor.ts';
import type { Segment } from '../../../src/attack/schedule/segment.ts';
import { type PlanGoal, RunPlan } from '../../../src/coordinator/course/run-plan.ts';
import { randomSchedule } from '../../attack/schedule/schedules.ts';

/** A random goal that keeps what stays the same in a run: its warm-up. */
export function randomGoal(random: () => number, warmupMs: number, mostRate = 400): PlanGoal {
  return {
    ...randomSchedule(random, mostRate),
    warmupMs,
    suspended: random() < 0.15,
    hitLimit: null,
    ...randomOwners(random),
  };
}

/** Stripes among up to 4 incarnations with up to 3 lanes each, in any order. */
export function randomOwners(random: () => number): Pick<PlanGoal, 'stripes' | 'owners'> {
  const lanes = ['a', 'b', 'c', 'd']
    .filter(() => random() < 0.6)
    .flatMap((owner) => Array.from({ length: 1 + Math.floor(random() * 3) }, () => owner));
  if (lanes.length === 0) lanes.push('a');
  const order = lanes
    .map((owner, stripe) => ({ owner, stripe, key: random() }))
    .sort((one, other) => one.key - other.key);
  const owners: Record<string, number[]> = {};
  for (const { owner, stripe } of order) (owners[owner] ??= []).push(stripe);
  return { stripes: lanes.length, owners };
}

/** A run through which lanes walk while its plan changes: each decides its hits up to the fence, and no further. */
export class PlanStory {
  readonly plan: RunPlan;
  /** Who decided each hit, and at which run time it was due. */
  readonly decided = new Map<number, { owner: string; dueAt: number }>();
  /** What went wrong, in words. */
  readonly broken: string[] = [];
  readonly #lanes = new Map<string, { owner: string; index: number; cursor: HitCursor }>();

  constructor(goal: PlanGoal) {
    this.plan = new RunPlan(goal);
    this.#tell();
  }

  /** Lanes decide what is due before `runMs`, each up to an instant of its own if `random` is given. */
  decideUntil(runMs: number, random: () => number = () => 1): void {
    for (const { owner, cursor } of this.#lanes.values()) {
      const until = runMs * random();
      while (cursor.dueAt < until) this.#decide(owner, cursor);
    }
  }

  /** Decides everything that is left of a plan with an end. */
  finish(): void {
    for (const { owner, cursor } of this.#lanes.values()) {
      while (cursor.hit !== Number.POSITIVE_INFINITY) this.#decide(owner, cursor);
    }
  }

  join(runMs: number, goal: PlanGoal): void {
    this.plan.join(runMs, goal);
    this.#tell();
  }

  /** Some lanes lose all but their floor. */
  restart(random: () => number): void {
    for (const lane of this.#lanes.values()) {
      if (random() < 0.5) continue;
      lane.cursor = new HitCursor(lane.owner, lane.index, lane.cursor.floor);
      lane.cursor.follow(this.#segments());
    }
  }

  /** The cursors of one incarnation's lanes, as it would report them. */
  cursorsOf(owner: string): number[] {
    return [...this.#lanes.values()]
      .filter((lane) => lane.owner === owner)
      .sort((one, other) => one.index - other.index)
      .map(({ cursor }) => cursor.floor);
  }

  #decide(owner: string, cursor: HitCursor): void {
    const { hit, dueAt } = cursor;
    const before = this.decided.get(hit);
    if (before !== undefined) this.broken.push(`hit ${hit} of ${owner} was decided by ${before.owner}`);
    this.decided.set(hit, { owner, dueAt });
    cursor.advance();
    if (cursor.hit <= hit) this.broken.push(`hit ${cursor.hit} of ${owner} comes after hit ${hit}`);
  }

  #tell(): void {
    const segments = this.#segments();
    for (const { owners } of segments) {
      for (const [owner, stripes] of Object.entries(owners)) {
        stripes.forEach((_, index) => {
          const name = `${owner}-${index}`;
          if (this.#lanes.has(name)) return;
          this.#lanes.set(name, { owner, index, cursor: new HitCursor(owner, index) });
        });
      }
    }
    for (const { cursor } of this.#lanes.values()) cursor.follow(segments);
  }

  /** As they come over the wire. */
  #segments(): Segment[] {
    return JSON.parse(JSON.stringify(this.plan.segments)) as Segment[];
  }
}
