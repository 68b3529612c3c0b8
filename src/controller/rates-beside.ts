import { keyOf } from '../kube/object.ts';
import type { LoadTestObject } from '../kube/resources.ts';
import type { Rational } from '../units/rational.ts';
import { highestRate } from './safety.ts';
import type { ScopedStore } from './scoped-store.ts';
import type { TestRegistry } from './test-registry.ts';
import { readWanted } from './wanted.ts';

/**
 * The highest rates of all tests that send, or are about to, but for one: those that are looked after, and those whose runs
 * an earlier leader has begun and that were not looked at yet.
 * @param key of that one, `namespace/name`
 */
export function ratesBeside(
  key: string,
  registry: Pick<TestRegistry, 'get' | 'ratesBeside'>,
  tests: Pick<ScopedStore<LoadTestObject>, 'values'>,
): Rational[] {
  const rates = registry.ratesBeside(key);
  for (const object of tests.values()) {
    const other = keyOf(object);
    const { id, verdict } = object.status?.run ?? {};
    if (other === key || id === undefined || verdict !== undefined) continue;
    if (registry.get(other)?.recalled) continue;
    const wanted = readWanted(object);
    if (typeof wanted !== 'string') rates.push(highestRate(wanted.spec));
  }
  return rates;
}
