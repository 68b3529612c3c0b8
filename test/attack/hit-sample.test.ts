import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseSamples, type HitSample, KeptSamples } from '../../src/attack/hit-sample.ts';
import { randomStream } from '../metrics/random.ts';

const random = randomStream(7);
let hits = 0;

function hit(kind: HitSample['kind'], serviceMs = 1, draw = random()): HitSample {
  const sentAtWall = hits;
  return {
    draw,
    kind,
    hit: hits++,
    label: 0,
    method: 'GET',
    url: 'http://a/',
    outcome: kind,
    status: 0,
    error: '',
    sentAtWall,
    serviceMs,
    lagMs: 0,
  };
}

const many = (count: number, kind: HitSample['kind'], serviceMs?: () => number): HitSample[] =>
  Array.from({ length: count }, () => hit(kind, serviceMs?.()));

/** How many were chosen for which reason. */
function counted(all: HitSample[], most: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { chosen } of chooseSamples([all], most)) counts[chosen] = (counts[chosen] ?? 0) + 1;
  return counts;
}

describe('what is chosen of many hits', () => {
  const good = many(500, 'succeeded', random);
  const bad = many(500, 'failed');

  test('is a third each of failed, slow and ordinary ones', () => {
    assert.deepEqual(counted([...good, ...bad], 9), { failed: 3, slow: 3, ordinary: 3 });
    assert.deepEqual(counted([...good, ...bad], 10), { failed: 4, slow: 4, ordinary: 2 });
    assert.deepEqual(counted([...good, ...bad], 1), { failed: 1 });
    assert.deepEqual(counted([...good, ...bad], 0), {});
  });

  test('makes up for what one of them lacks', () => {
    assert.deepEqual(counted(good, 9), { slow: 3, ordinary: 6 });
    assert.deepEqual(counted(bad, 9), { failed: 9 });
    assert.deepEqual(counted([...bad, hit('succeeded')], 9), { failed: 8, slow: 1 });
    assert.deepEqual(counted([...good, bad[0]!], 9), { failed: 1, slow: 3, ordinary: 5 });
    assert.deepEqual(counted(many(5, 'other'), 9), { ordinary: 5 });
    assert.deepEqual(counted([...good.slice(0, 2), ...bad.slice(0, 2)], 9), { slow: 2, failed: 2 });
  });

  test('has the slowest that succeeded, no hit twice, and stands in the order of sending', () => {
    const chosen = chooseSamples([[...bad, ...good]], 30);
    const slowest = good.toSorted((a, b) => b.serviceMs - a.serviceMs).slice(0, 10);
    const slow = chosen.filter(({ chosen: why }) => why === 'slow').map(({ sample }) => sample);
    assert.deepEqual(new Set(slow), new Set(slowest));
    const order = chosen.map(({ sample }) => sample.hit);
    assert.deepEqual(
      order,
      [...new Set(order)].sort((a, b) => a - b),
    );
    assert.equal(order.length, 30);
  });

  test('is the same whether lanes and workers have kept their own or not', () => {
    const all = [...good, ...bad, ...many(20, 'other')];
    for (const most of [1, 2, 5, 30, 200]) {
      const lanes = Array.from({ length: 7 }, () => new KeptSamples(most));
      for (const sample of all) {
        const lane = lanes[Math.floor(random() * lanes.length)]!;
        if (lane.wants(sample.kind, sample.draw, sample.serviceMs)) lane.add(sample);
      }
      const workers = [lanes.slice(0, 3), lanes.slice(3)].map((own) => {
        const kept = new KeptSamples(most);
        for (const lane of own) for (const sample of lane.all) kept.add(sample);
        return kept.all;
      });
      assert.deepEqual(chooseSamples(workers, most), chooseSamples([all], most));
      for (const lane of lanes) assert.ok(lane.all.length <= 2 * most + Math.ceil(most / 3));
    }
  });

  test('takes each ordinary hit with the same chance, whichever worker has sent it', () => {
    const of = [0, 0];
    for (let time = 0; time < 300; time++) {
      const parts = [many(10, 'other'), many(90, 'other')].map((part) =>
        part.map((sample) => ({ ...sample, draw: random() })),
      );
      for (const { sample } of chooseSamples(parts, 10)) of[parts[0]!.includes(sample) ? 0 : 1]!++;
    }
    assert.ok(Math.abs(of[0]! / 300 - 1) < 0.2, of.join());
  });
});
