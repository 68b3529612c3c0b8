import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FakeData } from '../../src/template/fake/fake-data.ts';
import { createRandom } from '../../src/template/random.ts';

const file = new URL('../../docs/templates.md', import.meta.url);
test('docs/templates.md names every kind of fake data', () => {
  const text = readFileSync(file, 'utf8');
  const fake = new FakeData(createRandom('docs', { lane: 0, lanes: 1, replacement: 0 }), 16);
  let kinds: string[] = [];
  try {
    fake.phony('no such kind');
  } catch (error) {
    kinds = /kinds are (.*)$/.exec((error as Error).message)![1]!.split(', ');
  }
  assert.ok(kinds.length > 30);
  for (const kind of kinds) assert.ok(text.includes(`\`${kind}\``), kind);
});
