import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkLaws } from '../../src/metrics/laws.ts';
import { DROP_REASONS, failureCode, LOCAL, OUTCOME_CODES } from '../../src/metrics/outcome.ts';
import { type Counts, CountsBlock, dropped, Tally } from '../../src/metrics/tally.ts';
import { randomStream } from './random.ts';

const [BUSY, LATE, LOCAL_DROP, TEMPLATE] = [0, 1, 2, 3];
const NOTHING: Counts = {
  sent: 0,
  succeeded: 0,
  failed: 0,
  interrupted: 0,
  inFlight: 0,
  drops: { busy: 0, late: 0, local: 0, template: 0 },
};

describe('what each method counts', () => {
  const rows: [what: string, count: (tally: Tally) => void, expected: Partial<Counts>][] = [
    ['send', (tally) => tally.send(1, 5), { sent: 1, inFlight: 1 }],
    ['succeed', (tally) => tally.succeed(1, 200, 7, 9, 3, 4), { succeeded: 1, inFlight: -1 }],
    ['fail', (tally) => tally.fail(1, 503, 503, 7, 9, 3, 4), { failed: 1, inFlight: -1 }],
    ['interrupt', (tally) => tally.interrupt(1), { interrupted: 1, inFlight: -1 }],
    [
      'unsend',
      (tally) => tally.unsend(1, 5),
      { sent: -1, inFlight: -1, drops: { ...NOTHING.drops, local: 1 } },
    ],
    ['drop, busy', (tally) => tally.drop(1, BUSY), { drops: { ...NOTHING.drops, busy: 1 } }],
    ['drop, late', (tally) => tally.drop(1, LATE), { drops: { ...NOTHING.drops, late: 1 } }],
    ['drop, local', (tally) => tally.drop(1, LOCAL_DROP), { drops: { ...NOTHING.drops, local: 1 } }],
    ['drop, template', (tally) => tally.drop(1, TEMPLATE), { drops: { ...NOTHING.drops, template: 1 } }],
  ];
  for (const [what, count, expected] of rows) {
    test(`${what}: in the whole and under its label, nowhere else`, () => {
      const tally = new Tally(3);
      count(tally);
      assert.deepEqual(tally.counts, { ...NOTHING, ...expected });
      assert.deepEqual(tally.label(1).counts, { ...NOTHING, ...expected });
      assert.deepEqual(tally.label(0).counts, NOTHING);
      assert.deepEqual(tally.label(2).counts, NOTHING);
      assert.deepEqual(tally.drops, tally.counts.drops);
    });
  }

  test('a drop without a known label counts in the whole only', () => {
    const tally = new Tally(2);
    tally.drop(-1, LATE);
    assert.equal(tally.drops.late, 1);
    assert.deepEqual([tally.label(0).counts, tally.label(1).counts], [NOTHING, NOTHING]);
  });

  test('a send: its lag', () => {
    const tally = new Tally(1);
    tally.send(0, 10);
    tally.send(0, 30.7);
    assert.deepEqual([tally.lag.total, tally.lag.sumUs, tally.lag.maxUs, tally.lag.meanUs], [2, 40, 30, 20]);
    assert.equal(tally.service.total + tally.response.total, 0);
  });

  test('a completion: status, bytes, service and response time, its label’s service time', () => {
    const tally = new Tally(2);
    tally.succeed(0, 201, 1000, 1500, 300, 20);
    tally.fail(1, 503, 503, 3000, 4000, 400, 0);
    tally.fail(1, failureCode('timeout'), 0, 5000, 6000, 50, 1);
    assert.deepEqual(tally.statuses(), { 201: 1, 503: 1 });
    assert.deepEqual(
      [tally.status(201), tally.status(503), tally.status(0), tally.status(200)],
      [1, 1, 1, 0],
    );
    assert.deepEqual(tally.failures(), { http_503: 1, timeout: 1 });
    assert.deepEqual(
      [tally.failure(503), tally.failure(failureCode('timeout')), tally.failure(201)],
      [1, 1, 0],
    );
    assert.deepEqual([tally.bytesOut, tally.bytesIn], [750, 21]);
    assert.deepEqual([tally.service.sumUs, tally.service.maxUs], [9000, 5000]);
    assert.deepEqual([tally.response.sumUs, tally.response.maxUs], [11_500, 6000]);
    const { service } = tally.label(1);
    assert.deepEqual([service.total, service.sumUs, service.maxUs], [2, 8000, 5000]);
    assert.deepEqual(tally.label(0).service.timesMs(), { mean: 1, p50: 1, p90: 1, p95: 1, p99: 1, max: 1 });
    assert.deepEqual(tally.response.timesMs(), {
      mean: 11.5 / 3,
      p50: 4.016,
      p90: 5.984,
      p95: 5.984,
      p99: 5.984,
      max: 6,
    });
  });

  test('every outcome code has a place of its own', () => {
    const tally = new Tally(1);
    for (let code = 100; code < OUTCOME_CODES; code++) tally.fail(0, code, 0, 1, 1, 0, 0);
    for (let code = 100; code < OUTCOME_CODES; code++) assert.equal(tally.failure(code), 1);
    assert.equal(Object.keys(tally.failures()).length, OUTCOME_CODES - 100);
  });

  test('times of nothing are 0', () => {
    const zeros = { mean: 0, p50: 0, p90: 0, p95: 0, p99: 0, max: 0 };
    assert.deepEqual(new Tally(1).service.timesMs(), zeros);
  });
});

