import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkLaws } from '../../src/metrics/laws.ts';
import { CountsBlock, dropped } from '../../src/metrics/tally.ts';

/** sent 100 = 60 + 20 + 5 + 15; scheduled 117 = 100 + 10 + 7. */
const VALUES = [100, 60, 20, 5, 15, 1, 2, 3, 4];
const countsOf = (values: number[]) => new CountsBlock(Float64Array.from(values)).counts;

describe('laws of counts', () => {
  test('hold', () => {
    assert.deepEqual(checkLaws(countsOf(VALUES), 117, 7), []);
    assert.deepEqual(checkLaws(countsOf(new Array(9).fill(0)), 0, 0), []);
    assert.equal(dropped(countsOf(VALUES)), 10);
  });

  VALUES.forEach((value, counter) => {
    for (const step of [-1, 1]) {
      test(`counter ${counter} of ${value} off by ${step} breaks one`, () => {
        assert.notDeepEqual(checkLaws(countsOf(VALUES.with(counter, value + step)), 117, 7), []);
      });
    }
  });

  for (const [scheduled, unreported] of [
    [116, 7],
    [118, 7],
    [117, 6],
    [117, 8],
  ] as const) {
    test(`scheduled ${scheduled} with unreported ${unreported} breaks one`, () => {
      assert.deepEqual(checkLaws(countsOf(VALUES), scheduled, unreported), [
        `scheduled ${scheduled} ≠ sent 100 + dropped 10 + unreported ${unreported}`,
      ]);
    });
  }

  test('a broken law is told with its numbers', () => {
    assert.deepEqual(checkLaws(countsOf(VALUES.with(1, 59)), 117, 7), [
      'sent 100 ≠ succeeded 59 + failed 20 + interrupted 5 + inFlight 15',
    ]);
  });

  test('a counter below 0, a fraction and NaN are no counts, even where the sums fit', () => {
    assert.deepEqual(checkLaws(countsOf(VALUES.with(3, -1).with(4, 21)), 117, 7), [
      'interrupted is no count: -1',
    ]);
    assert.deepEqual(checkLaws(countsOf(VALUES.with(5, 0.5).with(6, 2.5)), 117, 7), [
      'busy is no count: 0.5',
      'late is no count: 2.5',
    ]);
    assert.deepEqual(checkLaws(countsOf(VALUES), 107, -3), ['unreported is no count: -3']);
    assert.notDeepEqual(checkLaws(countsOf(VALUES.with(0, Number.NaN)), 117, 7), []);
  });
});
