import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEALTHY } from '../../src/counting-target/behaviour.ts';
import { drawFate, seededRandom } from '../../src/counting-target/fate.ts';

test('each fate has its own part of the draw, in the order close, hang, truncate, fail, answer', () => {
  const behaviour = { ...HEALTHY, closeShare: 0.1, hangShare: 0.2, truncateShare: 0.3, failShare: 0.1 };
  const rows: [draw: number, kind: string][] = [
    [0, 'close'],
    [0.0999, 'close'],
    [0.1, 'hang'],
    [0.2999, 'hang'],
    [0.31, 'truncate'],
    [0.5999, 'truncate'],
    [0.61, 'fail'],
    [0.6999, 'fail'],
    [0.71, 'answer'],
    [0.9999, 'answer'],
  ];
  for (const [draw, kind] of rows) assert.equal(drawFate(behaviour, () => draw).kind, kind, `draw ${draw}`);
});

test('a healthy target answers all, and one that fails 100% answers none', () => {
  for (const draw of [0, 0.5, 1 - 2 ** -32]) {
    assert.deepEqual(
      drawFate(HEALTHY, () => draw),
      { kind: 'answer', delayMs: 0 },
    );
    assert.equal(drawFate({ ...HEALTHY, failShare: 1 }, () => draw).kind, 'fail');
  }
});

test('jitter is evenly spread above the latency', () => {
  const behaviour = { ...HEALTHY, latencyMs: 20, jitterMs: 10 };
  const random = seededRandom(7);
  const delays = Array.from({ length: 10_000 }, () => drawFate(behaviour, random).delayMs);
  assert.ok(Math.min(...delays) >= 20 && Math.max(...delays) < 30);
  for (let from = 20; from < 30; from++) {
    const count = delays.filter((delay) => delay >= from && delay < from + 1).length;
    assert.ok(Math.abs(count - 1000) < 4 * Math.sqrt(900), `${count} of 10000 in [${from}, ${from + 1}) ms`);
  }
});

test('a seed repeats its draws, another seed draws others, and shares hold', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 20_000 }, () => drawFate({ ...HEALTHY, failShare: 0.05 }, random).kind);
  };
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
  for (const seed of [0, 1, 2, 2 ** 32 - 1]) {
    const failed = draw(seed).filter((kind) => kind === 'fail').length;
    assert.ok(Math.abs(failed - 1000) < 4 * Math.sqrt(950), `seed ${seed}: ${failed} of 20000 failed`);
  }
});
