import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AT_START, compile } from '../../../src/attack/schedule/compile.ts';
import { curveOf } from '../../../src/attack/schedule/curve.ts';
import { firstOwned, ownedHits, rateOf, type Segment } from '../../../src/attack/schedule/segment.ts';
import { randomStream } from '../../metrics/random.ts';
import { constant, stages } from './schedules.ts';

describe('stripes', () => {
  const rows: [from: number, until: number, stripes: number, stripe: number, hits: number][] = [
    [0, 10, 1, 0, 10],
    [0, 10, 3, 0, 4],
    [0, 10, 3, 1, 3],
    [0, 10, 3, 2, 3],
    [1, 10, 3, 0, 3],
    [4, 5, 3, 1, 1],
    [4, 5, 3, 2, 0],
    [5, 5, 3, 2, 0],
    [9, 5, 3, 2, 0],
    [0, 1, 8, 7, 0],
    [0, 8, 8, 7, 1],
  ];
  for (const [from, until, count, stripe, hits] of rows) {
    test(`of hits ${from} to ${until}, ${hits} belong to stripe ${stripe} of ${count}`, () => {
      assert.equal(ownedHits(from, until, count, stripe), hits);
    });
  }

  test('counted by arithmetic as by hand; together they are all hits', () => {
    const random = randomStream(3);
    for (let round = 0; round < 2000; round++) {
      const count = 1 + Math.floor(random() * 9);
      const from = Math.floor(random() * 40);
      const until = Math.floor(random() * 60);
      let sum = 0;
      for (let stripe = 0; stripe < count; stripe++) {
        let byHand = 0;
        for (let hit = from; hit < until; hit++) if (hit % count === stripe) byHand++;
        assert.equal(ownedHits(from, until, count, stripe), byHand, `${from}–${until} ${stripe}/${count}`);
        sum += byHand;
        const first = firstOwned(from, count, stripe);
        assert.ok(first >= from && first < from + count && first % count === stripe);
      }
      assert.equal(sum, Math.max(0, until - from));
    }
  });

  test('an endless stretch holds endlessly many', () => {
    assert.equal(ownedHits(0, Number.POSITIVE_INFINITY, 4, 3), Number.POSITIVE_INFINITY);
  });
});

describe('the rate of an owner', () => {
  const ramp = curveOf(stages(['100/s', 10_000], ['100/s', 10_000]), null);
  const part = (from: number, stripes: number, owners: Record<string, number[]>): Segment => ({
    from,
    scheduleFrom: from,
    suspended: false,
    pieces: compile(ramp, { ...AT_START, scheduleMs: from, runMs: from }),
    firstHit: 0,
    endHit: null,
    warmupEndHit: 0,
    stripes,
    owners,
  });
  const segments = [part(0, 4, { a: [0, 2], b: [1, 3] }), part(15_000, 3, { a: [0], b: [1, 2] })];
  const rows: [owner: string, runMs: number, rate: number][] = [
    ['a', -1, 0],
    ['a', 0, 0],
    ['a', 5_000, 25],
    ['b', 10_000, 50],
    ['a', 14_999, 50],
    ['a', 15_000, 100 / 3],
    ['b', 15_000, 200 / 3],
    ['b', 20_000, 0],
    ['c', 5_000, 0],
  ];
  for (const [owner, runMs, rate] of rows) {
    test(`${owner} sends ${rate}/s at ${runMs} ms`, () => {
      assert.ok(Math.abs(rateOf(segments, owner, runMs) - rate) < 1e-9);
    });
  }

  test('is 0 while nothing is due, and before there is a plan', () => {
    assert.equal(rateOf([], 'a', 10), 0);
    const held: Segment = { ...part(0, 1, { a: [0] }), suspended: true, pieces: [] };
    assert.equal(rateOf([held], 'a', 10), 0);
    const open = { ...part(0, 2, { a: [0] }), pieces: compile(curveOf(constant('8/s'), null), AT_START) };
    assert.equal(rateOf([open], 'a', 1e9), 4);
  });
});
