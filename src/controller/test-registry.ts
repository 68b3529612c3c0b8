import type { Rational } from '../units/rational.ts';
import type { ClusterRun } from './cluster-run.ts';
import type { ManagedTest } from './managed-test.ts';

interface Entry {
  uid: string;
  test: ManagedTest;
}

/** The tests that this process looks after, by `namespace/name`. */
export class TestRegistry {
  readonly #make: (key: string, uid: string) => ManagedTest;
  readonly #entries = new Map<string, Entry>();
  /** Tests that are gone, until their runs have ended: workers still have to be told so. */
  readonly #ending = new Set<Entry>();

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

  /** All runs that go on, also those of tests that are gone. */
  *runs(): Generator<ClusterRun> {
    for (const { test } of [...this.#entries.values(), ...this.#ending])
      if (test.run !== null) yield test.run;
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
    this.#ending.add(known);
    void known.test.end(reason).then(() => this.#ending.delete(known));
  }

  /** Whether a test that is gone still has a run that ends. */
  isEnding(uid: string): boolean {
    return [...this.#ending].some((entry) => entry.uid === uid);
  }

  /** The highest rates of all tests that send, or are about to, but for one. */
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
    const tests = [...this.#entries.values(), ...this.#ending];
    await Promise.all(tests.map(({ test }) => test.detach(leads)));
    this.#entries.clear();
    this.#ending.clear();
  }
}
