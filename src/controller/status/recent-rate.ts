/** The shortest span that a rate is taken over, in ms, and how many hits it should hold. */
const LEAST_MS = 10_000;
const HITS = 20;
const MOST_SAMPLES = 64;

/** Hits sent a second of late: over the last ten seconds, or longer where few are sent. */
export class RecentRate {
  #samples: { atMs: number; sent: number }[] = [];

  /**
   * @param atMs schedule time, which stands still while a run is suspended
   * @param sent hits sent up to then
   * @param targetRate hits due a second
   * @returns hits per second; null while too little is known
   */
  observe(atMs: number, sent: number, targetRate: number): number | null {
    const spanMs = Math.max(LEAST_MS, targetRate > 0 ? (HITS / targetRate) * 1000 : 0);
    const last = this.#samples.at(-1);
    if (last === undefined || atMs - last.atMs >= spanMs / (MOST_SAMPLES / 2))
      this.#samples.push({ atMs, sent });
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= atMs - spanMs) this.#samples.shift();
    const first = this.#samples[0]!;
    return atMs > first.atMs ? ((sent - first.sent) / (atMs - first.atMs)) * 1000 : null;
  }
}
