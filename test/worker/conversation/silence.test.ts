import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Silence } from '../../../src/worker/conversation/silence.ts';

const NEVER = Number.POSITIVE_INFINITY;

function silence() {
  const said: string[] = [];
  return { it: new Silence((line) => said.push(line)), said };
}

describe('silence of the coordinator', () => {
  test('is told once, after 5 s, and its end', () => {
    const { it, said } = silence();
    it.look(5_000, 0, '', NEVER);
    it.end(5_000);
    assert.deepEqual(said, [], 'nothing was told that could end');
    for (const now of [5_100, 6_000, 7_000]) it.look(now, 0, '', NEVER);
    it.end(8_000);
    it.end(9_000);
    assert.deepEqual(said, [
      'no answer from the coordinator for 5.1 s',
      'the coordinator answers again, after 8 s',
    ]);
  });

  test('is told anew when it comes again', () => {
    const { it, said } = silence();
    it.look(6_000, 0, '', NEVER);
    it.end(7_000);
    it.look(13_000, 7_000, '', NEVER);
    assert.equal(said.at(-1), 'no answer from the coordinator for 6 s');
  });

  test('is told with what calls come to, and when this worker will stop', () => {
    const { it, said } = silence();
    it.look(6_000, 0, 'connect ECONNREFUSED', 120_000);
    assert.deepEqual(said, [
      'no answer from the coordinator for 6 s (connect ECONNREFUSED); it stops in 114 s',
    ]);
  });

  test('never promises a stop that is overdue', () => {
    const { it, said } = silence();
    it.look(6_000, 0, '', 5_000);
    assert.match(said[0]!, /; it stops in 0 s$/);
  });
});
