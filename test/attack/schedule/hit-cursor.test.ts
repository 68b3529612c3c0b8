import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AT_START, compile } from '../../../src/attack/schedule/compile.ts';
import { curveOf } from '../../../src/attack/schedule/curve.ts';
import { HitCursor } from '../../../src/attack/schedule/hit-cursor.ts';
import type { Segment } from '../../../src/attack/schedule/segment.ts';
import { constant, stages } from './schedules.ts';

/** 10 hits/s from 0 on: hit n at n · 100 ms. */
const TEN = compile(curveOf(constant('10/s'), null), AT_START);

function segment(differences: Partial<Segment>): Segment {
  return {
    from: 0,
    scheduleFrom: 0,
    suspended: false,
    pieces: TEN,
    firstHit: 0,
    endHit: null,
    warmupEndHit: 0,
    stripes: 1,
    owners: { me: [0] },
    ...differences,
  };
}

/** Passes own hits up to and with `last`. */
function passUpTo(cursor: HitCursor, last: number): number[] {
  const passed: number[] = [];
  while (cursor.hit <= last) {
    passed.push(cursor.hit);
    cursor.advance();
  }
  return passed;
}

describe('a cursor', () => {
  test('has nothing before it has a plan', () => {
    const cursor = new HitCursor('me', 0);
    assert.deepEqual([cursor.hit, cursor.dueAt, cursor.floor], [Infinity, Infinity, 0]);
    cursor.follow([]);
    assert.deepEqual([cursor.hit, cursor.dueAt, cursor.floor], [Infinity, Infinity, 0]);
  });

  test('walks through its stripe, each hit at its instant', () => {
    const cursor = new HitCursor('me', 1);
    cursor.follow([segment({ stripes: 3, owners: { other: [1], me: [0, 2] } })]);
    const walked: [number, number][] = [];
    for (let step = 0; step < 4; step++) {
      walked.push([cursor.hit, Math.round(cursor.dueAt)]);
      cursor.advance();
    }
    assert.deepEqual(walked, [
      [2, 200],
      [5, 500],
      [8, 800],
      [11, 1100],
    ]);
    assert.equal(cursor.floor, 12);
  });

  test('comes to the end of a segment, and stays there', () => {
    const cursor = new HitCursor('me', 0);
    cursor.follow([segment({ endHit: 7, stripes: 2 })]);
    assert.deepEqual(passUpTo(cursor, 100), [0, 2, 4, 6]);
    assert.deepEqual([cursor.hit, cursor.dueAt, cursor.floor], [Infinity, Infinity, 7]);
  });

  test('finds the piece of each hit, also over a plateau without any', () => {
    const pieces = compile(
      curveOf(stages(['10/s', 1_000], ['0/s', 1_000], ['0/s', 60_000], ['10/s', 1_000]), null),
      AT_START,
    );
    const cursor = new HitCursor('me', 0);
    cursor.follow([segment({ pieces, endHit: 15, stripes: 4 })]);
    const at: [number, number][] = [];
    while (cursor.hit < 15) {
      at.push([cursor.hit, Math.round(cursor.dueAt)]);
      cursor.advance();
    }
    // √(2n/10) s on the way up, 2 s − √(2(10 − n)/10) s on the way down, 62 s + √(2(n − 10)/10) s up again
    assert.deepEqual(at, [
      [0, 0],
      [4, 894],
      [8, 1368],
      [12, 62_632],
    ]);
  });

  test('leaves the first hit after a bend to the piece behind it', () => {
    // Half a hit by 1 s, the other half at 1/s: hit 1 at 1.5 s.
    const pieces = compile(curveOf(stages(['1/s', 1_000], ['1/s', 9_000]), null), AT_START);
    const cursor = new HitCursor('me', 0);
    cursor.follow([segment({ pieces, endHit: 10 })]);
    cursor.advance();
    assert.deepEqual([cursor.hit, cursor.dueAt], [1, 1_500]);
  });

  test('says which hits are warm-up', () => {
    const cursor = new HitCursor('me', 0);
    cursor.follow([segment({ warmupEndHit: 4, stripes: 2, endHit: 8 })]);
    const warmup: boolean[] = [];
    while (cursor.hit < 8) {
      warmup.push(cursor.warmup);
      cursor.advance();
    }
    assert.deepEqual(warmup, [true, true, false, false]);
  });

  test('goes from one segment to the next by its new stripe', () => {
    const cursor = new HitCursor('me', 0);
    cursor.follow([
      segment({ endHit: 5, stripes: 2, owners: { me: [1] } }),
      segment({ from: 450, firstHit: 5, endHit: 9, stripes: 3, owners: { other: [0, 1, 2] } }),
      segment({ from: 900, firstHit: 9, stripes: 4, owners: { me: [3] } }),
    ]);
    assert.deepEqual(passUpTo(cursor, 20), [1, 3, 11, 15, 19]);
  });

  test('passes over a suspended segment', () => {
    const cursor = new HitCursor('me', 0);
    cursor.follow([
      segment({ endHit: 3 }),
      segment({ from: 250, firstHit: 3, endHit: 3, suspended: true, pieces: [] }),
      segment({ from: 900, firstHit: 3 }),
    ]);
    assert.deepEqual(passUpTo(cursor, 5), [0, 1, 2, 3, 4, 5]);
  });

  test('begins at its floor when its lane was started anew', () => {
    const cursor = new HitCursor('me', 0, 6);
    cursor.follow([segment({ stripes: 4, owners: { me: [1] } })]);
    assert.equal(cursor.hit, 9);
    assert.equal(cursor.floor, 6);
  });

  test('does not begin again with a plan that it has already', () => {
    const cursor = new HitCursor('me', 0);
    const plan = [segment({ stripes: 2 })];
    cursor.follow(plan);
    passUpTo(cursor, 6);
    for (let time = 0; time < 3; time++) {
      cursor.follow(structuredClone(plan));
      assert.equal(cursor.hit, 8);
    }
  });
});

