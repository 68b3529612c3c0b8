import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLoadTest } from '../../../src/api/parse.ts';
import { toRunSpec } from '../../../src/api/to-run-spec.ts';
import { outline } from '../../../src/cli/manifest/outline.ts';
import type { Content } from '../../../src/template/content.ts';
import { manifestWith } from '../../api/load-test-manifest.ts';

const common = { digest: '', labels: [], variables: {}, secrets: [], secretRefs: {} };
const events = { reuse: 0, duplicates: 0, idField: 'messageId', seed: null, profiles: 1, pool: 16 };
const templates: Content = { ...common, kind: 'templates', entry: 'a', files: {}, events };
const canned = (count: number, loop: boolean): Content => ({
  ...common,
  kind: 'targets',
  files: [],
  count,
  loop,
});

const rows: [spec: Record<string, unknown>, content: Content, sentence: string][] = [
  [{ rate: '5000/s', duration: '20s' }, templates, '5000/s for 20s: 100,000 hits, from 1 worker'],
  [{ rate: '23/m', duration: '300s' }, templates, '23/m for 5m: 115 hits, from 1 worker'],
  [{ rate: '6/m' }, templates, '6/m until it is stopped, from 1 worker'],
  [{ rate: '1/h', duration: '1s' }, templates, '1/h for 1s: 1 hit, from 1 worker'],
  [
    { rate: '100/s', duration: '1m', warmup: '10s' },
    templates,
    '100/s for 1m, the first 10s as warm-up: 6,000 hits, from 1 worker',
  ],
  [
    { stages: [{ to: '100/s', over: '1m' }, { hold: '1m' }] },
    templates,
    '2 stages up to 100/s for 2m: 9,000 hits, from 1 worker',
  ],
  [
    { wave: { mean: '10/s', amplitude: '5/s', period: '1m' }, duration: '2m' },
    templates,
    'a wave of 10/s ± 5/s every 1m for 2m: 1,200 hits, from 1 worker',
  ],
  [
    { rate: '5000/s', workers: { replicas: 3, maxRatePerWorker: '999/s' } },
    templates,
    '5000/s until it is stopped, from 6 workers',
  ],
  [
    { rate: '5000/s', workers: { replicas: 7, maxRatePerWorker: '999/s' } },
    templates,
    '5000/s until it is stopped, from 7 workers',
  ],
  [
    { rate: '5/s', suspend: true },
    templates,
    '5/s until it is stopped, from 1 worker; it is suspended, so nothing is sent',
  ],
  [{ rate: '5/s' }, canned(7, false), '5/s until it is stopped: 7 hits, each target once, from 1 worker'],
  [{ rate: '5/s', duration: '1s' }, canned(7, false), '5/s for 1s: 5 hits, from 1 worker'],
  [{ rate: '5/s', duration: '10s' }, canned(7, true), '5/s for 10s: 50 hits, from 1 worker'],
];
for (const [spec, content, sentence] of rows) {
  test(sentence, () =>
    assert.equal(outline(toRunSpec(parseLoadTest(manifestWith(spec))), content), sentence),
  );
}
