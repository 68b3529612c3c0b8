import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { conditionsOf, dated } from '../../../src/controller/status/conditions.ts';
import type { TestKind, TestState } from '../../../src/controller/status/test-state.ts';

const BOUNDED: TestKind = { persistent: false, onStop: 'Ready' };
const PERSISTENT: TestKind = { persistent: true, onStop: 'Ready' };
const STALLING: TestKind = { persistent: true, onStop: 'Stall' };
const NOTHING = { saturated: null, templatesError: null, templatesLoaded: false };

const ended = (verdict: (TestState & { kind: 'ended' })['verdict']): TestState => ({
  kind: 'ended',
  verdict,
  message: 'why',
});
const starting = (stalled: boolean): TestState => ({
  kind: 'starting',
  reason: 'WaitingForWorkers',
  message: 'why',
  stalled,
});
const held = (by: 'Suspended' | 'KillSwitch'): TestState => ({ kind: 'held', by, message: 'why' });
const running: TestState = { kind: 'running', message: 'why' };
const refused: TestState = { kind: 'refused', reason: 'InvalidSpec', message: 'why' };

/** `Ready=True (Running)` and so on. */
function told(state: TestState, kind: TestKind): string[] {
  return conditionsOf(state, kind, NOTHING).map(
    ({ type, status, reason }) => `${type}=${status} (${reason})`,
  );
}

const TABLE: [what: string, state: TestState, kind: TestKind, conditions: string[]][] = [
  [
    'accepted, waiting for pods',
    starting(false),
    BOUNDED,
    [
      'Ready=False (WaitingForWorkers)',
      'Reconciling=True (WaitingForWorkers)',
      'Succeeded=Unknown (NotEnded)',
    ],
  ],
  ['bounded, running', running, BOUNDED, ['Ready=True (Running)', 'Succeeded=Unknown (NotEnded)']],
  [
    'bounded, completed',
    ended('Completed'),
    BOUNDED,
    ['Ready=True (Completed)', 'Succeeded=True (Completed)'],
  ],
  [
    'bounded, stopped by votes',
    ended('StoppedByVotes'),
    BOUNDED,
    [
      'Ready=False (StoppedByVotes)',
      'Stalled=True (StoppedByVotes)',
      'Succeeded=False (StoppedByVotes)',
      'Stopped=True (StoppedByVotes)',
    ],
  ],
  [
    'bounded, failed',
    ended('Failed'),
    BOUNDED,
    ['Ready=False (Failed)', 'Stalled=True (Failed)', 'Succeeded=False (Failed)'],
  ],
  ['persistent, running', running, PERSISTENT, ['Ready=True (Running)']],
  [
    'persistent, stopped by votes',
    ended('StoppedByVotes'),
    PERSISTENT,
    ['Ready=True (StoppedByVotes)', 'Stopped=True (StoppedByVotes)'],
  ],
  [
    'persistent, stopped by votes, with onStop: Stall',
    ended('StoppedByVotes'),
    STALLING,
    ['Ready=False (StoppedByVotes)', 'Stalled=True (StoppedByVotes)', 'Stopped=True (StoppedByVotes)'],
  ],
  ['persistent, failed', ended('Failed'), PERSISTENT, ['Ready=False (Failed)', 'Stalled=True (Failed)']],
  ['suspended', held('Suspended'), PERSISTENT, ['Ready=True (Suspended)']],
  ['held by the kill switch', held('KillSwitch'), PERSISTENT, ['Ready=True (KillSwitch)']],
  ['invalid', refused, PERSISTENT, ['Ready=False (InvalidSpec)', 'Stalled=True (InvalidSpec)']],
  [
    'cannot start',
    starting(true),
    PERSISTENT,
    ['Ready=False (WaitingForWorkers)', 'Stalled=True (WaitingForWorkers)'],
  ],
];

suite('conditions of a test', () => {
  for (const [what, state, kind, conditions] of TABLE) {
    test(`that is ${what}`, () => assert.deepEqual(told(state, kind), conditions));
  }

  test('say whether the generator kept up, once there is something to judge', () => {
    const of = (saturated: boolean | null) =>
      conditionsOf(running, PERSISTENT, { ...NOTHING, saturated }).find(
        ({ type }) => type === 'GeneratorSaturated',
      )?.status;
    assert.deepEqual([of(null), of(false), of(true)], [undefined, 'False', 'True']);
  });

  test('say which set of templates is in use, and why there is no newer one', () => {
    const of = (templatesLoaded: boolean, templatesError: string | null) => {
      const run = { saturated: null, templatesError, templatesLoaded };
      const found = conditionsOf(running, PERSISTENT, run).find(({ type }) => type === 'TemplatesLoaded');
      return found && `${found.status}: ${found.message}`;
    };
    assert.equal(of(false, null), undefined);
    assert.equal(of(true, ''), 'True: the newest set is in use');
    assert.equal(of(true, 'a.json:3: no'), 'False: a.json:3: no');
    assert.equal(of(false, 'a.json:3: no'), 'False: a.json:3: no');
  });
});

suite('the date of a condition', () => {
  const now = '2026-11-26T12:00:00Z';
  const finding = { type: 'Ready', status: 'True', reason: 'Running', message: 'now' } as const;

  test('stays while the status does, whatever is said of it', () => {
    const before = [
      { ...finding, message: 'before', reason: 'Suspended', lastTransitionTime: '2026-11-26T11:00:00Z' },
    ];
    assert.deepEqual(dated([finding], before, 4, now), [
      { ...finding, observedGeneration: 4, lastTransitionTime: '2026-11-26T11:00:00Z' },
    ]);
  });

  test('is that of the change, and of a new condition', () => {
    const before = [{ ...finding, status: 'False' as const, lastTransitionTime: '2026-11-26T11:00:00Z' }];
    assert.equal(dated([finding], before, 4, now)[0]!.lastTransitionTime, now);
    assert.equal(dated([finding], [], 4, now)[0]!.lastTransitionTime, now);
  });
});
