import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultTexts } from '../../src/controller/result-texts.ts';
import { summarize } from '../../src/report/summarize.ts';
import type { Summary } from '../../src/report/summary.ts';
import { runSnapshot } from '../report/run-snapshot.ts';

test('a result that there is no room for loses its samples first, half of them at a time', () => {
  const sample = (hit: number) => ({ hit }) as Summary['samples'][number];
  const whole = { ...summarize(runSnapshot()), samples: Array.from({ length: 10 }, (_, hit) => sample(hit)) };
  const texts = [...resultTexts(whole)].map((text) => JSON.parse(text) as Summary);
  assert.deepEqual(
    texts.map(({ samples }) => samples.map(({ hit }) => hit)),
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 5, 7, 9], [3, 7], [7], [], [], []],
  );
  assert.deepEqual(
    texts.map(({ workers }) => workers.length),
    [1, 1, 1, 1, 1, 0, 0],
  );
});

test('without samples it loses its workers, then its targets, and never what it adds up to', () => {
  const target = { counts: {}, serviceTimeMs: {} } as Summary['targets'][string];
  const whole = { ...summarize(runSnapshot()), targets: { a: target, b: target } };
  const texts = [...resultTexts(whole)].map((text) => JSON.parse(text) as Summary);
  assert.deepEqual(texts[0], JSON.parse(JSON.stringify(whole)));
  assert.deepEqual(
    texts.map(({ workers }) => workers.length),
    [1, 0, 0],
  );
  assert.deepEqual(
    texts.map(({ targets }) => Object.keys(targets).length),
    [2, 2, 0],
  );
  assert.ok(texts.every(({ counts, run }) => counts.scheduled === 0 && run === 'r-1'));
});
