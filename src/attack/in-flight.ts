import type { Target } from '../target/target.ts';

const NONE = -1;

/**
 * The hits of one lane that were sent and not yet answered: a fixed number of slots, with the taken ones linked in the
 * order of sending. As all hits have the same timeout, the oldest is always the first to time out.
 */
export class InFlight {
  readonly size: number;
  readonly hit: Float64Array;
  /** How many hits the lane sent before this one. */
  readonly seq: Float64Array;
  /** Clock times in ms. */
  readonly dueAt: Float64Array;
  readonly sentAt: Float64Array;
  readonly label: Int32Array;
  /** 1 for a hit of the warm-up. */
  readonly warmup: Uint8Array;
  readonly target: (Target | null)[];

  /** Slot of the oldest hit, -1 when there is none. */
  oldest: number = NONE;
  #newest: number = NONE;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  /** Free slots as a stack: the slot last freed is taken next, so that its connection stays warm. */
  readonly #free: Int32Array;
  #freeCount: number;

  constructor(size: number) {
    this.size = size;
    this.hit = new Float64Array(size);
    this.seq = new Float64Array(size);
    this.dueAt = new Float64Array(size);
    this.sentAt = new Float64Array(size);
    this.label = new Int32Array(size);
    this.warmup = new Uint8Array(size);
    this.target = new Array<Target | null>(size).fill(null);
    this.#older = new Int32Array(size);
    this.#newer = new Int32Array(size);
    this.#free = Int32Array.from({ length: size }, (_, index) => size - 1 - index);
    this.#freeCount = size;
  }

  get free(): number {
    return this.#freeCount;
  }

  get taken(): number {
    return this.size - this.#freeCount;
  }

  /** Takes a free slot as the newest. Call only when `free` is over 0. */
  take(): number {
    const slot = this.#free[--this.#freeCount]!;
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest === NONE) this.oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
    return slot;
  }

  release(slot: number): void {
    const older = this.#older[slot]!;
    const newer = this.#newer[slot]!;
    if (older === NONE) this.oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    this.target[slot] = null;
    this.#free[this.#freeCount++] = slot;
  }

  /** The slot sent next after `slot`, -1 at the end. */
  after(slot: number): number {
    return this.#newer[slot]!;
  }
}
