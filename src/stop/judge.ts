import type { StopSpec } from '../api/run-spec.ts';
import type { WindowTally } from '../metrics/window.ts';
import { shareAtLeast, shareAtMost, timeAtMost } from './wording.ts';

/** What a window is held against. */
export type StopRule = Pick<
  StopSpec,
  'successBelow' | 'latencyAboveMs' | 'percentile' | 'windowMs' | 'minOutcomes'
>;

/** The rule of a test without `stopWhen`: it judges no target, and still sees a slow generator or broken templates. */
export const OBSERVE_ONLY: StopRule = {
  successBelow: null,
  latencyAboveMs: null,
  percentile: 99,
  windowMs: 10_000,
  minOutcomes: 1,
};

export interface Judgement {
  /**
   * - `unhealthy`, `healthy`: the target was judged.
   * - `quiet`: fewer outcomes than `minOutcomes`, or none of the kind that is judged.
   * - `void`: the generator itself was too slow to judge by.
   */
  kind: 'healthy' | 'unhealthy' | 'quiet' | 'void';
  /** The measured values and their limits in words: `p99 412 ms > 100 ms`. */
  reason: string;
  /** Completions, `busy` drops, and hits in flight for longer than the window or the limit of latency. */
  outcomes: number;
  /** `success`: 0–1, of completions, overdue hits and `busy` drops; null: there were none, or it is not judged. */
  measured: { success: number | null; latencyMs: number | null };
  /** null: not judged. `latencyMs` is a limit of the percentile. */
  limit: { success: number | null; latencyMs: number | null; percentile: number };
  /** The generator's own slowness could have passed for the target's. */
  saturated: boolean;
  /** Every hit of the window was dropped as `template`: the run fails. */
  allTemplate: boolean;
}

/** Share of `late` and `local` drops among a window's hits from which on it is void. */
const OWN_DROPS_LIMIT = 0.01;
/** Share of `latencyAbove` that the generator's own delay may reach. */
const OWN_DELAY_SHARE = 0.1;
/** The limit of own delay where latency is not judged, in ms. */
const OWN_DELAY_LIMIT_MS = 100;
/** The percentile of own delay that is looked at where latency is not judged. */
const OWN_DELAY_PERCENTILE = 99;
/** 999 / 1000 is not below 99.9 %, whatever doubles say. */
const ROUNDING = 1e-11;

/** Judges one window of a worker, all its lanes merged. Pure: the same window and rule give the same judgement. */
export function judge(window: WindowTally, rule: StopRule): Judgement {
  const { busy } = window.drops;
  const completions = window.succeeded + window.failed;
  const outcomes = completions + busy + window.pending;
  const measured = {
    success: successOf(window, rule),
    latencyMs: latencyOf(window, rule),
  };
  const base = {
    outcomes,
    measured,
    limit: { success: rule.successBelow, latencyMs: rule.latencyAboveMs, percentile: rule.percentile },
    saturated: false,
    allTemplate: isAllTemplate(window),
  };

  const slowness = ownSlowness(window, rule);
  if (slowness !== null) return { ...base, kind: 'void', reason: slowness, saturated: true };
  if (outcomes < Math.max(1, rule.minOutcomes)) {
    return { ...base, kind: 'quiet', reason: `${outcomes} of ${rule.minOutcomes} outcomes` };
  }
  return { ...base, ...verdictOf(measured, rule) };
}

/** Share of what succeeded among completions, `busy` drops and hits in flight for longer than the window. */
function successOf(window: WindowTally, rule: StopRule): number | null {
  if (rule.successBelow === null) return null;
  const judged = window.succeeded + window.failed + window.overdue + window.drops.busy;
  return judged === 0 ? null : window.succeeded / judged;
}

/** The judged percentile over completions and the ages of slow hits in flight. A `busy` drop has no latency. */
function latencyOf(window: WindowTally, rule: StopRule): number | null {
  if (rule.latencyAboveMs === null || window.serviceTotal === 0) return null;
  return window.servicePercentileUs(rule.percentile) / 1000;
}

function verdictOf(
  measured: Judgement['measured'],
  rule: StopRule,
): { kind: Judgement['kind']; reason: string } {
  const bad: string[] = [];
  const good: string[] = [];
  if (measured.success !== null && rule.successBelow !== null) {
    const below = measured.success < rule.successBelow - ROUNDING;
    (below ? bad : good).push(`success ${shareAtLeast(measured.success, rule.successBelow)}`);
  }
  if (measured.latencyMs !== null && rule.latencyAboveMs !== null) {
    const above = measured.latencyMs > rule.latencyAboveMs;
    const latency = timeAtMost(measured.latencyMs, rule.latencyAboveMs);
    (above ? bad : good).push(`p${rule.percentile} ${latency}`);
  }
  if (bad.length > 0) return { kind: 'unhealthy', reason: bad.join(', ') };
  if (good.length > 0) return { kind: 'healthy', reason: good.join(', ') };
  return { kind: 'quiet', reason: 'no outcome of the kind that is judged' };
}

/**
 * Why the generator itself was too slow, in words; null: it was not. `busy` drops and the wait for a slot are
 * the target's slowness and never count here.
 */
function ownSlowness(window: WindowTally, rule: StopRule): string | null {
  const { late, local } = window.drops;
  // Local drops may belong to sends of an earlier window.
  const ownDrops = (late + local) / Math.max(hitsOf(window), late + local, 1);
  if (ownDrops > OWN_DROPS_LIMIT) {
    return `own drops ${shareAtMost(ownDrops, OWN_DROPS_LIMIT)} (late ${late}, local ${local})`;
  }
  const latency = rule.latencyAboveMs;
  const limitMs = latency === null ? OWN_DELAY_LIMIT_MS : latency * OWN_DELAY_SHARE;
  const percentile = latency === null ? OWN_DELAY_PERCENTILE : rule.percentile;
  const latenessMs = window.latenessPercentileUs(percentile) / 1000;
  if (latenessMs > limitMs) {
    return `own lateness p${percentile} ${timeAtMost(latenessMs, limitMs)}`;
  }
  const loopDelayMs = window.loopDelayPercentileUs(percentile) / 1000;
  if (loopDelayMs > limitMs) {
    return `event loop delay p${percentile} ${timeAtMost(loopDelayMs, limitMs)}`;
  }
  return null;
}

/** The hits of the window: those sent, among them those found to be `local` drops, and those never tried. */
function hitsOf(window: WindowTally): number {
  const { busy, late, template } = window.drops;
  return window.sent + busy + late + template;
}

function isAllTemplate(window: WindowTally): boolean {
  const { template } = window.drops;
  return template > 0 && template === hitsOf(window);
}
