import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Base } from '../../../src/coordinator/crew/base.ts';
import { Member } from '../../../src/coordinator/crew/member.ts';
import { describe as describeMember } from '../../../src/coordinator/run/take-snapshot.ts';
import { CountsBlock, Tally } from '../../../src/metrics/tally.ts';
import { Counting, call, hitSample, MOST_LABELS } from '../calls.ts';

const member = () => new Member({ index: 1, replacement: 2 }, MOST_LABELS, 100);

const countsOf = (it: Member) => {
  const tally = new Tally(MOST_LABELS);
  const warmup = new CountsBlock();
  it.counts.addTo(tally, warmup);
  return { tally, warmup };
};

describe('a member', () => {
  test('is starting at first, has a name and has told nothing', () => {
    const it = member();
    assert.deepEqual(
      [it.name, it.state, it.live, it.able, it.reported, it.answeredAt],
      ['worker-1.2', 'starting', true, false, 0, null],
    );
    assert.equal(countsOf(it).tally.counts.sent, 0);
  });

  test('can be given hits when it is ready or running and has lanes', () => {
    const it = member();
    for (const [state, lanes, able] of [
      ['starting', 2, false],
      ['ready', 2, true],
      ['ready', 0, false],
      ['running', 2, true],
      ['running', 0, false],
      ['leaving', 2, false],
      ['ended', 2, false],
      ['lost', 2, false],
    ] as const) {
      it.state = state;
      it.lanes = lanes;
      assert.equal(it.able, able, `${state} with ${lanes} lanes`);
      assert.equal(it.live, state !== 'ended' && state !== 'lost');
    }
  });

  test('has the samples of its last word, and leaves them to the base', () => {
    const it = member();
    const counting = new Counting();
    const [first, second] = [hitSample({ draw: 0.1 }), hitSample({ draw: 0.2 })];
    it.hear(call({ report: counting.report() }));
    assert.deepEqual(it.samples, []);
    it.hear(call({ state: 'ended', report: counting.report({ samples: [first, second] }) }));
    it.hear(call({ state: 'ended', report: counting.report({ samples: [first, second] }) }));
    assert.deepEqual(it.samples, [first, second]);
    const base = new Base(MOST_LABELS);
    base.take(it, describeMember(it, 0));
    assert.deepEqual(new Set(base.samples.all), new Set([first, second]));
  });

  test('keeps what it was told last: counts, cursors, votes', () => {
    const it = member();
    const counting = new Counting();
    counting.tally.send(0, 5);
    counting.warmup.send();
    const report = counting.report({
      cursors: [7, 9],
      votes: 2,
      voteReason: 'window 3',
      wantsStop: true,
      saturated: true,
    });
    const acknowledged = { epoch: 1, n: 4 };
    assert.equal(it.hear(call({ report, lanes: 2, acknowledged, problem: 'hot' })), 'ok');
    assert.deepEqual(
      [countsOf(it).tally.counts.sent, countsOf(it).tally.counts.inFlight, countsOf(it).warmup.counts.sent],
      [1, 1, 1],
    );
    assert.deepEqual(it.progress(50).cursors, [7, 9]);
    assert.deepEqual([it.votes, it.voteReason, it.wantsStop, it.saturated], [2, 'window 3', true, true]);
    assert.deepEqual([it.lanes, it.acknowledged, it.problem, it.reported], [2, acknowledged, 'hot', 1]);
  });

  test('adds up reports that hold only what changed', () => {
    const it = member();
    const counting = new Counting();
    for (let hit = 0; hit < 5; hit++) {
      counting.tally.send(0, 5);
      assert.equal(it.hear(call({ report: counting.report() })), 'ok');
      counting.sender.acknowledge(it.reported);
    }
    assert.equal(countsOf(it).tally.counts.sent, 5);
  });

  test('takes nothing from a call that a later one overtook', () => {
    const it = member();
    const counting = new Counting();
    const first = call({ report: counting.report({ votes: 3, cursors: [3] }), lanes: 9, problem: 'old' });
    counting.tally.send(0, 5);
    it.hear(call({ report: counting.report({ votes: 1, cursors: [5] }), lanes: 2 }));
    assert.equal(it.hear(first), 'late');
    assert.equal(it.hear(call({ lanes: 0, state: 'starting' })), 'late');
    assert.deepEqual(
      [it.votes, it.lanes, it.problem, countsOf(it).tally.counts.sent, it.progress(0).cursors],
      [1, 2, '', 1, [5]],
    );
  });

  test('is not moved by a call that comes twice', () => {
    const it = member();
    const counting = new Counting();
    counting.tally.send(0, 5);
    const twice = call({ report: counting.report({ notes: [{ id: 1, text: 'hello' }] }) });
    it.hear(twice);
    assert.deepEqual(it.notes.splice(0), ['hello']);
    assert.equal(it.hear(structuredClone(twice)), 'ok');
    assert.deepEqual(it.notes, []);
    assert.equal(countsOf(it).tally.counts.sent, 1);
  });

  test('tells each note once, in order, however often it is sent', () => {
    const it = member();
    const counting = new Counting();
    const notes = (...ids: number[]) => ids.map((id) => ({ id, text: `note ${id}` }));
    it.hear(call({ report: counting.report({ notes: notes(1, 2) }) }));
    it.hear(call({ report: counting.report({ notes: notes(1, 2, 3) }) }));
    it.hear(call({ report: counting.report({ notes: notes(3, 4) }) }));
    assert.deepEqual(it.notes, ['note 1', 'note 2', 'note 3', 'note 4']);
  });

  test('wants everything when a report builds on one that it does not have', () => {
    const it = member();
    const counting = new Counting();
    counting.tally.send(0, 5);
    counting.report();
    counting.sender.acknowledge(1);
    counting.tally.send(0, 5);
    assert.equal(it.hear(call({ report: counting.report({ votes: 1, cursors: [2] }) })), 'resync');
    assert.deepEqual([countsOf(it).tally.counts.sent, it.votes, it.progress(0).cursors], [0, 0, []]);
    counting.sender.reset();
    assert.equal(it.hear(call({ report: counting.report() })), 'ok');
    assert.equal(countsOf(it).tally.counts.sent, 2);
  });

  test('refuses a report of another shape, and keeps its counts', () => {
    const it = member();
    const counting = new Counting();
    counting.tally.send(0, 5);
    it.hear(call({ report: counting.report() }));
    const wrong = counting.report();
    wrong.counters.size -= 1;
    assert.throws(() => it.hear(call({ report: wrong })), RangeError);
    assert.equal(countsOf(it).tally.counts.sent, 1);
  });

  test('acknowledges never an older version than it has', () => {
    const it = member();
    it.hear(call({ acknowledged: { epoch: 1, n: 5 } }));
    it.hear(call({ acknowledged: { epoch: 1, n: 4 } }));
    assert.deepEqual(it.acknowledged, { epoch: 1, n: 5 });
    it.hear(call({ acknowledged: { epoch: 2, n: 1 } }));
    assert.deepEqual(it.acknowledged, { epoch: 2, n: 1 });
  });
});

