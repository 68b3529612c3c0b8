import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PagedCounts } from '../../src/metrics/paged-counts.ts';
import { PagedVector } from '../../src/metrics/paged-vector.ts';
import { CountsBlock, Tally } from '../../src/metrics/tally.ts';

/** Counts under all labels below `used`, with one hit in flight under each, and one of the warm-up. */
function counted(labels: number, used: number, us: number): { tally: Tally; warmup: CountsBlock } {
  const tally = new Tally(labels);
  const warmup = new CountsBlock();
  for (let label = 0; label < used; label++) {
    for (let hit = 0; hit < 3; hit++) tally.send(label, us * hit);
    tally.succeed(label, 200, us + label, 2 * us, 10, 20);
    tally.fail(label, 2, 503, 3 * us, 4 * us, 10, 20);
  }
  warmup.send();
  return { tally, warmup };
}

function paged({ tally, warmup }: { tally: Tally; warmup: CountsBlock }): PagedCounts {
  const vector = new PagedVector(PagedCounts.size(tally.labels));
  for (const [index, value] of [...tally.values, ...warmup.values].entries()) vector.set(index, value);
  return new PagedCounts(tally.labels, vector);
}

function dense(counts: PagedCounts, labels: number): { tally: Tally; warmup: CountsBlock } {
  const tally = new Tally(labels);
  const warmup = new CountsBlock();
  counts.addTo(tally, warmup);
  return { tally, warmup };
}

describe('paged counts', () => {
  test('are the counts that they were made of', () => {
    const all = counted(4, 4, 1000);
    assert.deepEqual(dense(paged(all), 4), all);
    assert.deepEqual(paged(all).counts, all.tally.counts);
  });

  test('merge as tallies do', () => {
    const one = counted(4, 4, 1000);
    const other = counted(4, 2, 77_000);
    const merged = paged(one);
    merged.add(paged(other));
    one.tally.add(other.tally);
    one.warmup.add(other.warmup);
    assert.deepEqual(dense(merged, 4), one);
  });

  test('fit into a tally of those labels alone that are in use', () => {
    const { tally } = dense(paged(counted(32, 2, 500)), 2);
    assert.deepEqual(tally, counted(2, 2, 500).tally);
  });

  test('have nothing in flight when they are interrupted, and are themselves as before', () => {
    const all = counted(4, 4, 1000);
    const before = paged(all);
    const { tally, warmup } = dense(before.interrupted(), 4);
    assert.deepEqual(dense(before, 4), all);
    all.tally.interruptAll();
    all.warmup.interruptAll();
    assert.deepEqual({ tally, warmup }, all);
  });
});

describe('a paged vector', () => {
  test('has the entries that were set, and else zeros', () => {
    const vector = new PagedVector(1000);
    vector.set(999, 5);
    vector.set(3, 7);
    const found: [number, number][] = [];
    vector.forEach((value, index) => found.push([index, value]));
    assert.deepEqual(found, [
      [3, 7],
      [999, 5],
    ]);
    assert.deepEqual([vector.get(3), vector.get(4), vector.get(500)], [7, 0, 0]);
    assert.deepEqual(vector.slice(998, 1000), Float64Array.of(0, 5));
  });

  test('is empty once it was cleared, and its copy is not', () => {
    const vector = new PagedVector(10);
    vector.set(1, 2);
    const copy = vector.copy();
    vector.clear();
    assert.deepEqual([vector.get(1), copy.get(1)], [0, 2]);
  });
});
