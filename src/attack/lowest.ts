/** Keeps those of the lowest keys, of any number that come, in a heap whose root is the highest that is kept. */
export class Lowest<T> {
  readonly #size: number;
  readonly #keys: number[] = [];
  readonly #items: T[] = [];

  /** @param size how many are kept at most */
  constructor(size: number) {
    this.#size = size;
  }

  /** What a key has to be below for one to be kept: Infinity as long as there is room. */
  get bound(): number {
    if (this.#keys.length < this.#size) return Number.POSITIVE_INFINITY;
    return this.#keys[0] ?? Number.NEGATIVE_INFINITY;
  }

  /** In no order. */
  get items(): readonly T[] {
    return this.#items;
  }

  add(key: number, item: T): void {
    if (!(key < this.bound)) return;
    if (this.#keys.length < this.#size) this.#rise(this.#keys.length, key, item);
    else this.#sink(key, item);
  }

  #rise(from: number, key: number, item: T): void {
    let at = from;
    for (let above = (at - 1) >> 1; at > 0 && this.#keys[above]! < key; above = (at - 1) >> 1) {
      this.#move(above, at);
      at = above;
    }
    this.#put(at, key, item);
  }

  /** In place of the root. */
  #sink(key: number, item: T): void {
    const { length } = this.#keys;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below + 1 < length && this.#keys[below + 1]! > this.#keys[below]!) below++;
      if (below >= length || this.#keys[below]! <= key) break;
      this.#move(below, at);
      at = below;
    }
    this.#put(at, key, item);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#keys[from]!, this.#items[from]!);
  }

  #put(at: number, key: number, item: T): void {
    this.#keys[at] = key;
    this.#items[at] = item;
  }
}