describe('a lost member', () => {
  const lost = () => {
    const it = member();
    const counting = new Counting();
    it.incarnation = 'w1';
    it.state = 'running';
    for (let hit = 0; hit < 3; hit++) counting.tally.send(0, 5);
    counting.tally.succeed(0, 200, 5, 5, 0, 0);
    counting.warmup.send();
    it.hear(call({ report: counting.report({ cursors: [6] }) }));
    it.lose('was killed by SIGKILL', 0);
    return { it, counting };
  };

  test('has interrupted what was in flight in it, and keeps the rest', () => {
    const { it } = lost();
    const { sent, succeeded, interrupted, inFlight } = countsOf(it).tally.counts;
    assert.deepEqual([sent, succeeded, interrupted, inFlight], [3, 1, 2, 0]);
    assert.deepEqual([countsOf(it).warmup.counts.interrupted, countsOf(it).warmup.counts.inFlight], [1, 0]);
    assert.equal(countsOf(it).tally.label(0).counts.inFlight, 0);
  });

  test('owes what fell to it since', () => {
    const { it } = lost();
    assert.deepEqual(it.progress(50), { incarnation: 'w1', cursors: [6], lostBelow: 50 });
    it.state = 'ended';
    assert.equal(it.progress(50).lostBelow, null);
  });

  test('says why, with the problem that it told of itself first', () => {
    assert.equal(lost().it.problem, 'was killed by SIGKILL');
    const it = member();
    it.hear(call({ problem: 'no memory' }));
    it.lose('exited with code 1', 0);
    assert.equal(it.problem, 'no memory');
  });

  test('that speaks again is heard, and what it had in flight was no loss', () => {
    const { it, counting } = lost();
    counting.tally.succeed(0, 200, 5, 5, 0, 0);
    counting.tally.succeed(0, 200, 5, 5, 0, 0);
    assert.equal(it.hear(call({ state: 'ended', report: counting.report({ cursors: [8] }) })), 'ok');
    assert.deepEqual([countsOf(it).tally.counts.succeeded, countsOf(it).tally.counts.interrupted], [3, 0]);
  });
});
