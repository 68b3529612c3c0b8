import type { LinearRate, Piece, WaveRate } from './piece.ts';

/**
 * Run time at which hit `hit` of the piece is due, in ms: `from + x` with `∫ rate over [0, x] = hit − firstHit + lead`.
 * Never before the piece begins nor after it ends.
 */
export function dueAt(piece: Piece, hit: number): number {
  const area = hit - piece.firstHit + piece.lead;
  const { rate } = piece;
  const after = rate.kind === 'linear' ? timeOfLinear(rate, area) : timeOfWave(rate, area);
  const due = piece.from + after;
  return piece.until !== null && !(due < piece.until) ? piece.until : due;
}

/** Solves `start·x + slope/2·x² = area`; this form of the root loses no digits where the slope is small. */
function timeOfLinear(rate: LinearRate, area: number): number {
  if (rate.slope === 0) return area / rate.start;
  const root = Math.sqrt(Math.max(0, rate.start * rate.start + 2 * rate.slope * area));
  return area === 0 ? 0 : (2 * area) / (rate.start + root);
}

/** Solves `mean·x + amplitude·period/2π·(cos φ₀ − cos(φ₀ + 2πx/period)) = area` by Newton's method in brackets. */
function timeOfWave(rate: WaveRate, area: number): number {
  const { mean, amplitude, period } = rate;
  const perMs = (2 * Math.PI) / period;
  const phase = rate.offset * perMs;
  const swing = amplitude / perMs;
  // The cosine moves the solution by no more than this from where a constant rate would have it.
  const reach = (2 * swing) / mean;
  let low = Math.max(0, area / mean - reach);
  let high = area / mean + reach;
  let x = area / mean;
  for (let step = 0; step < 60; step++) {
    const excess = mean * x + swing * (Math.cos(phase) - Math.cos(phase + perMs * x)) - area;
    if (Math.abs(excess) < 1e-9) break;
    if (excess > 0) high = x;
    else low = x;
    const slope = mean + amplitude * Math.sin(phase + perMs * x);
    const next = x - excess / slope;
    x = next > low && next < high ? next : (low + high) / 2;
  }
  return x;
}

/** Hits per ms at run time `runMs`, which lies in the piece. */
export function rateAt(piece: Piece, runMs: number): number {
  const { rate } = piece;
  const x = runMs - piece.from;
  if (rate.kind === 'linear') return rate.start + rate.slope * x;
  return rate.mean + rate.amplitude * Math.sin((2 * Math.PI * (x + rate.offset)) / rate.period);
}
