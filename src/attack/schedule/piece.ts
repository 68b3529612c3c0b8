/**
 * A stretch of a schedule with one formula, compiled for lanes: whole numbers of hits were counted exactly, so doubles
 * only say *when* a hit is due, never *whether*.
 */
export interface Piece {
  /** Run time at which the piece begins, in ms since the start of the run. */
  from: number;
  /** Run time at which it ends; null: never. */
  until: number | null;
  /** Index of the first hit due in it. */
  firstHit: number;
  /** Index after the last one; null: no end. */
  endHit: number | null;
  /** `firstHit − F(from)`: the fraction of a hit still to come when the piece begins, from 0 up to 1. */
  lead: number;
  rate: LinearRate | WaveRate;
}

/** `start + slope · x` hits per ms, x being the time since `from` in ms. A constant rate has slope 0. */
export interface LinearRate {
  kind: 'linear';
  start: number;
  slope: number;
}

/** `mean + amplitude · sin(2π (x + offset) / period)` hits per ms, with 0 ≤ amplitude ≤ mean; period and offset in ms. */
export interface WaveRate {
  kind: 'wave';
  mean: number;
  amplitude: number;
  period: number;
  offset: number;
}
