import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DROP_REASONS, type DropReason } from '../../src/metrics/outcome.ts';
import { WindowTally } from '../../src/metrics/window.ts';
import { judge, OBSERVE_ONLY, type StopRule } from '../../src/stop/judge.ts';

const RULE: StopRule = {
  successBelow: 0.98,
  latencyAboveMs: 100,
  percentile: 99,
  windowMs: 10_000,
  minOutcomes: 1,
};

/** What happened in a window; times in ms. Each send is on time unless `lateness` says otherwise. */
interface Story {
  succeeded?: number;
  failed?: number;
  serviceMs?: number;
  /** Ages of the hits in flight at the end. */
  inFlightMs?: number[];
  drops?: Partial<Record<DropReason, number>>;
  sent?: number;
  latenessMs?: number;
  loopDelayMs?: number;
}

function windowOf(story: Story, rule: StopRule = RULE): WindowTally {
  const window = new WindowTally();
  const { succeeded = 0, failed = 0, serviceMs = 10, loopDelayMs = 0, drops = {} } = story;
  for (let n = 0; n < succeeded; n++) window.succeed(serviceMs * 1000, loopDelayMs * 1000);
  for (let n = 0; n < failed; n++) window.fail(serviceMs * 1000, loopDelayMs * 1000);
  for (let n = 0; n < (story.sent ?? succeeded + failed); n++) window.send((story.latenessMs ?? 0) * 1000);
  for (const ageMs of story.inFlightMs ?? []) {
    const latencyAboveUs =
      rule.latencyAboveMs === null ? Number.POSITIVE_INFINITY : rule.latencyAboveMs * 1000;
    window.outstanding(ageMs * 1000, latencyAboveUs, rule.windowMs * 1000);
  }
  for (const [reason, count] of Object.entries(drops)) {
    for (let n = 0; n < count; n++) window.drop(DROP_REASONS.indexOf(reason as DropReason));
  }
  return window;
}

function judged(story: Story, change: Partial<StopRule> = {}) {
  const rule = { ...RULE, ...change };
  return judge(windowOf(story, rule), rule);
}

describe('success', () => {
  const rows: [what: string, story: Story, kind: string, share: number, reason: string][] = [
    ['98 of 100 is not below 98 %', { succeeded: 98, failed: 2 }, 'healthy', 0.98, 'success 98 % ≥ 98 %'],
    ['979 of 1,000 is', { succeeded: 979, failed: 21 }, 'unhealthy', 0.979, 'success 97.9 % < 98 %'],
    [
      '97.96 % is told from 98 %',
      { succeeded: 2449, failed: 51 },
      'unhealthy',
      0.9796,
      'success 97.96 % < 98 %',
    ],
    ['nothing but failures', { failed: 3 }, 'unhealthy', 0, 'success 0 % < 98 %'],
    [
      'a busy drop did not succeed',
      { succeeded: 9, drops: { busy: 1 } },
      'unhealthy',
      0.9,
      'success 90 % < 98 %',
    ],
    [
      'nor did a hit in flight for longer than the window',
      { succeeded: 9, inFlightMs: [10_001] },
      'unhealthy',
      0.9,
      'success 90 % < 98 %',
    ],
    [
      'one in flight for just the window is open',
      { succeeded: 9, inFlightMs: [10_000] },
      'healthy',
      1,
      'success 100 % ≥ 98 %',
    ],
    [
      'template drops are no outcomes',
      { succeeded: 9, drops: { template: 90 } },
      'healthy',
      1,
      'success 100 % ≥ 98 %',
    ],
  ];
  for (const [what, story, kind, share, reason] of rows) {
    test(what, () => {
      const judgement = judged(story, { latencyAboveMs: null });
      assert.equal(judgement.kind, kind);
      assert.equal(judgement.measured.success, share);
      assert.equal(judgement.measured.latencyMs, null);
      assert.equal(judgement.reason, reason);
    });
  }

  test('999 of 1,000 is not below 99.9 %, also where the limit was divided by 100 in doubles', () => {
    assert.ok(99.9 / 100 > 999 / 1000, 'doubles differ');
    const judgement = judged(
      { succeeded: 999, failed: 1 },
      { successBelow: 99.9 / 100, latencyAboveMs: null },
    );
    assert.equal(judgement.kind, 'healthy');
    assert.equal(judgement.reason, 'success 99.9 % ≥ 99.9 %');
  });

  test('one failure more in a million is below', () => {
    const judgement = judged({ succeeded: 98, failed: 2 }, { successBelow: 0.980001, latencyAboveMs: null });
    assert.equal(judgement.kind, 'unhealthy');
    assert.equal(judgement.reason, 'success 98 % < 98.0001 %');
  });
});