describe('what is out of range corrupts no other counter', () => {
  for (const status of [600, 999, -1, Number.NaN]) {
    test(`status ${status} counts as none`, () => {
      const tally = new Tally(1);
      tally.succeed(0, status, 1, 1, 0, 0);
      assert.deepEqual(tally.statuses(), {});
      assert.equal(tally.status(0), 1);
      assert.deepEqual(tally.failures(), {});
    });
  }
  for (const outcome of [0, OUTCOME_CODES, 799, 999, -5, Number.NaN]) {
    test(`outcome ${outcome} counts as other`, () => {
      const tally = new Tally(1);
      tally.fail(0, outcome, 0, 1, 1, 0, 0);
      assert.deepEqual(tally.failures(), { other: 1 });
      assert.equal(tally.service.total, 1);
    });
  }
  test('the last outcome code is one', () => {
    const tally = new Tally(1);
    tally.fail(0, LOCAL, 0, 1, 1, 0, 0);
    assert.deepEqual(tally.failures(), { local: 1 });
  });

  for (const time of [Number.NaN, -3, -0.5]) {
    test(`a time of ${time} counts as 0`, () => {
      const tally = new Tally(1);
      tally.send(0, time);
      tally.succeed(0, 200, time, time, 0, 0);
      for (const { total, sumUs, maxUs } of [tally.lag, tally.service, tally.response]) {
        assert.deepEqual([total, sumUs, maxUs], [1, 0, 0]);
      }
    });
  }
});

test('a send taken back leaves no trace but the drop and the longest lag', () => {
  const tally = new Tally(2);
  tally.send(0, 0.1);
  tally.send(1, 1234.56);
  tally.succeed(0, 200, 5, 5, 1, 1);
  const before = tally.values.slice();
  tally.send(1, 99_999.99);
  tally.unsend(1, 99_999.99);
  assert.equal(tally.lag.maxUs, 99_999);
  assert.equal(tally.drops.local, 1);
  const again = new Tally(2, before);
  again.drop(1, LOCAL_DROP);
  again.values[2] = 99_999;
  assert.deepEqual(tally.values, again.values);
});

/** Counts `hits` random hits, each in the tally that `choose` names and in its block. */
function countRandomly(seed: number, hits: number, choose: (n: number) => [Tally, CountsBlock]): void {
  const random = randomStream(seed);
  const pick = (end: number) => Math.floor(random() * end);
  for (let n = 0; n < hits; n++) {
    const [tally, block] = choose(n);
    const label = pick(tally.labels);
    const [lag, service] = [random() * 2000, 2 ** (30 * random())];
    const fate = pick(8);
    if (fate === 0) {
      const reason = pick(DROP_REASONS.length);
      tally.drop(pick(2) === 0 ? -1 : label, reason);
      block.drop(reason);
      continue;
    }
    tally.send(label, lag);
    block.send();
    if (fate === 1) {
      tally.unsend(label, lag);
      block.unsend();
    } else if (fate === 2) {
      tally.interrupt(label);
      block.interrupt();
    } else if (fate === 3) {
      tally.fail(label, 100 + pick(500), 100 + pick(500), service, service + lag, pick(1000), pick(1000));
      block.fail();
    } else if (fate < 7) {
      tally.succeed(label, 200, service, service + lag, pick(1000), pick(1000));
      block.succeed();
    }
  }
}

test('the laws hold after any story, and every hit is in one label or none', () => {
  for (let seed = 0; seed < 10; seed++) {
    const tally = new Tally(4);
    const block = new CountsBlock();
    countRandomly(seed, 2000, () => [tally, block]);
    const { counts } = tally;
    assert.deepEqual(checkLaws(counts, 2000, 0), []);
    assert.ok(counts.inFlight > 0);
    assert.deepEqual(block.counts, counts);
    assert.equal(tally.lag.total, counts.sent);
    assert.equal(tally.service.total, counts.succeeded + counts.failed);
    assert.equal(tally.response.total, counts.succeeded + counts.failed);
    const labels = [0, 1, 2, 3].map((label) => tally.label(label));
    const sum = (of: (label: (typeof labels)[number]) => number) =>
      labels.reduce((total, label) => total + of(label), 0);
    for (const name of ['sent', 'succeeded', 'failed', 'interrupted', 'inFlight'] as const) {
      assert.equal(
        sum((label) => label.counts[name]),
        counts[name],
        name,
      );
    }
    assert.ok(sum((label) => dropped(label.counts)) < dropped(counts));
    assert.equal(
      sum((label) => label.service.sumUs),
      tally.service.sumUs,
    );
    assert.equal(Math.max(...labels.map((label) => label.service.maxUs)), tally.service.maxUs);
  }
});

