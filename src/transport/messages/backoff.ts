const FIRST_MS = 50;
const LONGEST_MS = 1000;

/**
 * When something that failed may be tried again: after pauses that double from 50 ms
 * up to a second, shortened by chance so that lanes do not try together.
 */
export class Backoff {
  #pauseMs = 0;
  #until = Number.NEGATIVE_INFINITY;

  /** Whether a try would be too early. @param now clock time in ms */
  holds(now: number): boolean {
    return now < this.#until;
  }

  failed(now: number): void {
    this.#pauseMs = Math.min(LONGEST_MS, Math.max(FIRST_MS, 2 * this.#pauseMs));
    this.#until = now + this.#pauseMs * (0.5 + Math.random() / 2);
  }

  succeeded(): void {
    this.#pauseMs = 0;
    this.#until = Number.NEGATIVE_INFINITY;
  }
}
