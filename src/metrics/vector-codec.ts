import { PagedVector } from './paged-vector.ts';

/**
 * A vector of counts travels only where it changed since the last report that the other side is known to have.
 *
 * Values are absolute, so repeating a delta is harmless. A delta says on which report it builds (`base`) and holds all
 * that changed after it; so it may be applied to any state from `base` on, and lost, repeated or late deltas lose and
 * double nothing.
 */
export interface VectorDelta {
  /** 1, 2, 3, … for one sender. */
  sequence: number;
  /** The acknowledged sequence it builds on, less than `sequence`; 0: on nothing, a vector of zeros. */
  base: number;
  /** Length of the whole vector. */
  size: number;
  /** Stretches that follow one another: how many entries are skipped, how many follow, and so on in turn. */
  runs: number[];
  /** The entries of all stretches, one after another. */
  values: number[];
}

/** The side that counts. */
export class VectorSender {
  /** Each entry as it was sent last, and the sequence with which it last changed. */
  readonly #sent: Float64Array;
  readonly #changedAt: Float64Array;
  #sequence = 0;
  #acknowledged = 0;
  /** Acknowledgements up to this one were given before a `reset` and are void. */
  #resetAt = 0;

  /** @param size length of the vector */
  constructor(size: number) {
    this.#sent = new Float64Array(size);
    this.#changedAt = new Float64Array(size);
  }

  /** The next delta: the entries that changed since the last acknowledged one. @param current whole numbers ≥ 0 */
  encode(current: Float64Array): VectorDelta {
    const size = this.#sent.length;
    if (current.length !== size) throw new RangeError(`a vector of ${size} entries, not ${current.length}`);
    this.#sequence += 1;
    const runs: number[] = [];
    const values: number[] = [];
    let end = 0;
    for (let index = 0; index < size; index++) {
      const value = current[index]!;
      if (value !== this.#sent[index]) {
        this.#sent[index] = value;
        this.#changedAt[index] = this.#sequence;
      }
      if (this.#changedAt[index]! <= this.#acknowledged) continue;
      if (index === end && runs.length > 0) runs[runs.length - 1]! += 1;
      else runs.push(index - end, 1);
      values.push(value);
      end = index + 1;
    }
    return { sequence: this.#sequence, base: this.#acknowledged, size, runs, values };
  }

  /**
   * The other side has applied this delta. Late and repeated acknowledgements change nothing.
   * @throws RangeError for a sequence that was never sent
   */
  acknowledge(sequence: number): void {
    if (!Number.isSafeInteger(sequence) || sequence < 0 || sequence > this.#sequence) {
      throw new RangeError(`report ${sequence} was acknowledged, ${this.#sequence} were sent`);
    }
    if (sequence > this.#resetAt && sequence > this.#acknowledged) this.#acknowledged = sequence;
  }

  /** The other side has lost what it had: the next delta holds everything. */
  reset(): void {
    this.#acknowledged = 0;
    this.#resetAt = this.#sequence;
  }
}

/** The side that collects. One for each sender; a sender that starts again needs a new one. */
export class VectorReceiver {
  /** The vector as of the latest delta. */
  readonly values: PagedVector;
  #sequence = 0;

  /** @param size length of the vector */
  constructor(size: number) {
    this.values = new PagedVector(size);
  }

  /** The latest delta applied, to be acknowledged; 0: none yet. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Takes a delta from the wire. A late or repeated one changes nothing.
   *
   * @returns `resync`: it builds on a report that this side does not have, and nothing was changed; the sender must
   *   `reset`
   * @throws RangeError for what no sender makes; nothing was changed then
   */
  apply(delta: VectorDelta): 'ok' | 'resync' {
    check(delta, this.values.length);
    if (delta.base > this.#sequence) return 'resync';
    if (delta.sequence <= this.#sequence) return 'ok';
    if (delta.base === 0) this.values.clear();
    let index = 0;
    let next = 0;
    for (let run = 0; run < delta.runs.length; run += 2) {
      index += delta.runs[run]!;
      for (let left = delta.runs[run + 1]!; left > 0; left--) this.values.set(index++, delta.values[next++]!);
    }
    this.#sequence = delta.sequence;
    return 'ok';
  }
}

/** @throws RangeError that names what is wrong with the delta */
function check(delta: VectorDelta, size: number): void {
  if (typeof delta !== 'object' || delta === null) throw new RangeError('a report is no object');
  const { sequence, base, runs, values } = delta;
  if (!isCount(sequence) || sequence === 0) throw new RangeError(`a report's sequence is ${sequence}`);
  if (!isCount(base) || base >= sequence) throw new RangeError(`report ${sequence} builds on ${base}`);
  if (delta.size !== size)
    throw new RangeError(`a report of ${delta.size} entries, where ${size} are counted`);
  if (!Array.isArray(runs) || runs.length % 2 !== 0 || !runs.every(isCount)) {
    throw new RangeError('the stretches of a report are no pairs of counts');
  }
  if (!Array.isArray(values) || !values.every(isAmount)) {
    throw new RangeError('the entries of a report are no numbers from 0 on');
  }
  let end = 0;
  let length = 0;
  for (let run = 0; run < runs.length; run += 2) {
    length += runs[run + 1]!;
    end += runs[run]! + runs[run + 1]!;
  }
  if (end > size) throw new RangeError(`a report reaches entry ${end} of ${size}`);
  if (length !== values.length) {
    throw new RangeError(`the stretches of a report hold ${length} entries, ${values.length} came`);
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}
