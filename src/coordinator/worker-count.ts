import type { RunSpec } from '../api/run-spec.ts';
import { curveOf, peakRate } from '../attack/schedule/curve.ts';
import { Rational } from '../units/rational.ts';

/** A lane is made for this many hits per second. */
const RATE_PER_LANE = 5000;

/** How many workers a test needs: as many as it asks for, and more where one would have to send too fast. */
export function workerCount(spec: RunSpec): number {
  const { replicas, maxRatePerWorker } = spec.workers;
  if (maxRatePerWorker === null) return replicas;
  return Math.max(replicas, Number(peak(spec).over(maxRatePerWorker).ceil()));
}

/** How many lanes each worker needs: one for each 5,000 hits/s that fall to it, but no more than it has cores. */
export function laneCount(spec: RunSpec, cores: number): number {
  const each = peak(spec)
    .over(Rational.of(workerCount(spec) * RATE_PER_LANE))
    .ceil();
  return Math.max(1, Math.min(cores, Number(each)));
}

function peak(spec: RunSpec): Rational {
  return peakRate(curveOf(spec.schedule, spec.durationMs));
}
