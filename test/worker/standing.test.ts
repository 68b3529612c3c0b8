import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Standing } from '../../src/worker/standing.ts';

/** One that has gone through what is said, in this order. */
function standing(...steps: ('getReady' | 'begin' | 'leave')[]): Standing {
  const it = new Standing();
  for (const step of steps) it[step]();
  return it;
}

describe('how a worker stands', () => {
  test('starts, is ready, runs, and has ended when its lanes have', () => {
    const it = standing();
    const seen = [[it.state, it.isAble, it.isOver]];
    it.getReady();
    seen.push([it.state, it.isAble, it.isOver]);
    it.begin();
    seen.push([it.state, it.isAble, it.isOver]);
    it.finish(700);
    seen.push([it.state, it.isAble, it.isOver]);
    assert.deepEqual(seen, [
      ['starting', false, false],
      ['ready', true, false],
      ['running', true, false],
      ['ended', false, true],
    ]);
    assert.equal(it.endedAt, 700);
    assert.deepEqual(it.end, { code: 0, reason: 'its part of the schedule is done' });
  });

  for (const [what, it, can] of [
    ['before it is ready', standing(), false],
    ['ready', standing('getReady'), true],
    ['running', standing('getReady', 'begin'), true],
    ['once more', standing('getReady', 'leave'), false],
  ] as const) {
    test(`can ${can ? '' : 'not '}leave in order ${what}`, () => {
      assert.equal(it.leave(), can);
      assert.equal(it.isAble, it.state !== 'starting');
    });
  }

  test('leaving goes before a start that is named meanwhile', () => {
    const it = standing('getReady', 'leave');
    assert.deepEqual([it.begin(), it.state], [false, 'leaving']);
  });

  test('keeps the first reason for which it stops', () => {
    const it = standing('getReady', 'begin');
    it.stop('was told to');
    it.stop('has all votes to stop');
    it.finish(1);
    assert.deepEqual(it.end, { code: 0, reason: 'was told to' });
    assert.equal(it.problem, '', 'which is nothing wrong');
  });

  test('has failed, for the first reason', () => {
    const it = standing('getReady');
    assert.deepEqual([it.fail('no memory'), it.fail('no ports')], [true, false]);
    assert.equal(it.isOver, false, 'while lanes have not finished');
    it.finish(1);
    assert.deepEqual([it.state, it.problem, it.isTroubled], ['failed', 'no memory', true]);
    assert.deepEqual(it.end, { code: 1, reason: 'no memory' });
  });

  test('tells why it has stopped by itself, and has not failed by that', () => {
    const it = standing('getReady', 'begin');
    it.stopAlone('no answer for 5 s');
    it.finish(1);
    assert.deepEqual([it.state, it.problem], ['ended', 'no answer for 5 s']);
    assert.deepEqual(it.end, { code: 0, reason: 'no answer for 5 s' });
  });

  test('tells what it waits for, as long as nothing is wrong', () => {
    const it = standing();
    assert.deepEqual([it.wait('no Secret "s"'), it.wait('no Secret "s"')], [true, false]);
    assert.deepEqual([it.problem, it.isTroubled], ['no Secret "s"', false]);
    it.fail('no memory');
    assert.equal(it.problem, 'no memory');
    assert.equal(it.wait(''), true);
  });
});
