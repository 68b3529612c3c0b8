/** The name under which everything beyond the limit is counted. */
export const OTHERS = '(others)';

const LONGEST_NAME = 200;

/** Counts by name, bounded: at most `limit` names, each cut to 200 characters; the rest is counted as `(others)`. */
export class BoundedCounts {
  readonly #counts = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(name: string): void {
    const key = name.length > LONGEST_NAME ? name.slice(0, LONGEST_NAME) : name;
    const count = this.#counts.get(key);
    if (count !== undefined) this.#counts.set(key, count + 1);
    else if (this.#counts.size < this.#limit) this.#counts.set(key, 1);
    else this.#counts.set(OTHERS, (this.#counts.get(OTHERS) ?? 0) + 1);
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
