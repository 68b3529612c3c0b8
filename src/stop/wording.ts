/**
 * A measured value beside its limit, in words that never contradict themselves: the value gets as many digits as it
 * takes to stand on its own side of the limit, so that 97.96 % does not read as `98 % < 98 %`.
 */

/** Closer than this, two values are the same: it is what doubles add to percentages and times. */
const SAME = 1e-9;
const MOST_DIGITS = 9;

/** Held against a limit that it must not fall below: `91.2 % < 98 %`, `98 % ≥ 98 %`. Shares from 0 to 1. */
export function shareAtLeast(share: number, limit: number): string {
  return against(share * 100, limit * 100, '%', ['<', '≥', '≥']);
}

/** Held against a limit that it must not exceed: `2.5 % > 1 %`, `0.5 % ≤ 1 %`. Shares from 0 to 1. */
export function shareAtMost(share: number, limit: number): string {
  return against(share * 100, limit * 100, '%', ['≤', '≤', '>']);
}

/** Held against a limit that it must not exceed: `412 ms > 100 ms`, `41.3 ms ≤ 100 ms`. */
export function timeAtMost(valueMs: number, limitMs: number): string {
  return against(valueMs, limitMs, 'ms', ['≤', '≤', '>']);
}

/** @param relations how a value below, at and above the limit stands to it */
function against(
  value: number,
  limit: number,
  unit: string,
  relations: [below: string, at: string, above: string],
): string {
  const bound = Number(limit.toFixed(MOST_DIGITS));
  const side = sideOf(value, bound);
  return `${onItsSide(value, bound, side)} ${unit} ${relations[side + 1]} ${bound} ${unit}`;
}

function onItsSide(value: number, bound: number, side: number): number {
  for (let digits = value >= 100 ? 0 : 1; digits <= MOST_DIGITS; digits++) {
    const rounded = Number(value.toFixed(digits));
    if (sideOf(rounded, bound) === side) return rounded;
  }
  return value;
}

/** -1 below, 0 at, 1 above. */
function sideOf(value: number, bound: number): number {
  return Math.abs(value - bound) < SAME ? 0 : Math.sign(value - bound);
}
