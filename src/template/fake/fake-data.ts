import { newId } from '../ids.ts';
import { didYouMean } from '../near-names.ts';
import { createRandom, type Random } from '../random.ts';
import { argumentsKey } from './arguments-key.ts';
import { createFaker, type Faker, type FakerMethod, findMethod, methodPaths } from './faker.ts';
import { FRESH_KINDS, type PhonyValue, POOLED_KINDS } from './kinds.ts';
import { Pool } from './pool.ts';

/** How many pools `faker` keeps; calls whose arguments would need more make each value anew. */
const MAX_POOLS = 256;

/** Dates count from now: after a minute a pool of them is made anew, so that `date.recent` stays recent for weeks. */
const DATES_MAX_AGE_MS = 60_000;

/** Ids: never from a pool and never seeded. */
const UNIQUE_METHODS = new Set(['string.uuid', 'string.ulid', 'string.nanoid', 'database.mongodbObjectId']);

/** Draws from a range, a list or odds that are the caller's: cheap, and a pool would falsify range and odds. */
const CALLERS_OWN_METHODS = new Set([
  'datatype.boolean',
  'helpers.arrayElement',
  'helpers.arrayElements',
  'helpers.enumValue',
  'helpers.maybe',
  'helpers.multiple',
  'helpers.objectEntry',
  'helpers.objectKey',
  'helpers.objectValue',
  'helpers.rangeToNumber',
  'helpers.shuffle',
  'helpers.uniqueArray',
  'helpers.weightedArrayElement',
  'number.float',
  'number.int',
]);

/** Where the values of a kind come from. */
interface Kind {
  pick(): PhonyValue;
  /** Whether all that was picked, and all that will be picked again, are texts that a JSON string holds as they are. */
  readonly plain: boolean;
}

/**
 * Fake data for templates, drawn from pools that fill as they are used (see `Pool`). One instance belongs to one lane;
 * under a seed all but ids and the time of day repeats, given the same calls in the same order.
 */
export class FakeData {
  readonly #random: Random;
  readonly #poolSize: number;
  readonly #now: () => number;
  readonly #faker: Faker;
  /** Draws ids; not seeded. */
  readonly #unique = createFaker(createRandom(null, { lane: 0, lanes: 1, replacement: 0 }));
  readonly #kinds: Map<string, Kind>;
  readonly #methods = new Map<string, FakerMethod>();
  #pools = 0;

  /**
   * @param poolSize how many values are kept for each kind, and for each faker method with its arguments; at least 1
   * @param now milliseconds since 1970
   */
  constructor(random: Random, poolSize: number, now: () => number = Date.now) {
    if (!Number.isSafeInteger(poolSize) || poolSize < 1) {
      throw new RangeError(`a pool of ${poolSize} values cannot be: it takes a whole number from 1 on`);
    }
    this.#random = random;
    this.#poolSize = poolSize;
    this.#faker = createFaker(random);
    this.#now = now;
    this.#kinds = new Map();
    for (const [kind, make] of Object.entries(FRESH_KINDS))
      this.#kinds.set(kind, { pick: () => make(now), plain: false });
    for (const [kind, make] of Object.entries(POOLED_KINDS)) {
      this.#kinds.set(kind, new Pool(poolSize, random, () => make(this.#faker, random)));
    }
  }

  /** @throws Error when there is no such kind */
  phony(kind: string): PhonyValue {
    return this.#kind(kind).pick();
  }

  /**
   * The same as it is printed, for less where nothing is to be escaped.
   * @param print gives back a text that a JSON string holds as it is @throws Error when there is no such kind
   */
  phonyPrinted(kind: string, print: (value: PhonyValue) => string): string {
    const values = this.#kind(kind);
    const value = values.pick();
    return values.plain ? (value as string) : print(value);
  }

