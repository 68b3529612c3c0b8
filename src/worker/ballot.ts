import type { StopSpec } from '../api/run-spec.ts';
import type { WindowStretch } from '../attack/window-clock.ts';
import type { WindowTally } from '../metrics/window.ts';
import { judge, OBSERVE_ONLY, type StopRule } from '../stop/judge.ts';
import { Votes } from '../stop/votes.ts';
import { formatDuration } from '../units/duration.ts';
import { WindowLengths } from './window-lengths.ts';

/** Judges a worker's windows and keeps its stop votes. Without a rule it only watches the generator itself. */
export class Ballot {
  /** A window was void because this generator was too slow, at any time so far. */
  saturated = false;
  /** What is to be told to people. */
  note: ((line: string) => void) | null = null;
  #rule: StopRule = OBSERVE_ONLY;
  #votes: Votes | null = null;
  #lengths: WindowLengths | null = null;
  #reason = '';
  /** How many windows up to now were void, one after another. */
  #voids = 0;

  /**
   * Takes the rule that holds from now on; votes so far stay when their limit stays.
   * @param warmupMs schedule time at which windows begin; it never changes
   * @param scheduleMs schedule time now, in ms; 0 before the start
   */
  follow(stopWhen: StopSpec | null, warmupMs: number, scheduleMs: number): void {
    this.#rule = stopWhen ?? OBSERVE_ONLY;
    this.#lengths ??= new WindowLengths(warmupMs, this.#rule.windowMs);
    this.#lengths.change(this.#rule.windowMs, scheduleMs);
    if (stopWhen === null) this.#votes = null;
    else if (this.#votes?.limit !== stopWhen.votes) this.#votes = new Votes(stopWhen.votes);
  }

  /** How long windows are; empty before there is a rule. */
  get windows(): readonly WindowStretch[] {
    return this.#lengths?.stretches ?? [];
  }

  get votes(): number {
    return this.#votes?.votes ?? 0;
  }

  /** What the last unhealthy window showed; empty while there are no votes. */
  get reason(): string {
    return this.votes > 0 ? this.#reason : '';
  }

  get atLimit(): boolean {
    return this.#votes?.atLimit ?? false;
  }

  /** Counts a window. @returns whether every hit in it failed in its template */
  count(index: number, window: WindowTally): boolean {
    const judgement = judge(window, this.#rule);
    const which = this.#nameOf(index);
    if (judgement.saturated) this.#countVoid(which, judgement.reason);
    else this.#endVoids();
    if (judgement.kind === 'unhealthy') this.#reason = `${which}: ${judgement.reason}`;
    this.#votes?.count(judgement, index);
    return judgement.allTemplate;
  }

  /** Of windows that are void one after another, the first is told at once, and the others together at their end. */
  #countVoid(which: string, reason: string): void {
    this.saturated = true;
    if (this.#voids === 0) {
      this.note?.(`${which} is void, the load generator itself was too slow: ${reason}`);
    }
    this.#voids++;
  }

  #endVoids(): void {
    const others = this.#voids - 1;
    this.#voids = 0;
    if (others > 0) this.note?.(`and so ${others === 1 ? 'was the one' : `were the ${others}`} after it`);
  }

  #nameOf(index: number): string {
    const { from, to } = this.#lengths!.span(index);
    return `window ${index + 1} (${formatDuration(from)} to ${formatDuration(to)})`;
  }
}
