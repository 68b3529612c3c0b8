import { Rational } from '../../units/rational.ts';
import { type Curve, hitsUntil, type Line, settled } from './curve.ts';
import type { LinearRate, Piece, WaveRate } from './piece.ts';

/** From where on a curve is compiled. */
export interface Joining {
  /** Schedule time at which the curve is joined, in ms. */
  scheduleMs: number;
  /** Run time of that instant, in ms. */
  runMs: number;
  /** Hits that were asked for before it, with the fraction that the first hit inherits. */
  hits: Rational;
}

export const AT_START: Joining = { scheduleMs: 0, runMs: 0, hits: Rational.zero };

/**
 * Hits asked for up to `scheduleMs` when a curve was joined: `F(t) = F_old(J) + F_new(t) − F_new(J)`. Never less than at
 * the joining, also where a wave takes what it inherits for the integer just below.
 */
export function hitsSince(curve: Curve, joining: Joining, scheduleMs: number): Rational {
  const since = hitsUntil(curve, scheduleMs).minus(hitsUntil(curve, joining.scheduleMs));
  const hits = settled(curve, joining.hits.plus(since));
  return hits.compare(joining.hits) < 0 ? joining.hits : hits;
}

/** The pieces of a curve from `joining` on, in run time. None when the curve has ended by then. */
export function compile(curve: Curve, joining: Joining): Piece[] {
  const pieces: Piece[] = [];
  for (const line of curve.lines) {
    if (line.untilMs !== null && line.untilMs <= joining.scheduleMs) continue;
    pieces.push(pieceOf(curve, line, joining));
  }
  return pieces;
}

function pieceOf(curve: Curve, line: Line, joining: Joining): Piece {
  const fromMs = Math.max(line.fromMs, joining.scheduleMs);
  const before = hitsSince(curve, joining, fromMs);
  const firstHit = Number(before.ceil());
  const shift = joining.runMs - joining.scheduleMs;
  return {
    from: fromMs + shift,
    until: line.untilMs === null ? null : line.untilMs + shift,
    firstHit,
    endHit: line.untilMs === null ? null : Number(hitsSince(curve, joining, line.untilMs).ceil()),
    lead: Rational.of(firstHit).minus(before).toNumber(),
    rate: rateOf(line, fromMs - line.fromMs),
  };
}

/** The rate of a line in hits per ms, `skippedMs` after its beginning. */
function rateOf(line: Line, skippedMs: number): LinearRate | WaveRate {
  if (line.kind === 'wave') {
    return {
      kind: 'wave',
      mean: line.mean.toNumber() / 1000,
      amplitude: line.amplitude.toNumber() / 1000,
      period: line.periodMs,
      offset: skippedMs % line.periodMs,
    };
  }
  const start = line.start.toNumber() / 1000;
  if (line.untilMs === null) return { kind: 'linear', start, slope: 0 };
  const slope = (line.end.toNumber() / 1000 - start) / (line.untilMs - line.fromMs);
  return { kind: 'linear', start: start + slope * skippedMs, slope };
}
