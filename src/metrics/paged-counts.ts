import { COUNTERS, type Counts, type CountsBlock, IN_FLIGHT, INTERRUPTED, readCounts } from './counts.ts';
import * as at from './layout.ts';
import { PagedVector } from './paged-vector.ts';
import type { Tally } from './tally.ts';

/**
 * What a worker tells of its counts, a tally with those of the warm-up behind it, in as little room as what is in use
 * of it: of half a megabyte for 32 labels that is mostly less than 40 KB.
 */
export class PagedCounts {
  /** Length of the vector for that many labels. */
  static size(labels: number): number {
    return at.tallySize(labels) + COUNTERS;
  }

  readonly labels: number;
  readonly vector: PagedVector;
  readonly #sums: number;

  /** @param labels how many are counted apart; @param vector `PagedCounts.size(labels)` long */
  constructor(labels: number, vector: PagedVector = new PagedVector(PagedCounts.size(labels))) {
    this.labels = labels;
    this.vector = vector;
    this.#sums = at.sumsAt(labels);
  }

  /** Of the main part. */
  get counts(): Counts {
    return readCounts(this.vector.slice(this.#sums, this.#sums + COUNTERS), 0);
  }

  /** Merges others of as many labels into these. */
  add({ vector }: PagedCounts): void {
    const into = this.vector;
    vector.forEach((value, index) => {
      const own = into.get(index);
      into.set(index, index < this.#sums ? Math.max(own, value) : own + value);
    });
  }

  /** Merges these into a tally, which may have fewer labels: nothing is counted here under those that it has not. */
  addTo(tally: Tally, warmup: CountsBlock): void {
    const maxima = at.sumsAt(tally.labels);
    const shift = maxima - this.#sums;
    const warmupAt = at.tallySize(this.labels);
    const { values } = tally;
    this.vector.forEach((value, index) => {
      if (index >= warmupAt) warmup.values[index - warmupAt]! += value;
      else if (index >= this.#sums) values[index + shift]! += value;
      else if (index < maxima && value > values[index]!) values[index] = value;
    });
  }

  /** The same, with all that is in flight interrupted: the worker is gone. */
  interrupted(): PagedCounts {
    const counts = new PagedCounts(this.labels, this.vector.copy());
    counts.#interrupt(this.#sums);
    counts.#interrupt(at.tallySize(this.labels));
    for (let label = 0; label < this.labels; label++) counts.#interrupt(at.labelAt(this.labels, label));
    return counts;
  }

  /** Gives up what is in flight, in the block of counters that begins at `begin`. */
  #interrupt(begin: number): void {
    const inFlight = this.vector.get(begin + IN_FLIGHT);
    this.vector.set(begin + INTERRUPTED, this.vector.get(begin + INTERRUPTED) + inFlight);
    this.vector.set(begin + IN_FLIGHT, 0);
  }
}
