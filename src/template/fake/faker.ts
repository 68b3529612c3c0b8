import type { Faker } from '@faker-js/faker';
// One locale: the whole package takes 170 ms to import, this 26.
import { faker as english } from '@faker-js/faker/locale/en';
import type { Random } from '../random.ts';

export type { Faker };

/** The day that seeded data counts from (`date.recent`, `date.birthdate` …), so that it repeats on another day. */
const SEEDED_TODAY = '2026-01-01T00:00:00.000Z';

/** A Faker of our own in English that draws from `random`, beside which no other use of the library in this thread matters. */
export function createFaker(random: Random): Faker {
  // The class itself is exported only by the package's root, which loads every locale.
  const FakerClass = english.constructor as typeof Faker;
  const faker = new FakerClass({
    locale: english.rawDefinitions,
    randomizer: { next: () => random.float(), seed: () => {} },
  });
  if (random.seeded) faker.setDefaultRefDate(SEEDED_TODAY);
  return faker;
}

export type FakerMethod = (...args: unknown[]) => unknown;

/**
 * The method at `module.method`, or undefined. Only methods of data modules can be reached: own properties at both steps,
 * so that neither `constructor` nor `__proto__` leads anywhere.
 */
export function findMethod(faker: Faker, path: string): FakerMethod | undefined {
  const parts = path.split('.');
  if (parts.length !== 2) return undefined;
  const methods = dataModule(faker, parts[0]!);
  const method = methods !== undefined && Object.hasOwn(methods, parts[1]!) ? methods[parts[1]!] : undefined;
  return typeof method === 'function' ? (method as FakerMethod) : undefined;
}

/** Every path that `findMethod` finds. */
export function methodPaths(faker: Faker): string[] {
  return Object.keys(faker).flatMap((name) =>
    Object.entries(dataModule(faker, name) ?? {})
      .filter(([, method]) => typeof method === 'function')
      .map(([method]) => `${name}.${method}`),
  );
}

/** Beside its data modules a Faker has one own property, the core they share; there is no function in it. */
function dataModule(faker: Faker, name: string): Record<string, unknown> | undefined {
  return Object.hasOwn(faker, name)
    ? (faker[name as keyof Faker] as unknown as Record<string, unknown>)
    : undefined;
}
