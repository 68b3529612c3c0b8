/** Entries of a page: 2 KB. */
const PAGE = 256;

/** A long vector of numbers most of which stay 0: only those pages exist that were written to. */
export class PagedVector {
  readonly length: number;
  #pages: Float64Array[] = [];

  constructor(length: number) {
    this.length = length;
  }

  get(index: number): number {
    return this.#pages[Math.floor(index / PAGE)]?.[index % PAGE] ?? 0;
  }

  set(index: number, value: number): void {
    const at = Math.floor(index / PAGE);
    if (value === 0 && this.#pages[at] === undefined) return;
    (this.#pages[at] ??= new Float64Array(PAGE))[index % PAGE] = value;
  }

  /** Makes all entries 0. */
  clear(): void {
    this.#pages = [];
  }

  /** The entries that are not 0, in order. */
  forEach(take: (value: number, index: number) => void): void {
    this.#pages.forEach((page, at) => {
      for (let index = 0; index < PAGE; index++) {
        if (page[index] !== 0) take(page[index]!, at * PAGE + index);
      }
    });
  }

  /** The entries `from ≤ index < until`. */
  slice(from: number, until: number): Float64Array {
    return Float64Array.from({ length: until - from }, (_, index) => this.get(from + index));
  }

  copy(): PagedVector {
    const copy = new PagedVector(this.length);
    copy.#pages = this.#pages.map((page) => page.slice());
    return copy;
  }
}
