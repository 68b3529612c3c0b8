import type { Piece } from '../attack/schedule/piece.ts';
import type { Segment } from '../attack/schedule/segment.ts';
import { formatRate } from '../units/rate.ts';
import type { Rational } from '../units/rational.ts';

/** What a worker refuses to do, whatever it is told. */
export interface Limits {
  /** The most hits per second of a whole test; null: no limit. */
  maxRate: Rational | null;
  /** Patterns of the hosts that may be sent to, see `AllowedHosts`; none: all. */
  allowedHosts: readonly string[];
}

export const NO_LIMITS: Limits = { maxRate: null, allowedHosts: [] };

/** Rates of pieces are doubles. */
const TOLERANCE = 1e-9;

/** Why a plan must not be followed, in words; null: it may. What the worker has no share in is not its to judge: that was. */
export function excessOf(segments: readonly Segment[], maxRate: Rational | null): string | null {
  if (maxRate === null) return null;
  const own = segments.filter(({ owners }) => Object.keys(owners).length > 0);
  const peak = Math.max(0, ...own.map(peakOf));
  if (peak <= maxRate.toNumber() * (1 + TOLERANCE)) return null;
  return `the test would reach ${Number(peak.toPrecision(6))}/s, and this cluster allows ${formatRate(maxRate)} at most`;
}

/** The highest rate of all owners together, in hits per second. */
function peakOf({ suspended, pieces }: Segment): number {
  return suspended ? 0 : Math.max(0, ...pieces.map(peakOfPiece)) * 1000;
}

function peakOfPiece({ from, until, rate }: Piece): number {
  if (rate.kind === 'wave') return rate.mean + rate.amplitude;
  const atEnd = rate.slope === 0 || until === null ? rate.start : rate.start + rate.slope * (until - from);
  return Math.max(rate.start, atEnd);
}