describe('latency', () => {
  const only = { successBelow: null };

  test('a percentile over the limit', () => {
    const judgement = judged({ succeeded: 100, serviceMs: 412 }, only);
    assert.equal(judgement.kind, 'unhealthy');
    assert.equal(judgement.reason, 'p99 412 ms > 100 ms');
    assert.equal(judgement.measured.success, null);
    assert.deepEqual(judgement.limit, { success: null, latencyMs: 100, percentile: 99 });
  });

  test('exactly at the limit is healthy: the histogram never says more than the longest time', () => {
    assert.equal(judged({ succeeded: 100, serviceMs: 100 }, only).kind, 'healthy');
    const judgement = judged({ succeeded: 100, serviceMs: 99.5 }, { ...only, latencyAboveMs: 99.5 });
    assert.equal(judgement.reason, 'p99 99.5 ms ≤ 99.5 ms');
    assert.equal(judgement.kind, 'healthy');
  });

  test('the judged percentile, not another: 2 of 100 slow', () => {
    const rule = { ...RULE, ...only };
    const window = windowOf({ succeeded: 98 });
    window.succeed(500_000, 0);
    window.succeed(500_000, 0);
    assert.equal(judge(window, { ...rule, percentile: 98 }).kind, 'healthy');
    assert.equal(judge(window, { ...rule, percentile: 98.1 }).kind, 'unhealthy');
    assert.match(
      judge(window, { ...rule, percentile: 99.9 }).reason,
      /^p99\.9 5\d\d ms > 100 ms$|^p99\.9 49\d ms > 100 ms$/,
    );
  });

  test('failures count with their time', () => {
    assert.equal(judged({ failed: 100, serviceMs: 5000 }, only).kind, 'unhealthy');
  });

  test('one fast answer among thousands that hang', () => {
    const judgement = judged({ succeeded: 1, inFlightMs: new Array(2000).fill(5000) }, only);
    assert.equal(judgement.kind, 'unhealthy');
    assert.equal(judgement.reason, 'p99 5000 ms > 100 ms');
    assert.equal(judgement.outcomes, 2001);
  });

  test('a hit in flight for no longer than the limit is no outcome', () => {
    const judgement = judged({ succeeded: 1, inFlightMs: [100, 50] }, only);
    assert.equal(judgement.outcomes, 1);
    assert.equal(judgement.kind, 'healthy');
  });

  test('a hit that is slow and overdue is one outcome', () => {
    const judgement = judged({ inFlightMs: [20_000] });
    assert.equal(judgement.outcomes, 1);
    assert.equal(judgement.kind, 'unhealthy');
    assert.equal(judgement.measured.success, 0);
    assert.equal(judgement.reason, 'success 0 % < 98 %, p99 20000 ms > 100 ms');
  });

  test('an overdue hit that is not slow yet has no place in the percentile', () => {
    const judgement = judged({ inFlightMs: [20_000] }, { ...only, latencyAboveMs: 30_000 });
    assert.equal(judgement.outcomes, 1);
    assert.equal(judgement.measured.latencyMs, null);
    assert.equal(judgement.kind, 'quiet');
  });

  test('busy drops have no latency: nothing but them is no proof of health', () => {
    const judgement = judged({ drops: { busy: 50 } }, only);
    assert.equal(judgement.kind, 'quiet');
    assert.equal(judgement.outcomes, 50);
    assert.equal(judgement.saturated, false);
  });

  test('only the part that is wrong is named', () => {
    assert.equal(judged({ succeeded: 90, failed: 10 }).reason, 'success 90 % < 98 %');
    assert.equal(judged({ succeeded: 100, serviceMs: 200 }).reason, 'p99 200 ms > 100 ms');
    assert.equal(judged({ succeeded: 100 }).reason, 'success 100 % ≥ 98 %, p99 10 ms ≤ 100 ms');
  });
});

describe('minOutcomes', () => {
  test('fewer judge nothing, as many do', () => {
    const rule = { minOutcomes: 5 };
    assert.equal(judged({ failed: 4 }, rule).kind, 'quiet');
    assert.equal(judged({ failed: 4 }, rule).reason, '4 of 5 outcomes');
    assert.equal(judged({ failed: 5 }, rule).kind, 'unhealthy');
  });

  test('completions, busy drops and hits in flight for too long all count', () => {
    const story = { succeeded: 1, failed: 1, drops: { busy: 1 }, inFlightMs: [101, 20_000] };
    assert.equal(judged(story, { minOutcomes: 5 }).kind, 'unhealthy');
    assert.equal(judged(story, { minOutcomes: 6 }).kind, 'quiet');
  });

  test('an empty window judges nothing, whatever the rule says', () => {
    assert.equal(judged({}, { minOutcomes: 0 }).kind, 'quiet');
    assert.equal(judged({ drops: { template: 3 }, sent: 0 }, { minOutcomes: 0 }).kind, 'quiet');
  });
});

