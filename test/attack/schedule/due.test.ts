import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ScheduleSpec } from '../../../src/api/run-spec.ts';
import { AT_START, compile } from '../../../src/attack/schedule/compile.ts';
import { curveOf } from '../../../src/attack/schedule/curve.ts';
import { dueAt, rateAt } from '../../../src/attack/schedule/due.ts';
import type { Piece } from '../../../src/attack/schedule/piece.ts';
import { Rational } from '../../../src/units/rational.ts';
import { randomStream } from '../../metrics/random.ts';
import { constant, integral, randomSchedule, shown, stages, wave } from './schedules.ts';

function pieceFor(pieces: readonly Piece[], hit: number): Piece {
  return pieces.find((piece) => piece.endHit === null || hit < piece.endHit)!;
}

describe('the instant at which a hit is due', () => {
  const down: ScheduleSpec = {
    kind: 'stages',
    stages: [{ from: Rational.of(100), to: Rational.zero, overMs: 10_000 }],
  };
  const rows: [schedule: ScheduleSpec, durationMs: number | null, hit: number, ms: number][] = [
    [constant('5000/s'), 20_000, 0, 0],
    [constant('5000/s'), 20_000, 1, 0.2],
    [constant('5000/s'), 20_000, 99_999, 19_999.8],
    [constant('23/m'), 300_000, 1, 60_000 / 23],
    [constant('23/m'), 300_000, 114, (114 * 60_000) / 23],
    [constant('1/h'), null, 8760, 8760 * 3_600_000],
    // F(t) = 0.005 t² per s²
    [stages(['100/s', 10_000]), null, 0, 0],
    [stages(['100/s', 10_000]), null, 5, 1_000],
    [stages(['100/s', 10_000]), null, 125, 5_000],
    [stages(['100/s', 10_000], ['100/s', 10_000]), null, 600, 11_000],
    [down, null, 0, 0],
    [down, null, 375, 5_000],
    [down, null, 495, 9_000],
    [stages(['10/s', 1_000], ['0/s', 1_000], ['0/s', 60_000], ['10/s', 1_000]), null, 10, 62_000],
    [wave('10/s', '10/s', 60_000), null, 600, 60_000],
    [wave('10/s', '0/s', 60_000), null, 45, 4_500],
    [wave('5000/s', '5000/s', 60_000), null, 5000 * 86_400, 86_400_000],
  ];
  for (const [schedule, durationMs, hit, ms] of rows) {
    test(`${shown(schedule)}: hit ${hit} at ${ms} ms`, () => {
      const pieces = compile(curveOf(schedule, durationMs), AT_START);
      const due = dueAt(pieceFor(pieces, hit), hit);
      assert.ok(Math.abs(due - ms) < 1e-6 + ms * 1e-12, `${due}`);
    });
  }
});

test('it is the inverse of F: F(t_n) = n, in order, and within the run', () => {
  const random = randomStream(21);
  for (let round = 0; round < 300; round++) {
    const { schedule, durationMs } = randomSchedule(random);
    const curve = curveOf(schedule, durationMs);
    const pieces = compile(curve, AT_START);
    const end = pieces.at(-1)?.endHit ?? 100_000;
    const picked = [0, 1, 2, end - 2, end - 1];
    for (let index = 0; index < 40; index++) picked.push(Math.floor(random() * end));
    const hits = [...new Set(picked)].filter((hit) => hit >= 0 && hit < end).sort((a, b) => a - b);
    let before = 0;
    for (const hit of hits) {
      const due = dueAt(pieceFor(pieces, hit), hit);
      const off = Math.abs(integral(schedule, curve.endMs, due) - hit);
      assert.ok(off < 3e-6, `${shown(schedule)}: hit ${hit} at ${due} ms is off by ${off} hits`);
      assert.ok(due >= before, `${shown(schedule)}: hit ${hit} is due before an earlier one`);
      assert.ok(due <= (curve.endMs ?? due), `${shown(schedule)}: hit ${hit} is due after the end`);
      before = due;
    }
  }
});

test('neighbours never change places, also where a wave hardly sends', () => {
  const random = randomStream(22);
  for (const schedule of [
    wave('10/s', '10/s', 60_000),
    wave('5000/s', '5000/s', 1_000),
    wave('6/m', '6/m', 3_600_000),
    wave('1/h', '1/h', 60_000),
  ]) {
    const [piece] = compile(curveOf(schedule, null), AT_START);
    for (let round = 0; round < 20; round++) {
      const first = Math.floor(random() * 1e8);
      let before = 0;
      for (let hit = first; hit < first + 50; hit++) {
        const due = dueAt(piece!, hit);
        assert.ok(due >= before, `${shown(schedule)}: hit ${hit}`);
        before = due;
      }
    }
  }
});

test('never before the piece begins nor after it ends, whatever the rounding', () => {
  const random = randomStream(23);
  for (let round = 0; round < 300; round++) {
    const { schedule, durationMs } = randomSchedule(random);
    const curve = curveOf(schedule, durationMs);
    const scheduleMs = Math.floor(random() * (curve.endMs ?? 100_000));
    const hits = Rational.of(Math.floor(random() * 1e9), 1_000_003);
    for (const piece of compile(curve, { scheduleMs, runMs: scheduleMs + 0.25, hits })) {
      const end = piece.endHit ?? piece.firstHit + 1000;
      for (const hit of [piece.firstHit, piece.firstHit + 1, end - 1]) {
        if (hit < piece.firstHit || hit >= end) continue;
        const due = dueAt(piece, hit);
        assert.ok(
          due >= piece.from && due <= (piece.until ?? due),
          `${shown(schedule)}: hit ${hit} at ${due}`,
        );
      }
    }
  }
});

test('the rate of a piece is that of its curve, in hits per ms', () => {
  const rows: [schedule: ScheduleSpec, ms: number, rate: number][] = [
    [constant('90/m'), 700, 0.0015],
    [stages(['100/s', 10_000]), 2_500, 0.025],
    [wave('10/s', '4/s', 60_000), 15_000, 0.014],
    [wave('10/s', '4/s', 60_000), 45_000, 0.006],
  ];
  for (const [schedule, ms, rate] of rows) {
    const [piece] = compile(curveOf(schedule, null), AT_START);
    assert.ok(Math.abs(rateAt(piece!, ms) - rate) < 1e-12, shown(schedule));
  }
  const [joined] = compile(curveOf(wave('10/s', '4/s', 60_000), null), {
    scheduleMs: 10_000,
    runMs: 99_000,
    hits: Rational.zero,
  });
  assert.ok(Math.abs(rateAt(joined!, 104_000) - 0.014) < 1e-12);
});
