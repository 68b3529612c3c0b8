import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WindowLengths } from '../../src/worker/window-lengths.ts';

/** Where the first windows begin and end. */
function spans(lengths: WindowLengths, count: number): string {
  const of = (index: number) => {
    const { from, to } = lengths.span(index);
    return `${from / 1000}–${to / 1000}`;
  };
  return Array.from({ length: count }, (_, index) => of(index)).join(' ');
}

describe('windows', () => {
  const rows: [what: string, changes: [windowMs: number, scheduleMs: number][], spans: string][] = [
    ['that never change', [], '5–15 15–25 25–35'],
    ['changed before the start', [[2_000, 0]], '5–7 7–9 9–11'],
    ['changed in the warm-up', [[2_000, 3_500]], '5–7 7–9 9–11'],
    ['changed when the first is about to begin', [[2_000, 4_500]], '5–15 15–17 17–19'],
    ['changed in the middle of one', [[2_000, 18_000]], '5–15 15–25 25–27 27–29'],
    ['changed when one is about to end', [[2_000, 24_500]], '5–15 15–25 25–35 35–37'],
    [
      'changed again before that has come',
      [
        [2_000, 18_000],
        [4_000, 19_000],
      ],
      '5–15 15–25 25–29 29–33',
    ],
    [
      'changed back before that has come',
      [
        [2_000, 18_000],
        [10_000, 19_000],
      ],
      '5–15 15–25 25–35 35–45',
    ],
    [
      'changed again and again',
      [
        [2_000, 18_000],
        [4_000, 26_500],
        [1_000, 30_000],
      ],
      '5–15 15–25 25–27 27–29 29–33 33–34 34–35',
    ],
  ];
  for (const [what, changes, expected] of rows) {
    test(`${what}: ${expected}`, () => {
      const lengths = new WindowLengths(5_000, 10_000);
      for (const [windowMs, scheduleMs] of changes) lengths.change(windowMs, scheduleMs);
      assert.equal(spans(lengths, expected.split(' ').length), expected);
    });
  }

  test('never change before a second has passed in which all lanes can hear of it', () => {
    for (let scheduleMs = 5_000; scheduleMs < 40_000; scheduleMs += 137) {
      const lengths = new WindowLengths(5_000, 10_000);
      lengths.change(3_000, scheduleMs);
      const { from } = lengths.stretches.at(-1)!;
      assert.ok(from > scheduleMs + 1_000 && from <= scheduleMs + 11_000, `${from} after ${scheduleMs}`);
      assert.equal((from - 5_000) % 10_000, 0);
    }
  });

  test('keep their numbers where old lengths are forgotten', () => {
    const lengths = new WindowLengths(0, 1_000);
    for (let change = 1; change <= 20; change++) lengths.change(1_000 + change, change * 10_000);
    assert.equal(lengths.stretches.length, 8);
    const last = lengths.stretches.at(-1)!;
    assert.deepEqual(lengths.span(last.index), { from: last.from, to: last.from + 1_020 });
    assert.ok(last.index > 190 && last.index <= 200, `${last.index}`);
  });
});
