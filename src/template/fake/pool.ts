import { escapeJson } from '../print.ts';
import type { Random } from '../random.ts';

/**
 * Values made once and picked again and again: making one costs microseconds, picking one about 20 ns.
 *
 * The pool fills as it is used: until it is full, each pick makes one value, keeps it and gives it. So no pick ever
 * waits for a whole pool, what is never used is never made, and a seed repeats every pick.
 */
export class Pool<T> {
  /** Whether all values kept are texts that a JSON string holds as they are. */
  plain = true;
  readonly #size: number;
  readonly #random: Random;
  readonly #make: () => T;
  readonly #values: T[] = [];

  constructor(size: number, random: Random, make: () => T) {
    this.#size = size;
    this.#random = random;
    this.#make = make;
  }

  pick(): T {
    const values = this.#values;
    if (values.length === this.#size) return values[this.#random.int(this.#size)]!;
    const value = this.#make();
    values.push(value);
    this.plain &&= typeof value === 'string' && escapeJson(value) === value;
    return value;
  }

  /** Forgets all values: the next picks make new ones. */
  clear(): void {
    this.#values.length = 0;
  }
}
