import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { FakeData } from '../../src/template/fake/fake-data.ts';
import { functionsMarkdown } from '../../src/template/functions/function-docs.ts';
import { createRandom } from '../../src/template/random.ts';

const file = new URL('../../docs/templates.md', import.meta.url);
const BEGIN =
  '<!-- functions: made from src/template/functions, see test/template/function-docs.test.ts -->\n';
const END = '<!-- end of functions -->\n';

test('docs/templates.md lists the functions of the table (UPDATE_DOCS=1 writes them)', () => {
  const text = readFileSync(file, 'utf8');
  const begin = text.indexOf(BEGIN) + BEGIN.length;
  const end = text.indexOf(END);
  assert.ok(begin > BEGIN.length && end >= begin, 'the marks are there');
  const listed = `\n${functionsMarkdown()}\n`;
  if (process.env['UPDATE_DOCS']) writeFileSync(file, text.slice(0, begin) + listed + text.slice(end));
  else assert.equal(text.slice(begin, end), listed);
});

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
