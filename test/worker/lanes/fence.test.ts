import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fenceAt } from '../../../src/worker/lanes/fence.ts';

describe('the fence', () => {
  const rows: [
    what: string,
    fence: number,
    answeredAt: number,
    fenceMs: number | null,
    following: boolean,
    then: number,
  ][] = [
    ['none, and no change', Infinity, 1000, null, true, Infinity],
    ['a change is prepared', Infinity, 1000, 500, true, 1500],
    ['it goes on with each answer', 1500, 1200, 500, true, 1700],
    ['the change is made and every lane follows', 1700, 2000, null, true, Infinity],
    ['the change is made and a lane does not follow yet', 1700, 2000, null, false, 1700],
    ['the next change is prepared before all lanes follow the last', 1700, 9000, 500, false, 1700],
    ['a change is prepared of which a lane has not heard', Infinity, 1000, 500, false, 1500],
    ['nothing to follow yet', Infinity, 1000, null, false, Infinity],
  ];
  for (const [what, fence, answeredAt, fenceMs, following, then] of rows) {
    test(`${what}: ${then}`, () => assert.equal(fenceAt(fence, answeredAt, fenceMs, following), then));
  }
});
