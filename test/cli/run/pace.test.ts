import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScheduleSpec } from '../../../src/api/run-spec.ts';
import { OWN_PACE, type Pace, paced, paceText, type Step, stepped } from '../../../src/cli/run/pace.ts';
import { formatRate } from '../../../src/units/rate.ts';
import { Rational } from '../../../src/units/rational.ts';
import { constant, stages, wave } from '../../attack/schedule/schedules.ts';
import { runSpec } from '../../coordinator/run-spec.ts';

const TWO = Rational.of(2);

/** The rates that steps lead to, one after another; null: there is none. */
function after(schedule: ScheduleSpec, steps: readonly Step[]): (string | null)[] {
  let factor = Rational.of(1);
  return steps.map((step) => {
    const next = stepped(schedule, factor, step);
    if (next === null) return null;
    factor = next;
    const then = paced(runSpec({ schedule }), { factor, suspend: null }).schedule;
    return then.kind === 'constant' ? formatRate(then.rate) : String(factor.toNumber());
  });
}

const rows: [from: string, steps: Step[], rates: (string | null)[]][] = [
  ['1000/s', ['up', 'up', 'down', 'down', 'down'], ['1100/s', '1200/s', '1100/s', '1000/s', '900/s']],
  ['1000/s', ['double', 'double', 'up', 'halve'], ['2000/s', '4000/s', '4500/s', '2250/s']],
  ['1234/s', ['up', 'down', 'down'], ['1300/s', '1200/s', '1100/s']],
  ['1234/s', ['double', 'halve'], ['2468/s', '1234/s']],
  ['950/s', ['up', 'up'], ['1000/s', '1100/s']],
  ['99999/s', ['up'], ['100000/s']],
  ['6/m', ['up', 'down', 'down'], ['6.6/m', '6/m', '5.4/m']],
  ['23/m', ['double', 'halve'], ['46/m', '23/m']],
  ['9000000/s', ['up', 'up', 'double'], ['10000000/s', null, null]],
  ['1/h', ['down', 'halve', 'up'], [null, null, '1.008/h']],
];
for (const [from, steps, rates] of rows) {
  test(`from ${from}, ${steps.join(', ')}: ${rates.join(', ')}`, () => {
    assert.deepEqual(after(constant(from), steps), rates);
  });
}

test('each step up is 6 to 14 %, and the way back leads over the same rates', () => {
  let at = Rational.of(1);
  const way = Array.from({ length: 60 }, () => (at = stepped(constant('1/s'), at, 'up')!));
  for (const [index, next] of way.entries()) {
    const step = next.over(way[index - 1] ?? Rational.of(1)).toNumber();
    assert.ok(step > 1.06 && step < 1.15, `${step}`);
  }
  for (const before of way.toReversed().slice(1)) {
    at = stepped(constant('1/s'), at, 'down')!;
    assert.equal(at.compare(before), 0);
  }
});

test('a schedule of several rates is stepped as a whole, in percent', () => {
  for (const schedule of [stages(['100/s', 1000], ['50/s', 1000]), wave('50/s', '40/s', 1000)]) {
    assert.deepEqual(after(schedule, ['up', 'down', 'down', 'double']), ['1.1', '1', '0.9', '1.8']);
  }
  const factor = Rational.of(3, 2);
  assert.deepEqual(
    paced(runSpec({ schedule: stages(['100/s', 1000], ['50/s', 1000]) }), { factor, suspend: null }).schedule,
    stages(['150/s', 1000], ['75/s', 1000]),
  );
  assert.deepEqual(
    paced(runSpec({ schedule: wave('50/s', '40/s', 1000) }), { factor, suspend: null }).schedule,
    wave('75/s', '60/s', 1000),
  );
});

test('the highest rate of a schedule is what is bounded', () => {
  assert.equal(stepped(wave('5000000/s', '4000000/s', 1000), Rational.of(1), 'double'), null);
  assert.equal(stepped(stages(['10000000/s', 1000]), Rational.of(1), 'up'), null);
});

test('pausing goes before what the manifest says, both ways', () => {
  const [running, suspended] = [runSpec(), runSpec({ suspend: true })];
  for (const spec of [running, suspended]) {
    assert.equal(paced(spec, OWN_PACE).suspend, spec.suspend);
    assert.equal(paced(spec, { ...OWN_PACE, suspend: true }).suspend, true);
    assert.equal(paced(spec, { ...OWN_PACE, suspend: false }).suspend, false);
  }
  assert.deepEqual(paced(running, OWN_PACE), running);
});

test('what differs from the manifest is said in words', () => {
  const says: [Partial<Pace>, schedule: ScheduleSpec, suspend: boolean, text: string][] = [
    [{}, constant('1000/s'), false, ''],
    [{ factor: TWO }, constant('1000/s'), false, '2,000/s in place of 1,000/s'],
    [{ factor: TWO }, stages(['100/s', 1000]), false, "rates at 200% of the manifest's"],
    [{ factor: TWO, suspend: true }, constant('1/m'), false, '2/m in place of 1/m · paused'],
    [{ suspend: false }, constant('1/m'), false, ''],
    [{ suspend: false }, constant('1/m'), true, 'not suspended'],
  ];
  for (const [pace, schedule, suspend, text] of says) {
    assert.equal(paceText(runSpec({ schedule, suspend }), { ...OWN_PACE, ...pace }), text);
  }
});