test('merging any parts gives what one tally would have counted, to the last entry', () => {
  const whole = new Tally(3);
  const wholeBlock = new CountsBlock();
  const parts = Array.from({ length: 5 }, (): [Tally, CountsBlock] => [new Tally(3), new CountsBlock()]);
  countRandomly(77, 5000, () => [whole, wholeBlock]);
  countRandomly(77, 5000, (n) => parts[(n * 7) % 5]!);
  const merged = new Tally(3);
  const mergedBlock = new CountsBlock();
  for (const [tally, block] of parts) {
    merged.add(tally);
    mergedBlock.add(block);
  }
  assert.deepEqual(merged.values, whole.values);
  assert.deepEqual(mergedBlock.values, wholeBlock.values);
});

test('what is in flight can be interrupted as a whole, under its labels too', () => {
  const tally = new Tally(2);
  const block = new CountsBlock();
  countRandomly(3, 500, () => [tally, block]);
  const before = tally.counts;
  tally.interruptAll();
  block.interruptAll();
  const expected = { ...before, inFlight: 0, interrupted: before.interrupted + before.inFlight };
  assert.deepEqual(tally.counts, expected);
  assert.deepEqual(block.counts, expected);
  const [first, second] = [tally.label(0).counts, tally.label(1).counts];
  assert.equal(first.inFlight + second.inFlight, 0);
  assert.equal(first.interrupted + second.interrupted, expected.interrupted);
});

describe('the array', () => {
  test('is the whole tally: another tally over it reads the same', () => {
    const tally = new Tally(2);
    countRandomly(9, 300, () => [tally, new CountsBlock()]);
    const copy = new Tally(2, tally.values.slice());
    assert.deepEqual(copy.counts, tally.counts);
    assert.deepEqual(copy.service.timesMs(), tally.service.timesMs());
    assert.equal(tally.values.length, Tally.size(2));
    assert.ok(tally.values.every(Number.isSafeInteger), 'whole numbers, so that sums are exact');
  });

  test('each entry has one meaning: no two things counted share one', () => {
    const touched = new Set<number>();
    const marks = (count: (tally: Tally) => void): number[] => {
      const tally = new Tally(2);
      count(tally);
      return [...tally.values.keys()].filter((index) => tally.values[index] !== 0);
    };
    const unique = (expected: number, count: (tally: Tally) => void) => {
      const found = marks(count).filter((index) => !touched.has(index));
      assert.equal(found.length, expected);
      for (const index of found) touched.add(index);
    };
    // Counter, inFlight, each twice; lag's bucket, sum and maximum.
    unique(7, (tally) => tally.send(0, 5));
    // Counter twice, status, bytes, and for service, response and the label's service bucket, sum and maximum.
    unique(2 + 1 + 2 + 9, (tally) => tally.succeed(0, 200, 5, 5, 1, 1));
    unique(2 + 1, (tally) => tally.fail(0, 200, 200, 5, 5, 1, 1));
    unique(2, (tally) => tally.interrupt(0));
    for (let reason = 0; reason < 4; reason++) unique(2, (tally) => tally.drop(0, reason));
    unique(2, (tally) => tally.send(1, 5));
    unique(1 + 3, (tally) => tally.succeed(1, 200, 5, 5, 1, 1));
    unique(0, (tally) => tally.unsend(0, 5));
  });

  test('of another size is refused, and so is a tally of other labels', () => {
    assert.throws(
      () => new Tally(2, new Float64Array(Tally.size(3))),
      /a tally of 2 labels has \d+ values, not \d+/,
    );
    assert.throws(() => new CountsBlock(new Float64Array(8)), /9 values, not 8/);
    assert.throws(() => new Tally(2).add(new Tally(3)), /3 labels does not merge into one of 2/);
    for (const label of [-1, 2, 0.5, Number.NaN]) {
      assert.throws(() => new Tally(2).label(label), /label \S+ is not one of 0 to 1/);
    }
  });

  test('a tally without labels still counts drops', () => {
    const tally = new Tally(0);
    tally.drop(-1, BUSY);
    assert.equal(tally.drops.busy, 1);
  });
});