  /**
   * What the method of @faker-js/faker at `path` (`commerce.productName`) gives for these arguments. Objects are frozen,
   * because later picks give them again.
   * @throws Error when there is no such method, or it refuses the arguments
   */
  faker(path: string, ...args: unknown[]): unknown {
    let method = this.#methods.get(path);
    if (method === undefined) {
      method = this.#method(path);
      this.#methods.set(path, method);
    }
    return method(...args);
  }

  #kind(name: string): Kind {
    const kind = this.#kinds.get(name);
    if (kind !== undefined) return kind;
    const kinds = [...this.#kinds.keys()].sort();
    const meant = didYouMean(String(name), kinds);
    throw new Error(`phony: there is no kind ${show(name)}${meant}; kinds are ${kinds.join(', ')}`);
  }

  #method(path: string): FakerMethod {
    const method = typeof path === 'string' ? findMethod(this.#faker, path) : undefined;
    if (method === undefined) {
      const meant = meantPaths(String(path), methodPaths(this.#faker));
      throw new Error(
        `faker: there is no method ${show(path)}${meant}; a path is 'module.method', such as 'commerce.productName'`,
      );
    }
    if (UNIQUE_METHODS.has(path)) {
      const unique = explained(path, findMethod(this.#unique, path)!);
      return path === 'string.uuid' ? (...args) => (args.length === 0 ? newId() : unique(...args)) : unique;
    }
    if (CALLERS_OWN_METHODS.has(path)) return explained(path, method);
    return this.#pooled(path, explained(path, method));
  }

  /** A method whose values are kept, in a pool for each different list of arguments. */
  #pooled(path: string, method: FakerMethod): FakerMethod {
    const ages = path.startsWith('date.') && !this.#random.seeded;
    const pools = new Map<string, () => unknown>();
    let plain: (() => unknown) | undefined;
    return (...args) => {
      if (args.length === 0 && plain !== undefined) return plain();
      const key = argumentsKey(args);
      let pick = key === undefined ? undefined : pools.get(key);
      if (pick === undefined) {
        if (key === undefined || this.#pools === MAX_POOLS) return method(...args);
        this.#pools++;
        pick = this.#picker(() => method(...args), ages);
        pools.set(key, pick);
        if (args.length === 0) plain = pick;
      }
      return pick();
    };
  }

  #picker(make: () => unknown, ages: boolean): () => unknown {
    const pool = new Pool(this.#poolSize, this.#random, () => keepable(make()));
    if (!ages) return () => given(pool.pick());
    let since = this.#now();
    return () => {
      const now = this.#now();
      if (now - since > DATES_MAX_AGE_MS) {
        pool.clear();
        since = now;
      }
      return given(pool.pick());
    };
  }
}

/** A value that many picks can share: an object is copied (it may be a piece of the library's tables) and frozen. */
function keepable(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? freeze(structuredClone(value)) : value;
}

function freeze(value: object): object {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) freeze(member);
  }
  return Object.freeze(value);
}

/** Freezing does not hold for the time inside a Date: each pick gets one of its own. */
function given(value: unknown): unknown {
  return value instanceof Date ? new Date(value) : value;
}

/** The method, with its errors telling which call they are about. */
function explained(path: string, method: FakerMethod): FakerMethod {
  return (...args) => {
    try {
      return method(...args);
    } catch (error) {
      throw new Error(`faker('${path}'): ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  };
}

/** Methods move between modules from one version of the library to the next: the same name elsewhere is the best guess. */
function meantPaths(wrong: string, paths: string[]): string {
  const method = wrong.slice(wrong.lastIndexOf('.') + 1);
  const elsewhere = paths.filter((path) => path.endsWith(`.${method}`)).map((path) => `"${path}"`);
  return elsewhere.length > 0 ? `; did you mean ${elsewhere.join(' or ')}?` : didYouMean(wrong, paths);
}

function show(name: unknown): string {
  return typeof name === 'string' ? JSON.stringify(name.slice(0, 60)) : String(name);
}
