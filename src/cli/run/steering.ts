import { isDeepStrictEqual } from 'node:util';
import type { RunSpec } from '../../api/run-spec.ts';
import { MAX_RATE } from '../../api/schema/kinds.ts';
import type { Verdict } from '../../stop/verdict.ts';
import { OWN_PACE, type Pace, paced, paceText, type Step, stepped } from './pace.ts';

/** What is steered: the coordinator of a run. */
export interface Steered {
  change(spec: RunSpec): void;
  stop(verdict: Verdict, reason: string): void;
}

export interface SteeringOptions {
  run: Steered;
  /** Says what differs from the manifest, in words; empty: nothing does. */
  show: (text: string) => void;
  /** Takes messages for people. */
  note: (text: string) => void;
}

/**
 * Changes a run while it goes on: its pace by hand, and its spec as the manifest is saved. What was set by hand holds
 * until the manifest says something else about the same.
 */
export class Steering {
  readonly #options: SteeringOptions;
  /** What the manifest says. */
  #spec: RunSpec;
  #pace: Pace = OWN_PACE;

  constructor(spec: RunSpec, options: SteeringOptions) {
    this.#spec = spec;
    this.#options = options;
  }

  /** Whether the run stands still by what was asked for, though it may not have got so far. */
  get isSuspended(): boolean {
    return this.#pace.suspend ?? this.#spec.suspend;
  }

  step(step: Step): void {
    const factor = stepped(this.#spec.schedule, this.#pace.factor, step);
    if (factor === null) this.#options.note(`the rate stays as it is: it goes from 1/h to ${MAX_RATE}/s`);
    else this.#setPace({ factor });
  }

  /** Back to the manifest's own rate. */
  resetRate(): void {
    this.#setPace({ factor: OWN_PACE.factor });
  }

  suspend(suspend: boolean): void {
    this.#setPace({ suspend });
  }

  stop(reason: string): void {
    this.#options.run.stop('StoppedByUser', reason);
  }

  /** The manifest says this from now on. */
  follow(spec: RunSpec): void {
    const before = this.#spec;
    this.#spec = spec;
    const isOtherSchedule = !isDeepStrictEqual(before.schedule, spec.schedule);
    this.#setPace({
      ...(isOtherSchedule ? { factor: OWN_PACE.factor } : {}),
      ...(before.suspend === spec.suspend ? {} : { suspend: null }),
    });
  }

  #setPace(pace: Partial<Pace>): void {
    this.#pace = { ...this.#pace, ...pace };
    this.#options.run.change(paced(this.#spec, this.#pace));
    this.#options.show(paceText(this.#spec, this.#pace));
  }
}
