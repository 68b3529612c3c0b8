import type { RunSpec } from '../api/run-spec.ts';
import { curveOf, peakRate } from '../attack/schedule/curve.ts';
import { formatRate } from '../units/rate.ts';
import { Rational } from '../units/rational.ts';
import type { Settings } from './settings.ts';

/** The highest rate that a test ever asks for, in hits per second. */
export function highestRate(spec: RunSpec): Rational {
  return peakRate(curveOf(spec.schedule, spec.durationMs));
}

/**
 * Why the settings of the cluster keep a test from being sent at the rate it asks for, in words; null: they do not.
 * @param others the highest rates of all other tests that run
 */
export function exceeds(spec: RunSpec, settings: Settings, others: readonly Rational[]): string | null {
  const own = highestRate(spec);
  const { maxRatePerTest, maxRateTotal } = settings;
  if (maxRatePerTest !== null && own.compare(maxRatePerTest) > 0) {
    return `asks for up to ${formatRate(own)}; this cluster allows ${formatRate(maxRatePerTest)} for one test`;
  }
  if (maxRateTotal === null) return null;
  const total = others.reduce((sum, rate) => sum.plus(rate), own);
  if (total.compare(maxRateTotal) <= 0) return null;
  const running = formatRate(others.reduce((sum, rate) => sum.plus(rate), Rational.zero));
  const limit = formatRate(maxRateTotal);
  return `asks for up to ${formatRate(own)} while other tests have ${running}; this cluster allows ${limit} for all together`;
}
