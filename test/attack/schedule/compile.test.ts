import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AT_START, compile, hitsSince, type Joining } from '../../../src/attack/schedule/compile.ts';
import { curveOf } from '../../../src/attack/schedule/curve.ts';
import { Rational } from '../../../src/units/rational.ts';
import { randomStream } from '../../metrics/random.ts';
import { constant, integral, randomRate, randomSchedule, shown, stages, wave } from './schedules.ts';

describe('pieces', () => {
  test('of stages follow one another without a gap in time or hits', () => {
    const pieces = compile(
      curveOf(stages(['100/s', 10_000], ['100/s', 10_000], ['0/s', 5_000]), null),
      AT_START,
    );
    assert.deepEqual(pieces, [
      {
        from: 0,
        until: 10_000,
        firstHit: 0,
        endHit: 500,
        lead: 0,
        rate: { kind: 'linear', start: 0, slope: 0.1 / 10_000 },
      },
      {
        from: 10_000,
        until: 20_000,
        firstHit: 500,
        endHit: 1500,
        lead: 0,
        rate: { kind: 'linear', start: 0.1, slope: 0 },
      },
      {
        from: 20_000,
        until: 25_000,
        firstHit: 1500,
        endHit: 1750,
        lead: 0,
        rate: { kind: 'linear', start: 0.1, slope: -0.1 / 5_000 },
      },
    ]);
  });

  test('an open curve has an open piece', () => {
    assert.deepEqual(compile(curveOf(constant('1/s'), null), AT_START), [
      {
        from: 0,
        until: null,
        firstHit: 0,
        endHit: null,
        lead: 0,
        rate: { kind: 'linear', start: 0.001, slope: 0 },
      },
    ]);
  });

  test('from a joining on, in run time, with the fraction of a hit that was asked for before', () => {
    // 2.5 hits were asked for by then: hit 3 wants half a hit more.
    const joining: Joining = { scheduleMs: 12_500, runMs: 42_500, hits: Rational.of(5, 2) };
    const [piece, next] = compile(curveOf(stages(['1/s', 10_000], ['5/s', 10_000]), null), joining);
    assert.equal(next, undefined);
    assert.deepEqual([piece?.from, piece?.until, piece?.firstHit, piece?.lead], [42_500, 50_000, 3, 0.5]);
    // 2/s at 12.5 s and 5/s at 20 s: 26.25 hits.
    assert.equal(piece?.endHit, Math.ceil(2.5 + 26.25));
    assert.ok(piece?.rate.kind === 'linear' && Math.abs(piece.rate.start - 0.002) < 1e-15);
  });

  test('none are left when the curve has ended', () => {
    const curve = curveOf(constant('1/s'), 10_000);
    const joining = { runMs: 30_000, hits: Rational.of(4) };
    assert.equal(compile(curve, { ...joining, scheduleMs: 9_999 }).length, 1);
    assert.deepEqual(compile(curve, { ...joining, scheduleMs: 10_000 }), []);
    assert.deepEqual(compile(curve, { ...joining, scheduleMs: 10_001 }), []);
  });

  test('a wave is joined in its phase', () => {
    const joining = { scheduleMs: 130_000, runMs: 500_000, hits: Rational.of(7) };
    const [piece] = compile(curveOf(wave('2/s', '1/s', 60_000), null), joining);
    assert.deepEqual(piece?.rate, {
      kind: 'wave',
      mean: 0.002,
      amplitude: 0.001,
      period: 60_000,
      offset: 10_000,
    });
  });
});

test('F(t) = F_old(J) + F_new(t) − F_new(J), for any curve, instant and fraction inherited', () => {
  const random = randomStream(12);
  for (let round = 0; round < 300; round++) {
    const { schedule, durationMs } = randomSchedule(random);
    const curve = curveOf(schedule, durationMs);
    const last = curve.endMs ?? 100_000;
    const scheduleMs = Math.floor(random() * last);
    const hits = randomRate(random).times(Rational.of(Math.floor(random() * 1000), 1000));
    const joining = { scheduleMs, runMs: scheduleMs + 777, hits };
    let before = hits;
    for (let ms = scheduleMs; ms <= last; ms += 1 + Math.floor((last - scheduleMs) / 10)) {
      const now = hitsSince(curve, joining, ms);
      const expected =
        hits.toNumber() + integral(schedule, curve.endMs, ms) - integral(schedule, curve.endMs, scheduleMs);
      const off = Math.abs(now.toNumber() - expected);
      assert.ok(off < 4e-6 + expected * 1e-12, `${shown(schedule)} from ${scheduleMs} at ${ms}: ${off}`);
      assert.ok(now.compare(before) >= 0, `${shown(schedule)} falls at ${ms} ms`);
      before = now;
    }
    let { firstHit, from } = { firstHit: Number(hits.ceil()), from: joining.runMs };
    for (const piece of compile(curve, joining)) {
      assert.equal(piece.firstHit, firstHit, shown(schedule));
      assert.equal(piece.from, from);
      assert.ok(piece.lead >= 0 && piece.lead < 1);
      if (piece.endHit === null) break;
      assert.ok(piece.endHit >= piece.firstHit);
      firstHit = piece.endHit;
      from = piece.until!;
    }
  }
});

test('a wave never asks for a hit again that an exact curve has asked for', () => {
  // 1/h for an hour and 3 ms: a millionth of a hit over 1, so that hit 1 is due already.
  const hits = Rational.of(3_600_003, 3_600_000);
  const joining = { scheduleMs: 0, runMs: 3_600_003, hits };
  const curve = curveOf(wave('1/h', '1/h', 3_600_000), null);
  assert.equal(hitsSince(curve, joining, 0).ceil(), 2n);
  assert.equal(hitsSince(curve, joining, 1).ceil(), 2n);
  assert.equal(compile(curve, joining)[0]?.firstHit, 2);
});
