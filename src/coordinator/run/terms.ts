import type { RunSpec } from '../../api/run-spec.ts';
import type { RunRecord } from '../run-record.ts';
import { laneCount, workerCount } from '../worker-count.ts';

/** What holds where the spec does not say. */
export interface SpecDefaults {
  /** Lanes of each worker; null: as many as its cores and its share of the rate ask for. */
  lanes: number | null;
  /** How long workers go on without an answer, in ms. */
  leaseMs: number;
}

/** What an edited spec does not change, as it is written down. */
type RecordedTerms = Pick<RunRecord, 'warmupMs' | 'startTimeoutMs' | 'samples' | 'lanes'>;

/** The spec that a run follows: it may be edited at any time, but for what holds for a whole run. */
export class Terms {
  readonly #defaults: SpecDefaults;
  #spec: RunSpec;
  #lanes: number | null = null;

  constructor(spec: RunSpec, defaults: SpecDefaults) {
    this.#spec = spec;
    this.#defaults = defaults;
  }

  get spec(): RunSpec {
    return this.#spec;
  }

  /** How many workers there shall be. */
  get workers(): number {
    return workerCount(this.#spec);
  }

  /** Lanes of each worker; null: not known before a worker has called. */
  get lanes(): number | null {
    return this.#lanes;
  }

  /** How long workers go on without an answer, in ms. */
  get leaseMs(): number {
    return this.#spec.workers.leaseMs ?? this.#defaults.leaseMs;
  }

  /** How long a worker may be out of sight, behind its fence, and come back, in ms. */
  get silentMs(): number {
    return this.leaseMs + this.#spec.maxLagMs;
  }

  /** Takes an edited spec: warm-up, start deadline and the number of samples stay as they were. */
  change(spec: RunSpec): void {
    const { warmupMs, startTimeoutMs, samples } = this.#spec;
    this.#spec = { ...spec, warmupMs, startTimeoutMs, samples };
  }

  /** The cores of the first worker that calls say how many lanes each has, for the whole run. */
  countLanes(cores: number): void {
    this.#lanes ??= this.#defaults.lanes ?? laneCount(this.#spec, cores);
  }

  record(): RecordedTerms {
    const { warmupMs, startTimeoutMs, samples } = this.#spec;
    return { warmupMs, startTimeoutMs, samples, lanes: this.#lanes };
  }

  restore({ warmupMs, startTimeoutMs, samples = this.#spec.samples, lanes }: RecordedTerms): void {
    this.#spec = { ...this.#spec, warmupMs, startTimeoutMs, samples };
    this.#lanes = lanes;
  }
}
