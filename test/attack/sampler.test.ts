import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HitRecord } from '../../src/attack/record.ts';
import { Sampler } from '../../src/attack/sampler.ts';
import { LOCAL } from '../../src/metrics/outcome.ts';
import { Masker } from '../../src/report/mask.ts';

const record = (differences: Partial<HitRecord> = {}): HitRecord => ({
  seq: 0,
  hit: 7,
  label: 1,
  outcome: 0,
  status: 201,
  error: '',
  sentAtWall: 1000.5,
  serviceMs: 2,
  lagMs: 0.1,
  bytesOut: 10,
  bytesIn: 20,
  method: 'POST',
  url: 'http://api.svc/v1/track',
  headers: ['authorization', 'Bearer s3cret'],
  body: Buffer.from('s3cret'),
  ...differences,
});

function sampled(differences: Partial<HitRecord> = {}, secrets = ['s3cret']) {
  const masker = new Masker(secrets);
  const sampler = new Sampler({ most: 10, random: () => 0.25, mask: (text) => masker.text(text) });
  const hit = record(differences);
  if (sampler.wants(hit.outcome, hit.serviceMs)) sampler.take(hit);
  return sampler.kept[0]!;
}

test('a hit is kept without headers, body and query', () => {
  assert.deepEqual(sampled({ url: 'http://api.svc/v1/track?key=abc&at=1' }), {
    draw: 0.25,
    kind: 'succeeded',
    hit: 7,
    label: 1,
    method: 'POST',
    url: 'http://api.svc/v1/track?…',
    outcome: 'succeeded',
    status: 201,
    error: '',
    sentAtWall: 1000.5,
    serviceMs: 2,
    lagMs: 0.1,
  });
});

test('what became of it stands in words', () => {
  const rows: [outcome: number, kind: string, words: string][] = [
    [503, 'failed', 'http_503'],
    [600, 'failed', 'timeout'],
    [-1, 'other', 'interrupted'],
  ];
  for (const [outcome, kind, words] of rows) {
    const sample = sampled({ outcome });
    assert.deepEqual([sample.kind, sample.outcome], [kind, words]);
  }
});

test('one that never left this machine is none', () => {
  const sampler = new Sampler({ most: 3, random: () => 0.5, mask: (text) => text });
  assert.equal(sampler.wants(LOCAL, 1), false);
  assert.equal(sampler.wants(600, 1), true);
});

test('no secret stands in it, and no text is long', () => {
  const url = 'http://a/hook/abc?sig=zzz';
  assert.doesNotMatch(JSON.stringify(sampled({ url }, [url])), /abc|zzz/);
  assert.equal(sampled({ method: 'M'.repeat(2000) }).method.length, 40);
  const sample = sampled({ url: 'http://me:pass@a/hooks/s3cret', error: `cannot s3cret ${'x'.repeat(500)}` });
  assert.doesNotMatch(JSON.stringify(sample), /s3cret|pass/);
  assert.equal(sample.error.length, 200);
  assert.equal(sampled({ url: `http://a/${'x'.repeat(5000)}` }).url.length, 300);
});

test('most hits of many are not wanted', () => {
  const sampler = new Sampler({ most: 10, random: Math.random, mask: (text) => text });
  let taken = 0;
  for (let hit = 0; hit < 100_000; hit++) {
    if (!sampler.wants(0, 1)) continue;
    taken++;
    sampler.take(record({ hit, serviceMs: 1 }));
  }
  // About 10 · ln(100,000 / 10), and the ones that fill it.
  assert.ok(taken < 250, `${taken}`);
});
