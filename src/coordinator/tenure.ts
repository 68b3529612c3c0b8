/** How long workers may take to find a coordinator that took another's place, in ms. */
const RETURN_MS = 15_000;

/**
 * The time of one coordinator at a run: from when it is written down as the one of the run, until another process takes
 * the run over.
 */
export class Tenure {
  /** Grows with every coordinator of a run. */
  readonly epoch: number;
  /** Clock time from which on workers may have to find this coordinator, in ms. */
  readonly #since: number;
  #isClaimed: boolean;
  #isRetiring = false;
  #isOver = false;

  /** @param succeedsAt clock time at which it took the place of another, in ms; null: it is the run's first */
  constructor(epoch: number, succeedsAt: number | null) {
    this.epoch = epoch;
    this.#since = succeedsAt ?? Number.NEGATIVE_INFINITY;
    this.#isClaimed = succeedsAt === null;
  }

  /** It is written down: until then, workers hear nothing new from it. */
  get isClaimed(): boolean {
    return this.#isClaimed;
  }

  /** Another process is about to take the run over: no change is begun any more. */
  get isRetiring(): boolean {
    return this.#isRetiring;
  }

  /** Another process has the run. */
  get isOver(): boolean {
    return this.#isOver;
  }

  claim(): void {
    this.#isClaimed = true;
  }

  retire(): void {
    this.#isRetiring = true;
  }

  end(): void {
    this.#isOver = true;
  }

  /** How long workers could have answered to what was at clock time `at`: not before they can have found this coordinator. */
  since(at: number, now: number): number {
    return now - Math.max(at, this.#since + RETURN_MS);
  }
}
