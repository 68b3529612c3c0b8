/** Shards grow one by one, so that no single insertion has to move millions of entries while requests wait. */
const SHARDS = 256;
const FIRST_CAPACITY = 64;

/**
 * A map from 64-bit hashes to 64-bit values in typed arrays: some 30 bytes an entry, nothing for the garbage collector.
 * Hashes and values are given in two unsigned 32-bit halves. The hash (0, 0) stands for an empty slot and is stored as
 * (0, 1).
 */
export class HashTable {
  readonly #shards = Array.from({ length: SHARDS }, () => new Shard());
  readonly #limit: number;
  #size = 0;
  #overflowed = false;

  /** @param limit the most entries it will hold; a new hash beyond it is not stored */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether a new hash came that was not stored: from then on `new` may be said of a hash that is not. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /**
   * Stores a value under a hash that is new. A hash that is known keeps its first value.
   * @returns `new`, or how the known value compares with the given one
   */
  add(low: number, high: number, valueLow: number, valueHigh: number): 'new' | 'equal' | 'different' {
    if (low === 0 && high === 0) high = 1;
    const shard = this.#shards[high >>> 24]!;
    const slot = shard.find(low, high);
    if (shard.has(slot)) return shard.valueEquals(slot, valueLow, valueHigh) ? 'equal' : 'different';
    if (this.#size < this.#limit) {
      shard.insert(slot, low, high, valueLow, valueHigh);
      this.#size++;
    } else {
      this.#overflowed = true;
    }
    return 'new';
  }
}

/** An open-addressing table with linear probing; a slot is four words: hash and value. */
class Shard {
  #words = new Uint32Array(FIRST_CAPACITY * 4);
  #mask = FIRST_CAPACITY - 1;
  #size = 0;

  /** The slot of a hash, or the empty one where it belongs. There always is an empty one. */
  find(low: number, high: number): number {
    const words = this.#words;
    let slot = low & this.#mask;
    for (;;) {
      const at = slot * 4;
      const slotLow = words[at]!;
      const slotHigh = words[at + 1]!;
      if ((slotLow === low && slotHigh === high) || (slotLow === 0 && slotHigh === 0)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  has(slot: number): boolean {
    return this.#words[slot * 4] !== 0 || this.#words[slot * 4 + 1] !== 0;
  }

  valueEquals(slot: number, low: number, high: number): boolean {
    return this.#words[slot * 4 + 2] === low && this.#words[slot * 4 + 3] === high;
  }

  insert(slot: number, low: number, high: number, valueLow: number, valueHigh: number): void {
    this.#words.set([low, high, valueLow, valueHigh], slot * 4);
    this.#size++;
    if (this.#size * 4 > (this.#mask + 1) * 3) this.#grow();
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(old.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let at = 0; at < old.length; at += 4) {
      const low = old[at]!;
      const high = old[at + 1]!;
      if (low !== 0 || high !== 0) this.#words.set(old.subarray(at, at + 4), this.find(low, high) * 4);
    }
  }
}
