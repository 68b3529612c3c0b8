import type { ScheduleSpec, StageSpec } from '../../../src/api/run-spec.ts';
import { formatRate, parseRate } from '../../../src/units/rate.ts';
import { Rational } from '../../../src/units/rational.ts';

/** Schedules as people write them. */
export function constant(rate: string): ScheduleSpec {
  return { kind: 'constant', rate: parseRate(rate) };
}

export function wave(mean: string, amplitude: string, periodMs: number): ScheduleSpec {
  return { kind: 'wave', mean: parseRate(mean), amplitude: parseRate(amplitude), periodMs };
}

/** Each stage is `[to, ms]` and begins where the one before it ended, the first one at 0/s. */
export function stages(...rows: [to: string, overMs: number][]): ScheduleSpec {
  let from = Rational.zero;
  return {
    kind: 'stages',
    stages: rows.map(([text, overMs]): StageSpec => {
      const stage = { from, to: parseRate(text), overMs };
      from = stage.to;
      return stage;
    }),
  };
}

/** F(t) in doubles by the textbook's formulas: what the exact arithmetic is held against. */
export function integral(schedule: ScheduleSpec, durationMs: number | null, ms: number): number {
  const until = Math.min(ms, durationMs ?? Number.POSITIVE_INFINITY) / 1000;
  switch (schedule.kind) {
    case 'constant':
      return schedule.rate.toNumber() * until;
    case 'wave': {
      const omega = (2 * Math.PI * 1000) / schedule.periodMs;
      const swing = schedule.amplitude.toNumber() / omega;
      return schedule.mean.toNumber() * until + swing * (1 - Math.cos(omega * until));
    }
    case 'stages': {
      let hits = 0;
      let left = ms;
      for (const { from, to, overMs } of schedule.stages) {
        const spent = Math.max(0, Math.min(left, overMs));
        const rise = (to.toNumber() - from.toNumber()) / overMs;
        hits += (from.toNumber() * spent + (rise * spent * spent) / 2) / 1000;
        left -= spent;
      }
      return hits;
    }
  }
}

/** Rates of all sizes, also such as make endless fractions. */
export function randomRate(random: () => number, most = 5000): Rational {
  const kind = random();
  if (kind < 0.2) return Rational.of(1 + Math.floor(random() * 50), 3600);
  if (kind < 0.4) return Rational.of(1 + Math.floor(random() * 200), 60);
  if (kind < 0.6) return Rational.of(1 + Math.floor(random() * 1000), 7);
  if (kind < 0.8) return Rational.of(1 + Math.floor(random() * 100), 10);
  return Rational.of(1 + Math.floor(random() * most));
}

/** A schedule with the duration that goes with it: stages end by themselves, the others may be open. */
export function randomSchedule(
  random: () => number,
  mostRate = 5000,
): { schedule: ScheduleSpec; durationMs: number | null } {
  const kind = random();
  const durationMs = random() < 0.3 ? null : 1 + Math.floor(random() * 120_000);
  if (kind < 0.35) return { schedule: { kind: 'constant', rate: randomRate(random, mostRate) }, durationMs };
  if (kind < 0.65) {
    const mean = randomRate(random, mostRate);
    const share = Rational.of(Math.floor(random() * 11), 10);
    const periodMs = 1 + Math.floor(random() * 60_000);
    return { schedule: { kind: 'wave', mean, amplitude: mean.times(share), periodMs }, durationMs };
  }
  let from = random() < 0.5 ? Rational.zero : randomRate(random, mostRate);
  const list = Array.from({ length: 1 + Math.floor(random() * 6) }, (): StageSpec => {
    const dice = random();
    const to = dice < 0.2 ? Rational.zero : dice < 0.4 ? from : randomRate(random, mostRate);
    const stage = { from, to, overMs: 1 + Math.floor(random() * 30_000) };
    from = to;
    return stage;
  });
  return { schedule: { kind: 'stages', stages: list }, durationMs: null };
}

/** A schedule for the name of a test or the message of a failed one. */
export function shown(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (each instanceof Rational) return shownRate(each);
    return typeof each === 'bigint' ? String(each) : each;
  }).replaceAll('"', '');
}

function shownRate(rate: Rational): string {
  const text = formatRate(rate);
  return parseRate(text).compare(rate) === 0 ? text : `${rate.numerator}/${rate.denominator} a second`;
}
