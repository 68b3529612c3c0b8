import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frame } from '../../../src/cli/display/frame.ts';
import { plainLine } from '../../../src/cli/display/line.ts';
import { DisplayState } from '../../../src/cli/display/state.ts';
import type { RunSnapshot } from '../../../src/coordinator/snapshot.ts';
import { failureCode } from '../../../src/metrics/outcome.ts';
import { Tally } from '../../../src/metrics/tally.ts';
import { widthOf } from '../../../src/report/layout.ts';
import { runSnapshot, worker } from '../../report/run-snapshot.ts';

/** Twelve seconds of 100 hits each, some of which go wrong, then a snapshot with these differences. */
function shown(differences: Partial<RunSnapshot> = {}): DisplayState {
  const state = new DisplayState();
  const tally = new Tally(2);
  for (let second = 0; second <= 12; second++) {
    const last = second === 12 ? differences : {};
    state.update(runSnapshot({ tally, elapsedMs: second * 1000, scheduleMs: second * 1000, ...last }));
    if (second === 12) break;
    for (let hit = 0; hit < 100; hit++) {
      tally.send(0, 50);
      const serviceUs = (hit < 98 ? 1 : 1 + second) * 1000;
      if (hit === 0) tally.fail(0, 503, 503, serviceUs, serviceUs, 0, 0);
      else if (hit === 1 && second === 3)
        tally.fail(0, failureCode('timeout'), 0, serviceUs, serviceUs, 0, 0);
      else tally.succeed(0, 200, serviceUs, serviceUs, 0, 0);
    }
    if (second === 5) tally.drop(-1, 0);
  }
  for (let i = 0; i < 4; i++) tally.send(0, 50);
  return state;
}

const BUSY_DAY = {
  votes: {
    highest: 3,
    limit: 10,
    workers: [
      { name: 'worker-0', votes: 1, reason: 'no' },
      { name: 'worker-1', votes: 3, reason: 'success 97%, below 98%' },
    ],
  },
  generatorSaturated: true,
  workers: [worker(), worker({ name: 'worker-1', state: 'lost', problem: 'killed by SIGKILL' })],
};

test('the whole block of a busy day', () => {
  assert.deepEqual(frame(shown(BUSY_DAY), 100, false), [
    '',
    ' tracking-api  ▶ Running                                                                    run r-1',
    ' ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸────────────────────────────  60%  12s of 20s, 8s left',
    '',
    ' rate      100/s now          100/s asked        4 in flight',
    ' hits      1,204 sent         1 dropped  busy 1',
    ' success   98.92%             13 failed  http_503 12 · timeout 1',
    '',
    '                 p50       p95       p99       max',
    ' last 5s     1.00 ms   1.00 ms   10.0 ms',
    ' whole run   1.00 ms   1.00 ms   5.98 ms   12.0 ms',
    ' lag         50.0 µs   50.0 µs   50.0 µs   50.0 µs',
    '',
    ' history   ████████████  rate, up to 100/s',
    '           ▂▂▃▃▄▅▅▆▆▇▇█  p99, up to 12.0 ms',
    '',
    ' votes     ●●●○○○○○○○ 3/10  worker-1: success 97%, below 98%',
    '           this generator was too slow in some windows: its delay shows in the figures',
    ' workers   1 running, 1 lost',
    '           worker-1: killed by SIGKILL',
  ]);
});

test('with keys, the last line says which, and the one before it what they have changed', () => {
  const controls = { help: false, steered: '' };
  const without = frame(shown(BUSY_DAY), 100, false);
  assert.deepEqual(frame(shown(BUSY_DAY), 100, false, controls), [
    ...without,
    ' keys      ↑ ↓ rate · p pause · r reload · q stop · ? all keys',
  ]);
  const steered = frame(shown(BUSY_DAY), 100, false, {
    ...controls,
    steered: '200/s in place of 100/s · paused',
  });
  assert.deepEqual(steered.slice(-2, -1), [' by keys   200/s in place of 100/s · paused']);
});

test('all keys stand below the progress and fit into a terminal of 24 lines', () => {
  const lines = frame(shown(BUSY_DAY), 80, false, { help: true, steered: 'paused' });
  assert.ok(lines.length < 24, `${lines.length}`);
  assert.match(lines[2]!, /60% {2}12s of 20s/);
  assert.equal(lines[4], ' ↑ or +        send faster: up to the next round rate, about 10% away');
  assert.equal(lines.filter((line) => line.endsWith('…')).length, 0);
});

test('a persistent run has no end to show', () => {
  const lines = frame(shown({ durationMs: null }), 100, false);
  assert.equal(lines[2], ' running for 12s, until it is stopped');
});

