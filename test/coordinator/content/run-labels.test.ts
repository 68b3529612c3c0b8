import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RunLabels } from '../../../src/coordinator/content/run-labels.ts';

describe("a run's labels", () => {
  const rows: [what: string, sets: string[][], names: string[]][] = [
    ['are those of its set', [['a', 'b']], ['a', 'b']],
    ['keep their index when other sets come', [['a', 'b'], ['c', 'b'], ['a']], ['a', 'b', 'c']],
    ['end with other', [['a', 'b'], ['c', 'd'], ['e']], ['a', 'b', 'c', 'other']],
    ['have room for other even in a set that fills it', [['a', 'b', 'c', 'd']], ['a', 'b', 'c', 'other']],
    ['of a set that is cut already are its own', [['a', 'b', 'c', 'other']], ['a', 'b', 'c', 'other']],
    [
      'take in as much as they can of a set that is cut',
      [['a'], ['b', 'c', 'd', 'other']],
      ['a', 'b', 'c', 'other'],
    ],
  ];
  for (const [what, sets, names] of rows) {
    test(what, () => {
      const labels = new RunLabels(4);
      for (const set of sets) labels.add(set);
      assert.deepEqual(labels.names, names);
    });
  }
});
