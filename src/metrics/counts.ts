import { DROP_REASONS, type DropReason } from './outcome.ts';

/** What became of hits. `sent = succeeded + failed + interrupted + inFlight`, each from a counter of its own. */
export interface Counts {
  sent: number;
  succeeded: number;
  failed: number;
  /** In flight when the run, or the lane, ended. */
  interrupted: number;
  inFlight: number;
  /** Never sent, by reason. */
  drops: Record<DropReason, number>;
}

/** Where the nine counters stand in a block of them, wherever that block begins. */
export const SENT = 0;
export const SUCCEEDED_HITS = 1;
export const FAILED_HITS = 2;
export const INTERRUPTED = 3;
export const IN_FLIGHT = 4;
/** The first of the drops, in the order of `DROP_REASONS`. */
export const DROPS = 5;
export const COUNTERS: number = DROPS + DROP_REASONS.length;

/** Index of the `local` reason: a send that turned out to be a drop. */
export const LOCAL_DROP: number = DROP_REASONS.indexOf('local');

/** Hits that were never sent, over all reasons. */
export function dropped(counts: Counts): number {
  let sum = 0;
  for (const reason of DROP_REASONS) sum += counts.drops[reason];
  return sum;
}

/** Reads the block of counters that begins at `at`. */
export function readCounts(values: Float64Array, at: number): Counts {
  const drops = {} as Record<DropReason, number>;
  DROP_REASONS.forEach((reason, index) => {
    drops[reason] = values[at + DROPS + index]!;
  });
  return {
    sent: values[at + SENT]!,
    succeeded: values[at + SUCCEEDED_HITS]!,
    failed: values[at + FAILED_HITS]!,
    interrupted: values[at + INTERRUPTED]!,
    inFlight: values[at + IN_FLIGHT]!,
    drops,
  };
}

/** Gives up what is in flight, in the block of counters that begins at `at`. */
export function interruptInFlight(values: Float64Array, at: number): void {
  values[at + INTERRUPTED]! += values[at + IN_FLIGHT]!;
  values[at + IN_FLIGHT] = 0;
}

/** The nine counters alone: what is kept of a warm-up. */
export class CountsBlock {
  static readonly size: number = COUNTERS;
  readonly values: Float64Array;

  /** @param values `CountsBlock.size` long; left out: a new block of zeros */
  constructor(values: Float64Array = new Float64Array(COUNTERS)) {
    if (values.length !== COUNTERS) {
      throw new RangeError(`a block of counts has ${COUNTERS} values, not ${values.length}`);
    }
    this.values = values;
  }

  get counts(): Counts {
    return readCounts(this.values, 0);
  }

  send(): void {
    this.values[SENT]! += 1;
    this.values[IN_FLIGHT]! += 1;
  }

  succeed(): void {
    this.values[SUCCEEDED_HITS]! += 1;
    this.values[IN_FLIGHT]! -= 1;
  }

  fail(): void {
    this.values[FAILED_HITS]! += 1;
    this.values[IN_FLIGHT]! -= 1;
  }

  interrupt(): void {
    this.values[INTERRUPTED]! += 1;
    this.values[IN_FLIGHT]! -= 1;
  }

  /** Interrupts all that is in flight: its lane or worker is gone. */
  interruptAll(): void {
    interruptInFlight(this.values, 0);
  }

  /** @param reason index into `DROP_REASONS` */
  drop(reason: number): void {
    this.values[DROPS + reason]! += 1;
  }

  /** Takes a send back that turned out to be a `local` drop. */
  unsend(): void {
    this.values[SENT]! -= 1;
    this.values[IN_FLIGHT]! -= 1;
    this.values[DROPS + LOCAL_DROP]! += 1;
  }

  add(other: CountsBlock): void {
    for (let index = 0; index < COUNTERS; index++) this.values[index]! += other.values[index]!;
  }
}
