import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DROP_REASONS } from '../../src/metrics/outcome.ts';
import { WindowTally } from '../../src/metrics/window.ts';
import { randomStream } from './random.ts';

/** All that can be read, in plain values. */
function picture(window: WindowTally) {
  const { sent, succeeded, failed, overdue, pending, drops, serviceTotal } = window;
  return {
    counts: { sent, succeeded, failed, overdue, pending, drops, serviceTotal },
    service: window.servicePercentileUs(99),
    lateness: window.latenessPercentileUs(99),
    loopDelay: window.loopDelayPercentileUs(99),
  };
}

const COUNTS = {
  sent: 0,
  succeeded: 0,
  failed: 0,
  overdue: 0,
  pending: 0,
  drops: { busy: 0, late: 0, local: 0, template: 0 },
  serviceTotal: 0,
};
const EMPTY = { counts: COUNTS, service: 0, lateness: 0, loopDelay: 0 };

describe('what each method counts', () => {
  const rows: [what: string, count: (window: WindowTally) => void, expected: object][] = [
    ['nothing', () => {}, EMPTY],
    ['send', (window) => window.send(40), { ...EMPTY, counts: { ...COUNTS, sent: 1 }, lateness: 40 }],
    [
      'succeed',
      (window) => window.succeed(30, 20),
      { ...EMPTY, counts: { ...COUNTS, succeeded: 1, serviceTotal: 1 }, service: 30, loopDelay: 20 },
    ],
    [
      'fail',
      (window) => window.fail(30, 20),
      { ...EMPTY, counts: { ...COUNTS, failed: 1, serviceTotal: 1 }, service: 30, loopDelay: 20 },
    ],
    ...DROP_REASONS.map((reason, index): [string, (window: WindowTally) => void, object] => [
      `drop, ${reason}`,
      (window) => window.drop(index),
      { ...EMPTY, counts: { ...COUNTS, drops: { ...COUNTS.drops, [reason]: 1 } } },
    ]),
  ];
  for (const [what, count, expected] of rows) {
    test(what, () => {
      const window = new WindowTally();
      count(window);
      assert.deepEqual(picture(window), expected);
    });
  }
});

describe('a hit in flight at the end, with latencyAbove 100 µs', () => {
  const rows: [ageUs: number, windowUs: number, pending: number, overdue: number, inPercentile: number][] = [
    [50, 1000, 0, 0, 0],
    [100, 1000, 0, 0, 0],
    [100.5, 1000, 1, 0, 1],
    [1000, 1000, 1, 0, 1],
    [1000.5, 1000, 1, 1, 1],
    [60, 50, 1, 1, 0],
    [100, 100, 0, 0, 0],
  ];
  for (const [ageUs, windowUs, pending, overdue, inPercentile] of rows) {
    test(`${ageUs} µs old, in a window of ${windowUs} µs`, () => {
      const window = new WindowTally();
      window.outstanding(ageUs, 100, windowUs);
      const { counts, service } = picture(window);
      assert.deepEqual(counts, { ...COUNTS, pending, overdue, serviceTotal: inPercentile });
      assert.ok(inPercentile === 0 ? service === 0 : Math.abs(service - ageUs) <= ageUs * 0.01);
    });
  }

  test('without a limit of latency only the window counts', () => {
    const window = new WindowTally();
    window.outstanding(500, Number.POSITIVE_INFINITY, 1000);
    window.outstanding(1500, Number.POSITIVE_INFINITY, 1000);
    assert.deepEqual(picture(window).counts, { ...COUNTS, pending: 1, overdue: 1 });
  });
});

test('percentiles are never above the longest time', () => {
  const window = new WindowTally();
  window.send(1_000_000);
  window.succeed(1_000_001, 1_000_002);
  assert.equal(window.latenessPercentileUs(50), 1_000_000);
  assert.equal(window.servicePercentileUs(50), 1_000_001);
  assert.equal(window.loopDelayPercentileUs(50), 1_000_002);
});

function countRandomly(hits: number, choose: (n: number) => WindowTally): void {
  const random = randomStream(11);
  for (let n = 0; n < hits; n++) {
    const window = choose(n);
    const time = 2 ** (30 * random());
    const kinds = [
      () => window.send(time),
      () => window.succeed(time, time / 10),
      () => window.fail(time, time / 10),
      () => window.drop(Math.floor(random() * DROP_REASONS.length)),
      () => window.outstanding(time, 10_000, 1_000_000),
    ];
    kinds[Math.floor(random() * kinds.length)]!();
  }
}

test('the lanes of a worker merge into what one lane would have counted', () => {
  const whole = new WindowTally();
  const lanes = Array.from({ length: 3 }, () => new WindowTally());
  countRandomly(3000, () => whole);
  countRandomly(3000, (n) => lanes[n % 3]!);
  const merged = new WindowTally();
  for (const lane of lanes) merged.add(lane);
  assert.deepEqual(merged.values, whole.values);
  assert.ok(merged.pending >= merged.overdue && merged.overdue > 0);
});

test('it is cleared for the next window', () => {
  const window = new WindowTally();
  countRandomly(500, () => window);
  window.clear();
  assert.deepEqual(picture(window), EMPTY);
});

test('it travels to another thread as its array', () => {
  const window = new WindowTally();
  countRandomly(500, () => window);
  const before = picture(window);
  const values = structuredClone(window.values, { transfer: [window.values.buffer as ArrayBuffer] });
  assert.equal(values.length, WindowTally.size);
  assert.deepEqual(picture(new WindowTally(values)), before);
});

test('an array of another size is refused', () => {
  assert.throws(() => new WindowTally(new Float64Array(3)), /a window has \d+ values, not 3/);
});