describe('void windows', () => {
  const rows: [what: string, story: Story, change: Partial<StopRule>, kind: string, reason: RegExp][] = [
    ['1 % late is allowed', { failed: 99, drops: { late: 1 } }, {}, 'unhealthy', /./],
    ['1 % local is allowed', { failed: 100, drops: { local: 1 } }, {}, 'unhealthy', /./],
    [
      'more late',
      { failed: 98, drops: { late: 1 } },
      {},
      'void',
      /^own drops 1\.01 % > 1 % \(late 1, local 0\)$/,
    ],
    [
      'more local',
      { failed: 99, drops: { local: 1 } },
      {},
      'void',
      /^own drops 1\.01 % > 1 % \(late 0, local 1\)$/,
    ],
    [
      'late and local together',
      { failed: 150, drops: { late: 1, local: 1 } },
      {},
      'void',
      /^own drops 1\.3 % > 1 %/,
    ],
    [
      'local drops of hits sent before',
      { drops: { local: 3 }, sent: 0 },
      {},
      'void',
      /^own drops 100 % > 1 %/,
    ],
    ['busy drops never', { succeeded: 1, drops: { busy: 500 } }, {}, 'unhealthy', /^success/],
    ['nor template drops', { failed: 1, drops: { template: 500 } }, {}, 'unhealthy', /^success/],
    [
      'busy and template drops are hits',
      { failed: 8, drops: { busy: 90, template: 1, late: 1 } },
      {},
      'unhealthy',
      /./,
    ],
    ['own lateness of a tenth of the limit', { failed: 9, latenessMs: 10 }, {}, 'unhealthy', /./],
    [
      'own lateness of more',
      { failed: 9, latenessMs: 10.2 },
      {},
      'void',
      /^own lateness p99 10\.\d+ ms > 10 ms$/,
    ],
    ['loop delay of a tenth of the limit', { failed: 9, loopDelayMs: 10 }, {}, 'unhealthy', /./],
    [
      'loop delay of more',
      { failed: 9, loopDelayMs: 10.2 },
      {},
      'void',
      /^event loop delay p99 10\.\d+ ms > 10 ms$/,
    ],
    [
      '100 ms where no latency is judged',
      { failed: 9, latenessMs: 100 },
      { latencyAboveMs: null },
      'unhealthy',
      /./,
    ],
    [
      'and not more',
      { failed: 9, latenessMs: 102 },
      { latencyAboveMs: null },
      'void',
      /p99 102 ms > 100 ms$/,
    ],
    ['void before quiet', { failed: 1, latenessMs: 50 }, { minOutcomes: 10 }, 'void', /./],
  ];
  for (const [what, story, change, kind, reason] of rows) {
    test(what, () => {
      const judgement = judged(story, change);
      assert.equal(judgement.kind, kind);
      assert.match(judgement.reason, reason);
      assert.equal(judgement.saturated, kind === 'void');
    });
  }

  test('own delay is looked at with the judged percentile, and with p99 where latency is not judged', () => {
    const window = windowOf({ failed: 100, sent: 95 });
    for (let n = 0; n < 5; n++) window.send(500_000);
    assert.equal(judge(window, { ...RULE, percentile: 95 }).kind, 'unhealthy');
    assert.equal(judge(window, { ...RULE, percentile: 96 }).kind, 'void');
    assert.equal(judge(window, { ...RULE, percentile: 50, latencyAboveMs: null }).kind, 'void');
  });
});

describe('templates', () => {
  test('every hit dropped as template', () => {
    const judgement = judged({ drops: { template: 7 }, sent: 0 });
    assert.equal(judgement.allTemplate, true);
    assert.equal(judgement.kind, 'quiet');
  });

  test('also while earlier hits complete', () => {
    assert.equal(judged({ succeeded: 3, sent: 0, drops: { template: 7 } }).allTemplate, true);
  });

  for (const other of [
    { sent: 1 },
    { drops: { template: 7, busy: 1 } },
    { drops: { template: 7, late: 1 } },
    {},
  ]) {
    test(`not with ${JSON.stringify(other)}`, () => {
      assert.equal(
        judged({ sent: 0, drops: other.sent ? { template: 7 } : {}, ...other }).allTemplate,
        false,
      );
    });
  }
});

test('without a stop rule a window says only whether the generator and the templates are well', () => {
  assert.equal(judge(windowOf({ failed: 100, serviceMs: 60_000 }), OBSERVE_ONLY).kind, 'quiet');
  assert.equal(judge(windowOf({ failed: 100, latenessMs: 150 }), OBSERVE_ONLY).saturated, true);
  assert.equal(judge(windowOf({ sent: 0, drops: { template: 1 } }), OBSERVE_ONLY).allTemplate, true);
});

test('a judgement changes nothing in the window', () => {
  const window = windowOf({ succeeded: 5, failed: 1, inFlightMs: [200], drops: { busy: 2, late: 1 } });
  const before = window.values.slice();
  assert.deepEqual(judge(window, RULE), judge(window, RULE));
  assert.deepEqual(window.values, before);
});
