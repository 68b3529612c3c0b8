import { createHash, randomBytes } from 'node:crypto';
import type { LaneIdentity } from './content.ts';

/** A source of chance; passed in wherever chance decides, so that a seed repeats it and a test can hold it. */
export interface Random {
  /** Whether a seed was given: the same draws come again in another run. */
  readonly seeded: boolean;
  /** Uniform in [0, 1), with 53 bits. */
  float(): number;
  /**
   * Uniform in 0, 1, … `below` − 1.
   * @throws RangeError when `below` is less than 1 or no number
   */
  int(below: number): number;
}

/**
 * The random stream of one lane for one use.
 *
 * Streams of different names are independent, so that what one use draws never shifts another: with `events`, `fake`,
 * `profiles` and the templates' own functions on streams of their own, one more `phony` call in a template leaves the
 * sequence of reuses and duplicates as it was. The name of the run, process ids and the clock play no part: the same
 * seed, lane, replacement and stream give the same numbers in every run.
 *
 * @param seed null: seeded from the system's randomness, another stream at each call
 * @param stream what the numbers are used for
 */
export function createRandom(seed: string | null, identity: LaneIdentity, stream = ''): Random {
  if (seed === null) return new Sfc32(randomBytes(12), false);
  const text = JSON.stringify([seed, identity.lane, identity.replacement, stream]);
  return new Sfc32(createHash('sha256').update(text).digest(), true);
}

/**
 * Chris Doty-Humphrey's sfc32 of PractRand: three mixed words and a counter, period at least 2³² and about 2¹²⁷ on
 * average, 96 bits of seed. Fast and statistically sound; not for secrets.
 */
class Sfc32 implements Random {
  readonly seeded: boolean;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: Buffer, seeded: boolean) {
    this.seeded = seeded;
    this.#a = seed.readInt32LE(0);
    this.#b = seed.readInt32LE(4);
    this.#c = seed.readInt32LE(8);
    // The author's own seeding: twelve rounds until every bit of the seed reaches every bit of the state.
    for (let i = 0; i < 12; i++) this.#next();
  }

  float(): number {
    const high = this.#next() >>> 5;
    const low = this.#next() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  int(below: number): number {
    if (!(below >= 1)) throw new RangeError(`a whole number below ${below} cannot be drawn`);
    return Math.floor(this.float() * below);
  }

  /** The next 32 bits, as a signed integer. */
  #next(): number {
    const out = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + out) | 0;
    return out;
  }
}
