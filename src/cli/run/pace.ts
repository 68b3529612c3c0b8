import type { RunSpec, ScheduleSpec } from '../../api/run-spec.ts';
import { MAX_RATE } from '../../api/schema/kinds.ts';
import { curveOf, peakRate } from '../../attack/schedule/curve.ts';
import { formatRate } from '../../report/format.ts';
import { Rational } from '../../units/rational.ts';

/** What somebody has changed of a test's pace while it runs. It is laid over what the manifest says. */
export interface Pace {
  /** Every rate of the schedule is multiplied by it. */
  factor: Rational;
  /** Whether the run stands still; null: as the manifest says. */
  suspend: boolean | null;
}

export const OWN_PACE: Pace = { factor: Rational.of(1), suspend: null };

/** A step of the rate: to the next round number, or times two. */
export type Step = 'up' | 'down' | 'double' | 'halve';

const ONE = Rational.of(1);
const TWO = Rational.of(2);
const TEN = Rational.of(10);

/** Round numbers: the first two digits of them, about a tenth apart. */
const ROUND = [10, 11, 12, 13, 14, 16, 18, 20, 22, 25, 28, 30, 33, 36, 40, 45, 50, 55, 60, 65, 70, 80, 90];

/** The lowest rate that steps lead to: one hit an hour. */
const LOWEST = Rational.of(1, 3600);
const HIGHEST = Rational.of(MAX_RATE);

/** A test at that pace. */
export function paced(spec: RunSpec, { factor, suspend }: Pace): RunSpec {
  return { ...spec, schedule: scaled(spec.schedule, factor), suspend: suspend ?? spec.suspend };
}

/**
 * The factor one step on from `factor`. A constant rate goes to the next round rate, a schedule with several rates to the
 * next round percentage of them. @returns null where the highest rate would leave 1/h to 10,000,000/s
 */
export function stepped(schedule: ScheduleSpec, factor: Rational, step: Step): Rational | null {
  const unit = schedule.kind === 'constant' ? schedule.rate : Rational.of(100);
  const next = stepFrom(factor.times(unit), step).over(unit);
  const peak = peakRate(curveOf(schedule, null)).times(next);
  return peak.compare(LOWEST) < 0 || peak.compare(HIGHEST) > 0 ? null : next;
}

/** What differs from the manifest, in words: `2,000/s in place of 1,000/s · paused`; empty where nothing does. */
export function paceText(spec: RunSpec, { factor, suspend }: Pace): string {
  const parts: string[] = [];
  if (factor.compare(ONE) !== 0) {
    const { schedule } = spec;
    parts.push(
      schedule.kind === 'constant'
        ? `${rateText(schedule.rate.times(factor))} in place of ${rateText(schedule.rate)}`
        : `rates at ${Number((factor.toNumber() * 100).toPrecision(3))}% of the manifest's`,
    );
  }
  if (suspend !== null && suspend !== spec.suspend) parts.push(suspend ? 'paused' : 'not suspended');
  return parts.join(' · ');
}

function stepFrom(value: Rational, step: Step): Rational {
  switch (step) {
    case 'up':
      return nextRound(value, true);
    case 'down':
      return nextRound(value, false);
    case 'double':
      return value.times(TWO);
    case 'halve':
      return value.over(TWO);
  }
}

function nextRound(value: Rational, up: boolean): Rational {
  // The unit in which the value has two digits before the point: 10 ≤ value / unit < 100.
  let unit = ONE;
  while (value.compare(unit.times(TEN)) < 0) unit = unit.over(TEN);
  while (value.compare(unit.times(TEN).times(TEN)) >= 0) unit = unit.times(TEN);
  const off = (digits: number) => unit.times(Rational.of(digits)).compare(value);
  const next = up
    ? (ROUND.find((digits) => off(digits) > 0) ?? 100)
    : (ROUND.findLast((digits) => off(digits) < 0) ?? 9);
  return unit.times(Rational.of(next));
}

function scaled(schedule: ScheduleSpec, factor: Rational): ScheduleSpec {
  switch (schedule.kind) {
    case 'constant':
      return { ...schedule, rate: schedule.rate.times(factor) };
    case 'wave':
      return {
        ...schedule,
        mean: schedule.mean.times(factor),
        amplitude: schedule.amplitude.times(factor),
      };
    case 'stages': {
      const stages = schedule.stages.map(({ from, to, overMs }) => ({
        from: from.times(factor),
        to: to.times(factor),
        overMs,
      }));
      return { ...schedule, stages };
    }
  }
}

function rateText(rate: Rational): string {
  return formatRate(rate.toNumber());
}
