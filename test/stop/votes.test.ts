import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Judgement } from '../../src/stop/judge.ts';
import { Votes } from '../../src/stop/votes.ts';

const KINDS: Record<string, Judgement['kind']> = { u: 'unhealthy', h: 'healthy', q: 'quiet', v: 'void' };

/** Windows as letters, one a second: unhealthy, healthy, quiet, void. */
function after(windows: string, limit: number): Votes {
  const votes = new Votes(limit);
  [...windows].forEach((letter, index) => {
    votes.count({ kind: KINDS[letter]!, reason: `${letter}${index + 1}` }, (index + 1) * 1000);
  });
  return votes;
}

describe('votes', () => {
  const rows: [windows: string, limit: number, votes: number, since: number | null, reason: string][] = [
    ['', 3, 0, null, ''],
    ['u', 3, 1, 1000, 'u1'],
    ['uu', 3, 2, 1000, 'u2'],
    ['uuh', 3, 1, 1000, 'u2'],
    ['uh', 3, 0, null, ''],
    ['hhhu', 3, 1, 4000, 'u4'],
    ['uhu', 3, 1, 3000, 'u3'],
    ['uqvqv', 3, 1, 1000, 'u1'],
    ['uuu', 3, 3, 1000, 'u3'],
    ['uuuuuu', 3, 3, 1000, 'u6'],
    ['uuuuuuh', 3, 2, 1000, 'u6'],
    ['uuuuuuhhh', 3, 0, null, ''],
    ['u', 1, 1, 1000, 'u1'],
  ];
  for (const [windows, limit, votes, since, reason] of rows) {
    test(`${windows || 'none'} of ${limit}: ${votes}`, () => {
      const counted = after(windows, limit);
      assert.equal(counted.votes, votes);
      assert.equal(counted.since, since);
      assert.equal(counted.reason, reason);
      assert.equal(counted.atLimit, votes === limit);
      assert.equal(counted.limit, limit);
    });
  }

  test('votes that began at instant 0 began then', () => {
    const votes = new Votes(2);
    votes.count({ kind: 'unhealthy', reason: 'slow' }, 0);
    votes.count({ kind: 'unhealthy', reason: 'slow' }, 10);
    assert.equal(votes.since, 0);
  });

  for (const limit of [0, -1, 1.5, Number.NaN]) {
    test(`a limit of ${limit} is refused`, () => assert.throws(() => new Votes(limit), RangeError));
  }
});
