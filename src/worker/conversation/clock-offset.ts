/** Samples that are remembered: with one call a second or so, the offset follows a drift within a minute. */
const SAMPLES = 64;

/** How far the coordinator's clock is from ours, measured on the calls: the quicker a call, the surer its sample. */
export class ClockOffset {
  readonly #samples: { offsetMs: number; wireMs: number }[] = [];

  /**
   * One answered call. Our clock in ms: when it was sent and when the answer came; the coordinator's: when it answered.
   * @param heldMs how long the coordinator had held the call
   */
  observe(sentAt: number, receivedAt: number, heldMs: number, coordinatorNow: number): void {
    const wireMs = Math.max(0, receivedAt - sentAt - heldMs);
    this.#samples.push({ offsetMs: coordinatorNow - (receivedAt - wireMs / 2), wireMs });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** The coordinator is another one, with a clock of its own: only the newest sample speaks of it. */
  restart(): void {
    this.#samples.splice(0, this.#samples.length - 1);
  }

  /** The instant on our clock, in ms. Only after a first `observe`. */
  toLocal(coordinatorTime: number): number {
    let best = this.#samples[0]!;
    for (const sample of this.#samples) if (sample.wireMs < best.wireMs) best = sample;
    return coordinatorTime - best.offsetMs;
  }
}
