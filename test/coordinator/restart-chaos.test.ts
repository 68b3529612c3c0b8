import { afterEach, describe, test } from 'node:test';
import { assertMissingAreOwed, assertNoneMissing, seedsFrom } from './chaos.ts';
import { FakeCluster } from './fake-cluster.ts';

afterEach(() => FakeCluster.dispose());

describe('over any network, any changes and any ends of the coordinator, while no lease runs out', () => {
  for (const seed of seedsFrom(1001)) {
    test(`each hit is decided once and none is missing (seed ${seed})`, () =>
      assertNoneMissing({ seed, crashes: true }));
  }
});

describe('when workers are killed or out of sight besides', () => {
  for (const seed of seedsFrom(2001)) {
    test(`no hit is decided twice, and those missing are owed (seed ${seed})`, () =>
      assertMissingAreOwed({ seed, crashes: true }));
  }
});
