import type { Clock } from '../../attack/clock.ts';
import type { ReplacementsRecord } from '../run-record.ts';

const LIMIT = 3;
const WITHIN_MS = 5 * 60_000;
const FIRST_WAIT_MS = 250;

/** How often workers of one index may be replaced: at most 3 times in 5 minutes, each time after a longer wait. */
export class Replacements {
  readonly #clock: Clock;
  /** Wall clock minus clock, in ms. */
  readonly #offset: number;
  readonly #at = new Map<number, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.wall() - clock.now();
  }

  /** For each index, the wall-clock times of those that still count, in ms. */
  record(): Map<number, number[]> {
    const now = this.#clock.now();
    const offset = this.#offset;
    const recent = (at: number[]) => at.filter((each) => now - each < WITHIN_MS).map((each) => each + offset);
    return new Map([...this.#at].map(([index, at]) => [index, recent(at)]));
  }

  restore(records: readonly ReplacementsRecord[]): void {
    const offset = this.#offset;
    for (const { index, at } of records)
      this.#at.set(
        index,
        at.map((each) => each - offset),
      );
  }

  /** @returns how long to wait before worker `index` is started anew, in ms; null: it was replaced too often */
  next(index: number): number | null {
    const now = this.#clock.now();
    const recent = (this.#at.get(index) ?? []).filter((at) => now - at < WITHIN_MS);
    if (recent.length >= LIMIT) return null;
    this.#at.set(index, [...recent, now]);
    return recent.length === 0 ? 0 : FIRST_WAIT_MS * 4 ** (recent.length - 1);
  }
}
