import { ownedHits, type Segment } from '../../attack/schedule/segment.ts';

/** Hits of one part of a run, counted by the plan alone and never by what workers counted. */
export interface PlannedHits {
  /** Hits whose fate is decided. */
  scheduled: number;
  /** Those among them of which nobody knows the fate: they fell to a worker that ended without a last word. */
  unreported: number;
}

/** Warm-up and main part apart. */
export interface PlannedCounts {
  warmup: PlannedHits;
  main: PlannedHits;
}

export function noHits(): PlannedCounts {
  return { warmup: { scheduled: 0, unreported: 0 }, main: { scheduled: 0, unreported: 0 } };
}

export function addHits(into: PlannedCounts, more: PlannedCounts): void {
  for (const part of ['warmup', 'main'] as const) {
    into[part].scheduled += more[part].scheduled;
    into[part].unreported += more[part].unreported;
  }
}

/** What one incarnation has told of its progress. */
export interface Progress {
  incarnation: string;
  /** For each lane, the hit below which all its hits are decided. */
  cursors: number[];
  /**
   * For an incarnation that ended without a last word: what fell to it below this index and beyond its cursors is
   * unreported. null: it still speaks, or has said all.
   */
  lostBelow: number | null;
}

/** Counts the hits of all incarnations. */
export function plannedHits(segments: readonly Segment[], all: readonly Progress[]): PlannedCounts {
  const { warmup, main } = noHits();
  for (const progress of all) {
    for (const segment of segments) {
      const end = segment.endHit ?? Number.POSITIVE_INFINITY;
      const split = Math.min(Math.max(segment.warmupEndHit, segment.firstHit), end);
      count(warmup, segment, progress, segment.firstHit, split);
      count(main, segment, progress, split, end);
    }
  }
  return { warmup, main };
}

function count(into: PlannedHits, segment: Segment, progress: Progress, from: number, until: number): void {
  const stripes = segment.owners[progress.incarnation] ?? [];
  stripes.forEach((stripe, lane) => {
    const cursor = Math.max(from, Math.min(until, progress.cursors[lane] ?? 0));
    into.scheduled += ownedHits(from, cursor, segment.stripes, stripe);
    if (progress.lostBelow !== null) {
      const lost = ownedHits(cursor, Math.min(until, progress.lostBelow), segment.stripes, stripe);
      into.scheduled += lost;
      into.unreported += lost;
    }
  });
}