describe('a plan that is cut short', () => {
  test('gives a lane that looked beyond the cut the hits behind it', () => {
    // Of two lanes the other one is lost. This one waits for hit 5 already when all from hit 4 on become its own.
    const cursor = new HitCursor('me', 0);
    cursor.follow([segment({ stripes: 2, owners: { me: [1], other: [0] } })]);
    passUpTo(cursor, 3);
    assert.equal(cursor.hit, 5);
    assert.equal(cursor.floor, 4);
    cursor.follow([
      segment({ endHit: 4, stripes: 2, owners: { me: [1], other: [0] } }),
      segment({ from: 350, firstHit: 4 }),
    ]);
    assert.deepEqual(passUpTo(cursor, 7), [4, 5, 6, 7]);
  });

  test('gives a lane that was started anew the hits behind the cut', () => {
    const before = new HitCursor('me', 0);
    before.follow([segment({ stripes: 2, owners: { me: [1] } })]);
    passUpTo(before, 3);
    const cursor = new HitCursor('me', 0, before.floor);
    cursor.follow([segment({ endHit: 4, stripes: 2, owners: { me: [1] } }), segment({ firstHit: 4 })]);
    assert.equal(cursor.hit, 4);
  });

  test('is no harm to a lane that owns nothing of an open segment with an end', () => {
    const cursor = new HitCursor('me', 0);
    cursor.follow([segment({ endHit: 1000, owners: { other: [0] } })]);
    assert.equal(cursor.floor, 0);
    cursor.follow([segment({ endHit: 4, owners: { other: [0] } }), segment({ from: 350, firstHit: 4 })]);
    assert.equal(cursor.hit, 4);
  });

  test('takes back the hits that were still to come', () => {
    const cursor = new HitCursor('me', 0);
    cursor.follow([segment({})]);
    passUpTo(cursor, 3);
    cursor.follow([segment({ endHit: 4 }), segment({ from: 350, firstHit: 4, owners: { other: [0] } })]);
    assert.deepEqual([cursor.hit, cursor.floor], [Infinity, 4]);
  });
});
