import type { ScheduleSpec } from '../../api/run-spec.ts';
import { Rational } from '../../units/rational.ts';

/**
 * A rate curve over schedule time, which starts at 0 ms and stands still while a run is suspended.
 * `hitsUntil` is F, the integral of the rate: hit n is due at F⁻¹(n).
 */
export interface Curve {
  /** Where the formula of the curve changes, in ms: the first is 0. */
  readonly lines: readonly Line[];
  /** Schedule time at which the curve ends, in ms; null: never. */
  readonly endMs: number | null;
}

/** A stretch of a curve with one formula, rates in hits per second. */
export type Line =
  | { kind: 'linear'; fromMs: number; untilMs: number | null; start: Rational; end: Rational }
  | {
      kind: 'wave';
      fromMs: 0;
      untilMs: number | null;
      mean: Rational;
      amplitude: Rational;
      periodMs: number;
    };

/** How near an integer a wave's hit count must be to be that integer: a sine cannot be computed exactly. */
const WAVE_TOLERANCE = Rational.of(1n, 1_000_000n);

/** @param durationMs where a constant rate or a wave ends; null: never. Stages end by themselves. */
export function curveOf(schedule: ScheduleSpec, durationMs: number | null): Curve {
  switch (schedule.kind) {
    case 'constant': {
      const { rate } = schedule;
      return {
        lines: [{ kind: 'linear', fromMs: 0, untilMs: durationMs, start: rate, end: rate }],
        endMs: durationMs,
      };
    }
    case 'wave': {
      const { mean, amplitude, periodMs } = schedule;
      return {
        lines: [{ kind: 'wave', fromMs: 0, untilMs: durationMs, mean, amplitude, periodMs }],
        endMs: durationMs,
      };
    }
    case 'stages': {
      let atMs = 0;
      const lines = schedule.stages.map((stage): Line => {
        const fromMs = atMs;
        atMs += stage.overMs;
        return { kind: 'linear', fromMs, untilMs: atMs, start: stage.from, end: stage.to };
      });
      return { lines, endMs: atMs };
    }
  }
}

/** F(t): how many hits, with a fraction, the curve asks for from 0 to `atMs`. */
export function hitsUntil(curve: Curve, atMs: number): Rational {
  let hits = Rational.zero;
  for (const line of curve.lines) {
    if (atMs <= line.fromMs) break;
    hits = hits.plus(hitsWithin(line, Math.min(atMs, line.untilMs ?? atMs) - line.fromMs));
  }
  return hits;
}

/** Takes a count of a curve that is no exact sum for what it means: within 1e-6 of an integer it is that integer. */
export function settled(curve: Curve, hits: Rational): Rational {
  return curve.lines.some((line) => line.kind === 'wave') ? snapped(hits) : hits;
}

/** Hits per second at `atMs`; 0 after the end. */
export function rateAt(curve: Curve, atMs: number): number {
  const line = curve.lines.find((candidate) => candidate.untilMs === null || atMs < candidate.untilMs);
  if (line === undefined) return 0;
  if (line.kind === 'wave') {
    const phase = (2 * Math.PI * atMs) / line.periodMs;
    return line.mean.toNumber() + line.amplitude.toNumber() * Math.sin(phase);
  }
  const start = line.start.toNumber();
  if (line.untilMs === null) return start;
  const share = (atMs - line.fromMs) / (line.untilMs - line.fromMs);
  return start + (line.end.toNumber() - start) * share;
}

/** The highest rate of the curve, in hits per second. */
export function peakRate(curve: Curve): Rational {
  let peak = Rational.zero;
  for (const line of curve.lines) {
    const highest = line.kind === 'wave' ? line.mean.plus(line.amplitude) : higher(line.start, line.end);
    peak = higher(peak, highest);
  }
  return peak;
}

function higher(a: Rational, b: Rational): Rational {
  return a.compare(b) >= 0 ? a : b;
}

/** The integral of one line over its first `ms` milliseconds. */
function hitsWithin(line: Line, ms: number): Rational {
  const seconds = secondsOf(ms);
  if (line.kind === 'wave') {
    // ∫ mean + amplitude·sin(2πx/period) = mean·x + amplitude·period/2π · (1 − cos(2πx/period))
    const phase = (2 * Math.PI * (ms % line.periodMs)) / line.periodMs;
    const swing =
      ((line.amplitude.toNumber() * line.periodMs) / 1000 / (2 * Math.PI)) * (1 - Math.cos(phase));
    return snapped(line.mean.times(seconds).plus(Rational.of(Math.round(swing * 1e9), 1_000_000_000n)));
  }
  const flat = line.start.times(seconds);
  if (line.untilMs === null) return flat;
  const span = secondsOf(line.untilMs - line.fromMs);
  const rise = line.end.minus(line.start).over(span);
  return flat.plus(rise.times(seconds).times(seconds).over(Rational.of(2)));
}

function snapped(hits: Rational): Rational {
  const nearest = Rational.of(hits.plus(Rational.of(1, 2)).floor());
  const off = hits.minus(nearest);
  const distance = off.compare(Rational.zero) < 0 ? Rational.zero.minus(off) : off;
  return distance.compare(WAVE_TOLERANCE) <= 0 ? nearest : hits;
}

/** Durations are whole nanoseconds. */
function secondsOf(ms: number): Rational {
  return Rational.of(Math.round(ms * 1e6), 1_000_000_000n);
}
