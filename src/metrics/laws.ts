import { type Counts, dropped } from './counts.ts';

/**
 * The laws that every snapshot and every result obeys. Each term comes from a counter of its own, `scheduled` and
 * `unreported` from the plan, so a hit missing from any of them breaks a law.
 *
 *     scheduled = sent + dropped + unreported
 *     sent      = succeeded + failed + interrupted + inFlight
 *
 * @param scheduled hits whose fate is decided, from the plan
 * @param unreported hits owed by workers that died without their last word
 * @returns each broken law in words; empty where all hold
 */
export function checkLaws(counts: Counts, scheduled: number, unreported: number): string[] {
  const { sent, succeeded, failed, interrupted, inFlight, drops } = counts;
  const broken: string[] = [];
  const terms = { scheduled, unreported, sent, succeeded, failed, interrupted, inFlight, ...drops };
  for (const [name, value] of Object.entries(terms)) {
    if (!Number.isSafeInteger(value) || value < 0) broken.push(`${name} is no count: ${value}`);
  }
  if (scheduled !== sent + dropped(counts) + unreported) {
    broken.push(
      `scheduled ${scheduled} ≠ sent ${sent} + dropped ${dropped(counts)} + unreported ${unreported}`,
    );
  }
  if (sent !== succeeded + failed + interrupted + inFlight) {
    broken.push(
      `sent ${sent} ≠ succeeded ${succeeded} + failed ${failed} + interrupted ${interrupted} + inFlight ${inFlight}`,
    );
  }
  return broken;
}
