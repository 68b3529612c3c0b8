const FIRST_CAPACITY = 256;

/** The most arrivals within any span of one second, wherever it begins: both of its ends belong to it, so 1/s can show 2. */
export class BusiestSecond {
  /** Arrivals of the last second, oldest first, from `#first` on and round the end. */
  #ring = new Float64Array(FIRST_CAPACITY);
  #first = 0;
  #count = 0;
  #most = 0;

  /** @param atMs never before an earlier one's */
  add(atMs: number): void {
    while (this.#count > 0 && this.#ring[this.#first]! < atMs - 1000) {
      this.#first = (this.#first + 1) % this.#ring.length;
      this.#count--;
    }
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#count) % this.#ring.length] = atMs;
    this.#count++;
    if (this.#count > this.#most) this.#most = this.#count;
  }

  get most(): number {
    return this.#most;
  }

  #grow(): void {
    const grown = new Float64Array(this.#ring.length * 2);
    grown.set(this.#ring.subarray(this.#first));
    grown.set(this.#ring.subarray(0, this.#first), this.#ring.length - this.#first);
    this.#ring = grown;
    this.#first = 0;
  }
}
