import type { Rational } from '../units/rational.ts';
import type { ManagedTest } from './managed-test.ts';

interface Entry {
  uid: string;
  test: ManagedTest;
}

/** The tests that this process looks after, by `namespace/name`. */
export class TestRegistry {
  readonly #make: (key: string, uid: string) => ManagedTest;
  readonly #entries = new Map<string, Entry>();
  /** Runs of tests that are gone, until their ends. */
  readonly #ending = new Set<Promise<void>>();

  constructor(make: (key: string, uid: string) => ManagedTest) {
    this.#make = make;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): ManagedTest | undefined {
    return this.#entries.get(key)?.test;
  }

  *values(): Generator<[key: string, test: ManagedTest]> {
    for (const [key, { test }] of this.#entries) yield [key, test];
  }

  /** The test of that object. One of the same name that it has taken the place of is ended. */
  of(key: string, uid: string): ManagedTest {
    const known = this.#entries.get(key);
    if (known?.uid === uid) return known.test;
    this.drop(key, 'the LoadTest was deleted');
    const test = this.#make(key, uid);
    this.#entries.set(key, { uid, test });
    return test;
  }

  /** Ends what goes on of a test that is gone, beside everything else. */
  drop(key: string, reason: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    this.#entries.delete(key);
    const ending = known.test.end(reason).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  /** The highest rates of all tests that send, but for one. */
  ratesBeside(key: string): Rational[] {
    const rates: Rational[] = [];
    for (const [each, { test }] of this.#entries) {
      const rate = each === key ? null : test.highestRate;
      if (rate !== null) rates.push(rate);
    }
    return rates;
  }

  /** Lets go of all runs, which go on without this process. @param leads this process still leads */
  async detach(leads: boolean): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ test }) => test.detach(leads)));
    this.#entries.clear();
  }
}
