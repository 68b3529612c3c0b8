import { BusiestSecond } from './busiest-second.ts';

/** So many seconds that saw a request are kept. */
const KEPT_SECONDS = 600;

/** When requests arrived: the first, the last, and how many in each second. */
export class Arrivals {
  readonly #perSecond = new Map<number, number>();
  readonly #busiest = new BusiestSecond();
  #firstAtMs: number | null = null;
  #lastAtMs: number | null = null;

  /** @param atMs the arrival of the whole request, in ms since 1970; never before an earlier one's */
  add(atMs: number): void {
    this.#firstAtMs ??= atMs;
    this.#lastAtMs = atMs;
    this.#busiest.add(atMs);
    const second = Math.floor(atMs / 1000);
    const count = this.#perSecond.get(second);
    this.#perSecond.set(second, (count ?? 0) + 1);
    if (count === undefined && this.#perSecond.size > KEPT_SECONDS) this.#forgetOldest();
  }

  snapshot(): {
    firstAtMs: number | null;
    lastAtMs: number | null;
    perSecond: Record<string, number>;
    mostInASecond: number;
  } {
    return {
      firstAtMs: this.#firstAtMs,
      lastAtMs: this.#lastAtMs,
      perSecond: Object.fromEntries(this.#perSecond),
      mostInASecond: this.#busiest.most,
    };
  }

  #forgetOldest(): void {
    for (const second of this.#perSecond.keys()) {
      this.#perSecond.delete(second);
      return;
    }
  }
}
