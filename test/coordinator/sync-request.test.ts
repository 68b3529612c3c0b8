import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readSyncRequest } from '../../src/coordinator/sync-request.ts';
import { Counting, call, hitSample } from './calls.ts';

/** A call with a report, in which one field stands differently. */
function callWith(path: string, value: unknown): string {
  const counting = new Counting();
  counting.tally.send(0, 5);
  const notes = [{ id: 1, text: 'hello' }];
  const whole = JSON.parse(
    JSON.stringify(call({ report: counting.report({ notes }), received: { epoch: 1, n: 2 } })),
  ) as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop()!;
  let at = whole;
  for (const name of names) at = at[name] as Record<string, unknown>;
  at[last] = value;
  return JSON.stringify(whole);
}

describe('a call of a worker', () => {
  test('is read as it was written', () => {
    const counting = new Counting();
    counting.tally.send(0, 5);
    for (const each of [
      call(),
      call({ report: counting.report({ cursors: [3, 4] }), problem: 'x' }),
      call({ report: counting.report({ samples: [hitSample(), hitSample({ draw: 0.1 })] }) }),
      call({ state: 'ended', received: { epoch: 1, n: 3 }, acknowledged: { epoch: 1, n: 2 }, urgent: true }),
    ]) {
      assert.deepEqual(readSyncRequest(JSON.stringify(each)), each);
    }
  });

  test('whose samples are not as they should be counts all the same, without them', () => {
    for (const samples of [
      [{}],
      [{ ...hitSample(), url: 'x'.repeat(1001) }],
      new Array(301).fill(hitSample()),
    ]) {
      const read = readSyncRequest(callWith('report.samples', samples));
      assert.ok(typeof read !== 'string');
      assert.deepEqual(read.report!.samples, []);
    }
  });

  test('of an earlier version, which knows of no samples, has none', () => {
    const read = readSyncRequest(callWith('report.samples', undefined));
    assert.ok(typeof read !== 'string');
    assert.deepEqual(read.report!.samples, []);
  });

  const rows: [path: string, value: unknown][] = [
    ['run', 7],
    ['run', 'x'.repeat(201)],
    ['worker', null],
    ['worker.index', -1],
    ['worker.index', 0.5],
    ['worker.index', '0'],
    ['worker.replacement', 2 ** 60],
    ['worker.incarnation', ''],
    ['worker.incarnation', 'x'.repeat(201)],
    ['state', 'sleeping'],
    ['state', null],
    ['received', {}],
    ['received', { epoch: 1 }],
    ['received', 'latest'],
    ['acknowledged', { epoch: 1, n: -1 }],
    ['cores', 1.5],
    ['lanes', -3],
    ['report', []],
    ['report.cursors', [1, -1]],
    ['report.cursors', [1, null]],
    ['report.cursors', new Array(1025).fill(0)],
    ['report.counters', null],
    ['report.counters.sequence', '1'],
    ['report.counters.runs', { 0: 1 }],
    ['report.counters.values', ['x']],
    ['report.counters.values', [null]],
    ['report.votes', 0.5],
    ['report.voteReason', 'x'.repeat(1001)],
    ['report.wantsStop', 'true'],
    ['report.saturated', 1],
    ['report.notes', Array.from({ length: 101 }, () => ({ id: 1, text: '' }))],
    ['report.notes', [{ id: 1 }]],
    ['problem', undefined],
    ['urgent', 'yes'],
  ];
  for (const [path, value] of rows) {
    const text = JSON.stringify(value) ?? 'nothing';
    test(`with ${path} ${text.slice(0, 40)} is refused by that name`, () => {
      const answer = readSyncRequest(callWith(path, value));
      assert.equal(typeof answer, 'string');
      assert.ok((answer as string).startsWith(path), answer as string);
    });
  }

  for (const body of ['', '{', 'null', '[]', '7', '"x"', '\0', '{}', '{"run":"r-1"}']) {
    test(`that is ${JSON.stringify(body)} is refused in words`, () => {
      const answer = readSyncRequest(body);
      assert.equal(typeof answer, 'string');
      assert.match(answer as string, /^(the call is not JSON|the call: .+|worker: .+|run: .+)$/);
    });
  }
});
