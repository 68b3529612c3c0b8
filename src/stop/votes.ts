import type { Judgement } from './judge.ts';

/**
 * The stop votes of one worker: an unhealthy window adds one, up to the limit; a healthy one takes one back, down to 0;
 * a quiet or void one changes nothing.
 */
export class Votes {
  readonly limit: number;
  #votes = 0;
  #since: number | null = null;
  #reason = '';

  /** @param limit votes at which the worker says stop, from 1 */
  constructor(limit: number) {
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new RangeError(`a limit of votes is 1 or more, not ${limit}`);
    this.limit = limit;
  }

  get votes(): number {
    return this.#votes;
  }

  /** When the present votes began, as `count` was told; null while there are none. */
  get since(): number | null {
    return this.#since;
  }

  /** Of the last unhealthy window, in words; empty while there are no votes. */
  get reason(): string {
    return this.#reason;
  }

  get atLimit(): boolean {
    return this.#votes >= this.limit;
  }

  /** Counts a window. @param now the instant at its end, in the unit and origin that `since` shall have */
  count(judgement: Pick<Judgement, 'kind' | 'reason'>, now: number): void {
    if (judgement.kind === 'unhealthy') {
      this.#votes = Math.min(this.#votes + 1, this.limit);
      this.#since ??= now;
      this.#reason = judgement.reason;
    } else if (judgement.kind === 'healthy') {
      this.#votes = Math.max(this.#votes - 1, 0);
      if (this.#votes === 0) {
        this.#since = null;
        this.#reason = '';
      }
    }
  }
}
