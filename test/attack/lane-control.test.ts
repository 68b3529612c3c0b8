import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneControl } from '../../src/attack/lane-control.ts';

test('a new control bounds nothing', () => {
  const control = new LaneControl();
  assert.deepEqual([control.fence, control.leaseEnd], [Infinity, Infinity]);
});

test('what one side writes the other reads, each bound on its own', () => {
  const main = new LaneControl();
  main.fence = 12.5;
  const lane = new LaneControl(main.buffer);
  assert.deepEqual([lane.fence, lane.leaseEnd], [12.5, Infinity]);
  main.leaseEnd = 0;
  assert.deepEqual([lane.fence, lane.leaseEnd], [12.5, 0]);
  lane.fence = Infinity;
  assert.equal(main.fence, Infinity);
});