test('the end is never passed, nor reached too soon', () => {
  const bar = (scheduleMs: number) => frame(shown({ scheduleMs }), 100, false)[2]!;
  assert.match(bar(19_999), / 99% {2}19s of 20s, 1s left$/);
  assert.match(bar(20_000), /100% {2}20s of 20s, 0s left$/);
  assert.match(bar(25_000), /100% {2}20s of 20s, 0s left$/);
  assert.match(bar(0), / 0% {2}0s of 20s, 20s left$/);
});

test('each phase has its words', () => {
  const rows: [Partial<RunSnapshot>, string][] = [
    [{ phase: 'Preparing', startedAt: null }, '◌ Preparing'],
    [{ warmingUp: true }, '▶ Warming up'],
    [{ suspended: true }, '⏸ Suspended'],
    [{ phase: 'Draining' }, '◌ Waiting for answers'],
    [{ phase: 'Draining', verdict: 'StoppedByVotes' }, '✖ Stopped by votes'],
    [{ phase: 'Ended', verdict: 'Completed' }, '✔ Completed'],
  ];
  for (const [differences, words] of rows) {
    assert.ok(frame(shown(differences), 100, false)[1]!.includes(` ${words}`), words);
    assert.ok(plainLine(shown(differences)).includes(words), words);
  }
});

test('what is as usual takes no room', () => {
  const text = frame(shown(), 100, false).join('\n');
  for (const absent of ['votes', 'workers', 'worker-0', 'generator'])
    assert.ok(!text.includes(absent), absent);
});

test('before there is anything there is nothing, and before the start no figure is invented', () => {
  assert.deepEqual(frame(new DisplayState(), 80, false), []);
  assert.equal(plainLine(new DisplayState()), '');
  const state = new DisplayState();
  state.update(
    runSnapshot({ phase: 'Preparing', startedAt: null, workers: [worker({ state: 'starting' })] }),
  );
  const text = frame(state, 80, false).join('\n');
  assert.match(text, /success +–/);
  assert.match(text, /workers +1 starting/);
  assert.ok(!text.includes('NaN') && !text.includes('history'));
});

test('no line is wider than the terminal, down to none at all', () => {
  const state = shown(BUSY_DAY);
  for (let columns = 0; columns <= 140; columns++) {
    for (const line of frame(state, columns, true))
      assert.ok(widthOf(line) <= columns, `${columns}: ${line}`);
  }
});

test('colour changes nothing but colour', () => {
  const state = shown(BUSY_DAY);
  const bare = frame(state, 100, true).map((line) => line.replace(/\p{Cc}\[[0-9;]*m/gu, '').trimEnd());
  assert.deepEqual(bare, frame(state, 100, false));
});

test('names and reasons cannot control the terminal', () => {
  const evil = 'x\x1b[2J\ny';
  const state = shown({
    name: evil,
    run: evil,
    votes: { highest: 1, limit: 2, workers: [{ name: evil, votes: 1, reason: evil }] },
    workers: [worker({ name: evil, problem: evil, state: 'lost' })],
  });
  const text = frame(state, 100, false);
  assert.ok(text.every((line) => !/\p{Cc}/u.test(line)));
  assert.ok(!/\p{Cc}/u.test(plainLine(state)));
});

test('without a terminal the same figures stand on one line', () => {
  assert.equal(
    plainLine(shown(BUSY_DAY)),
    'tracking-api ▶ Running 12s of 20s  rate 100/s of 100/s  sent 1,204  in flight 4  dropped 1 (busy 1)  ' +
      'success 98.92%  p50 1.00 ms  p95 1.00 ms  p99 10.0 ms  lag p99 50.0 µs  votes 3/10',
  );
});

test('which set of templates is sent is shown when it changes, and why one was refused', () => {
  const templates = { digest: 'abcdef0123456789', updated: 3, of: 3, applied: 1, refused: 0, lastError: '' };
  const lines = (differences: Partial<typeof templates>) =>
    frame(shown({ templates: { ...templates, ...differences } }), 100, false).filter((line) =>
      /templates|last error/.test(line),
    );
  assert.deepEqual(lines({ applied: 0 }), []);
  assert.deepEqual(lines({}), [' templates abcdef012345 on 3/3 workers']);
  assert.deepEqual(lines({ updated: 2 }), [' templates abcdef012345 on 2/3 workers']);
  assert.deepEqual(
    lines({ refused: 1, lastError: 'mix.json:3: \x1bnonsense' })[1]?.trim(),
    'last error: mix.json:3:  nonsense',
  );
});
