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
  const broken: string[] = [];
  const terms: Record<string, number> = { scheduled, unreported, ...counts.drops, ...outcomesOf(counts) };
  for (const [name, value] of Object.entries(terms)) {
    if (!Number.isSafeInteger(value) || value < 0) broken.push(`${name} is no count: ${value}`);
  }
  const drops = dropped(counts);
  if (scheduled !== counts.sent + drops + unreported) {
    broken.push(`scheduled ${scheduled} ≠ sent ${counts.sent} + dropped ${drops} + unreported ${unreported}`);
  }
  const { sent, succeeded, failed, interrupted, inFlight } = counts;
  if (sent !== succeeded + failed + interrupted + inFlight) {
    broken.push(
      `sent ${sent} ≠ succeeded ${succeeded} + failed ${failed} + interrupted ${interrupted} + inFlight ${inFlight}`,
    );
  }
  return broken;
}

function outcomesOf({ drops: _, ...outcomes }: Counts): Omit<Counts, 'drops'> {
  return outcomes;
}
