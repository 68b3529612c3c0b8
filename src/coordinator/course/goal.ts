import type { RunSpec } from '../../api/run-spec.ts';
import type { Member } from '../crew/member.ts';
import type { ContentCard } from '../run-record.ts';
import type { PlanGoal } from './run-plan.ts';

/** What a spec and a content ask for, with the hits divided among the lanes of `owners`. */
function goalOf(spec: RunSpec, content: ContentCard, owners: readonly Member[]): PlanGoal {
  const stripes: Record<string, number[]> = {};
  let next = 0;
  const most = Math.max(...owners.map((member) => member.lanes));
  for (let lane = 0; lane < most; lane++) {
    for (const member of owners) {
      if (lane < member.lanes) (stripes[member.incarnation!] ??= []).push(next++);
    }
  }
  return {
    schedule: spec.schedule,
    durationMs: spec.durationMs,
    warmupMs: spec.warmupMs,
    suspended: spec.suspend,
    hitLimit: content.hitLimit,
    stripes: next,
    owners: stripes,
  };
}

/** The goal that is wanted, made anew only where something of it is different: with many workers that takes a while. */
export class WantedGoal {
  #made: { spec: RunSpec; content: ContentCard; owners: readonly Member[]; goal: PlanGoal } | null = null;

  of(spec: RunSpec, content: ContentCard, owners: readonly Member[]): PlanGoal {
    const made = this.#made;
    const isSame =
      made?.spec === spec &&
      made.content === content &&
      made.owners.length === owners.length &&
      owners.every((member, index) => member === made.owners[index] && hasLanes(member, made.goal));
    if (!isSame) this.#made = { spec, content, owners, goal: goalOf(spec, content, owners) };
    return this.#made!.goal;
  }
}

function hasLanes({ incarnation, lanes }: Member, { owners }: PlanGoal): boolean {
  return owners[incarnation!]?.length === lanes;
}

/** Whether two goals ask for the same hits from the same lanes. */
export function sameGoal(a: PlanGoal, b: PlanGoal): boolean {
  return a === b || JSON.stringify(a, bigints) === JSON.stringify(b, bigints);
}

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
