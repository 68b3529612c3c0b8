import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { functionNames } from '../../src/template/functions/function-table.ts';
import { rendered } from './lane.ts';

const page = readFileSync(new URL('../../docs/templates.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('## Coming from Go templates'));

/** The templates of the right column: what stands in marks of code and has tags. */
const templates = [...section.matchAll(/^\| .*? (?<!\\)\| (.*) \|$/gm)].flatMap(([, cell]) =>
  [...cell!.matchAll(/`` ?(.+?) ?``(?!`)|`([^`]+)`/g)]
    .map(([, double, single]) => double ?? single!)
    .filter((code) => code.includes('<%')),
);

const PREAMBLE = "<% const s = 'abc 1', n = 7, items = [1, 2, 2]; %>";
const FILES = { 'track.json': '{"type": "track"}', 'message.json': '{}' };
const variables = { BaseURL: 'http://h', WriteKeys: ['k1', 'k2'] };

describe('what users of Go templates write here', () => {
  test('is there', () => assert.ok(templates.length > 60, `${templates.length}`));

  for (const template of templates) {
    test(`${template} renders`, () => {
      rendered({ entry: PREAMBLE + template, ...FILES }, { variables });
    });
  }
});

test('gives what Go and sprig give', () => {
  const rows: [template: string, output: string][] = [
    ["<%= String(n).padStart(5, '0') %>", '00007'],
    ['<%= n.toFixed(2) %>', '7.00'],
    ['<%= `${s}-${n}` %>', 'abc 1-7'],
    ["<%= s.replaceAll(/[0-9]+/g, 'n') %>", 'abc n'],
    ['<%= s.replace(/\\b./g, (letter) => letter.toUpperCase()) %>', 'Abc 1'],
    ['<%= [...new Set(items)] %>', '[1,2]'],
    ['<%= Math.trunc(7 / 2) %>', '3'],
    ['<%= Math.round(1.234 * 100) / 100 %>', '1.23'],
    ["<%~ join(it.WriteKeys.map((key) => quote(key)), ',') %>", '"k1","k2"'],
    ["<%= it.Region ?? it.Zone ?? 'eu' %>", 'eu'],
    ['<% for (const key of it.WriteKeys) { %><%= key %><% } %>', 'k1k2'],
    ['<% const item = (id) => toJSON({ id }) %><%= item(1) %>', '{"id":1}'],
  ];
  for (const [template, output] of rows) {
    assert.ok(templates.includes(template), `${template} is not in the table`);
    assert.equal(rendered({ entry: PREAMBLE + template, ...FILES }, { variables }), output, template);
  }
});

test('names every function once at least', () => {
  const unnamed = functionNames.filter((name) => !new RegExp(`\\b${name}\\b`).test(section));
  // Those that Go has no like of.
  assert.deepEqual(unnamed, ['faker', 'base64decode']);
});
