import type { ScheduleSpec } from '../../api/run-spec.ts';
import { Rational } from '../../units/rational.ts';
import type { CourseRecord, Exact, GoalRecord } from '../run-record.ts';
import type { PlanGoal, PlanPart } from './run-plan.ts';

/** @param startAt wall-clock time, ms since 1970 */
export function toCourseRecord(startAt: number, parts: readonly PlanPart[]): CourseRecord {
  const goals = new Table<GoalRecord>();
  const incarnations = new Table<string>();
  return {
    startAt,
    parts: parts.map(({ goal, joining }) => {
      const { stripes, owners, schedule, ...rest } = goal;
      return {
        goal: goals.indexOf({ schedule: written(schedule) as Exact<ScheduleSpec>, ...rest }),
        stripes,
        owners: Object.entries(owners).map(([incarnation, own]) => [incarnations.indexOf(incarnation), own]),
        scheduleMs: joining.scheduleMs,
        runMs: joining.runMs,
        hits: written(joining.hits) as string,
      };
    }),
    goals: goals.rows,
    incarnations: incarnations.rows,
  };
}

export function fromCourseRecord({ goals, incarnations, parts }: CourseRecord): PlanPart[] {
  return parts.map((part) => {
    const { schedule, ...rest } = goals[part.goal]!;
    const goal: PlanGoal = {
      ...rest,
      schedule: scheduleOf(schedule),
      stripes: part.stripes,
      owners: Object.fromEntries(part.owners.map(([index, own]) => [incarnations[index]!, own])),
    };
    const { scheduleMs, runMs } = part;
    return { goal, joining: { scheduleMs, runMs, hits: rationalOf(part.hits) } };
  });
}

/** Rows of which each is written once. */
class Table<Row> {
  readonly rows: Row[] = [];
  readonly #indexes = new Map<string, number>();

  indexOf(row: Row): number {
    const key = JSON.stringify(row);
    const index = this.#indexes.get(key) ?? this.rows.push(row) - 1;
    this.#indexes.set(key, index);
    return index;
  }
}

function written(value: unknown): unknown {
  if (value instanceof Rational) return `${value.numerator}/${value.denominator}`;
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, written(entry)]));
}

function scheduleOf(schedule: Exact<ScheduleSpec>): ScheduleSpec {
  switch (schedule.kind) {
    case 'constant':
      return { ...schedule, rate: rationalOf(schedule.rate) };
    case 'stages': {
      const stages = schedule.stages.map(({ from, to, overMs }) => ({
        from: rationalOf(from),
        to: rationalOf(to),
        overMs,
      }));
      return { ...schedule, stages };
    }
    case 'wave':
      return {
        ...schedule,
        mean: rationalOf(schedule.mean),
        amplitude: rationalOf(schedule.amplitude),
      };
  }
}

/** @throws RangeError or SyntaxError for a text that is no fraction */
function rationalOf(text: string): Rational {
  const [numerator, denominator] = text.split('/');
  return Rational.of(BigInt(numerator!), BigInt(denominator!));
}
