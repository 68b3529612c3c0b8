import { afterEach, describe, test } from 'node:test';
import { assertMissingAreOwed, assertNoneMissing, seedsFrom } from './chaos.ts';
import { FakeCluster } from './fake-cluster.ts';

afterEach(() => FakeCluster.dispose());

describe('over any network and any changes, while no lease runs out', () => {
  for (const seed of seedsFrom(1)) {
    test(`each hit is decided once and none is missing (seed ${seed})`, () =>
      assertNoneMissing({ seed, crashes: false }));
  }
});

describe('when workers are killed or out of sight besides', () => {
  for (const seed of seedsFrom(10_001)) {
    test(`no hit is decided twice, and those missing are owed (seed ${seed})`, () =>
      assertMissingAreOwed({ seed, crashes: false }));
  }
});
