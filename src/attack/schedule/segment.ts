import { rateAt } from './due.ts';
import type { Piece } from './piece.ts';

/**
 * A stretch of a run in which the schedule and its division among lanes stay the same. A plan is a list of them without
 * gaps: hits below a segment's `endHit` belong to it, the hit `endHit` is the next one's first.
 */
export interface Segment {
  /** Run time at which it begins, in ms since the start of the run. */
  from: number;
  /** Schedule time at that instant, in ms. */
  scheduleFrom: number;
  /** true: the schedule's clock stands still and nothing is due. */
  suspended: boolean;
  pieces: Piece[];
  firstHit: number;
  /** Index after its last hit; null while nothing ends it. */
  endHit: number | null;
  /** Hits below this index are warm-up. */
  warmupEndHit: number;
  /** How many stripes the hits are divided into: hit n belongs to stripe n mod `stripes`. */
  stripes: number;
  /** For each incarnation that sends in this segment, the stripe of each of its lanes. */
  owners: Record<string, number[]>;
}

/** How many of the hits `from ≤ n < until` belong to one stripe. */
export function ownedHits(from: number, until: number, stripes: number, stripe: number): number {
  if (until <= from) return 0;
  return hitsBelow(until, stripes, stripe) - hitsBelow(from, stripes, stripe);
}

/** The first hit of a stripe that is not below `from`. */
export function firstOwned(from: number, stripes: number, stripe: number): number {
  return from + ((((stripe - from) % stripes) + stripes) % stripes);
}

function hitsBelow(index: number, stripes: number, stripe: number): number {
  return Math.max(0, Math.ceil((index - stripe) / stripes));
}

/** Schedule time at run time `runMs`, in ms; 0 before the start. */
export function scheduleTimeAt(segments: readonly Segment[], runMs: number): number {
  const segment = segments.findLast(({ from }) => from <= runMs);
  if (segment === undefined) return 0;
  return segment.suspended ? segment.scheduleFrom : segment.scheduleFrom + runMs - segment.from;
}

/** Hits per second that one owner has to send at run time `runMs`. */
export function rateOf(segments: readonly Segment[], owner: string, runMs: number): number {
  const segment = segments.findLast(({ from }) => from <= runMs);
  const piece = segment?.pieces.findLast(({ from }) => from <= runMs);
  if (segment === undefined || piece === undefined || (piece.until !== null && runMs >= piece.until))
    return 0;
  const own = segment.owners[owner]?.length ?? 0;
  return (rateAt(piece, runMs) * 1000 * own) / segment.stripes;
}
