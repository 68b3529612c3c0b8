import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressBar, sparkline, voteDots } from '../../../src/cli/display/chart.ts';

test('a sparkline is scaled from 0 to its largest value and shows the newest values', () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8), '▁▂▃▄▅▆▇█');
  assert.equal(sparkline([100, 1, 7], 2), '▂█');
  assert.equal(sparkline([5, null, 5], 8), '█ █');
  assert.equal(sparkline([0, 0], 8), '▁▁');
  assert.equal(sparkline([], 8), '');
  assert.equal(sparkline([1, 2], 0), '');
});

test('a progress bar always takes its columns, in half steps', () => {
  for (let i = -10; i <= 110; i++) {
    const { done, left } = progressBar(i / 100, 20);
    assert.equal(done.length + left.length, 20, String(i));
  }
  assert.deepEqual(progressBar(0, 4), { done: '', left: '────' });
  assert.deepEqual(progressBar(0.5, 4), { done: '━━', left: '──' });
  assert.deepEqual(progressBar(0.625, 4), { done: '━━╸', left: '─' });
  assert.deepEqual(progressBar(1, 4), { done: '━━━━', left: '' });
});

test('votes: a dot for any vote, the last dot only at the limit', () => {
  const rows: [votes: number, limit: number, dots: string][] = [
    [0, 10, '○○○○○○○○○○'],
    [3, 10, '●●●○○○○○○○'],
    [10, 10, '●●●●●●●●●●'],
    [1, 3, '●○○'],
    [1, 100, '●○○○○○○○○○'],
    [99, 100, '●●●●●●●●●○'],
    [100, 100, '●●●●●●●●●●'],
    [1, 1, '●'],
    [0, 1, '○'],
  ];
  for (const [votes, limit, dots] of rows) {
    const { lit, unlit } = voteDots(votes, limit);
    assert.equal(lit + unlit, dots, `${votes}/${limit}`);
  }
});
