import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseLoadTest } from '../../src/api/parse.ts';
import { runKey } from '../../src/controller/run-key.ts';
import { manifestWith } from '../api/load-test-manifest.ts';

const keyWith = (spec: Record<string, unknown> = {}): string => runKey(parseLoadTest(manifestWith(spec)));
const templates = (more: Record<string, unknown> = {}) => ({
  templates: { entry: 'a.json', from: [{ inline: { 'a.json': '{}' } }], ...more },
});

suite('the key of a run', () => {
  const before = keyWith();

  for (const [what, spec] of [
    ['run', { run: '2' }],
    ['the rate', { rate: '5001/s' }],
    ['the duration', { duration: '10m' }],
    ['an option of the protocol', { http: { timeout: '6s' } }],
    ['the protocol', { nsq: {} }],
    ['a template', templates({ from: [{ inline: { 'a.json': '[]' } }] })],
    ['a variable', { variables: [{ name: 'A', value: 'b' }] }],
    ['events', { events: { reuse: '50%' } }],
  ] as const) {
    test(`changes with ${what}`, () => assert.notEqual(keyWith(spec), before));
  }

  for (const [what, spec] of [
    ['who sends', { workers: { replicas: 7, onLoss: 'Hold' } }],
    ['when to stop', { stopWhen: { successBelow: '98%' } }],
    ['suspension', { suspend: true }],
    ['what is kept', { results: { keep: '1h' } }],
    ['how often sources are looked at', templates({ reload: '30s' })],
    ['a default that is written out', { http: { timeout: '5s' } }],
  ] as const) {
    test(`stays with ${what}`, () => assert.equal(keyWith(spec), before));
  }

  test('says nothing of the order in which fields were written', () => {
    const one = keyWith({
      variables: [{ name: 'A', value: 'b' }],
      events: { reuse: '1%', duplicates: '2%' },
    });
    const other = keyWith({
      events: { duplicates: '2%', reuse: '1%' },
      variables: [{ value: 'b', name: 'A' }],
    });
    assert.equal(one, other);
  });
});
