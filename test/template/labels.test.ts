import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { labelIndexes, labelsOf } from '../../src/template/labels.ts';

const TARGETS = { a: '{"url": "a"}', b: '{"url": "b"}', c: '{"url": "c"}', event: '{}' };

describe('labels are the templates that a target can come from', () => {
  const rows: [what: string, entry: string, labels: string[]][] = [
    ['the entry where it includes nothing', '{"url": 1}', ['entry']],
    ['what it includes', `<%= includeTemplate('a') %>`, ['entry', 'a']],
    [
      'what a mix may include, in its order',
      `<%= includeTemplate(weighted({ 'b': 60, "a": 40 })) %>`,
      ['entry', 'b', 'a'],
    ],
    [
      'what branches include',
      `<% if (x) { %><%= includeTemplate('a') %><% } else { %>\n<%= includeTemplate(\`c\`) %><% } %>`,
      ['entry', 'a', 'c'],
    ],
    ['not events', `<% const e = includeEvent('event', 'x') %><%= includeTemplate('a') %>`, ['entry', 'a']],
    ['not what comments name', `<% /* 'b' */ %><%= includeTemplate('a') // 'c'\n %>`, ['entry', 'a']],
    ['not what stands inside of text', `{"url": "<%= includeTemplate('a') %>"}`, ['entry']],
    [
      'what stands alone besides a branch with text',
      `<% if (x) { %>{}<% } else { %><%= includeTemplate('a') %><% } %>`,
      ['entry', 'a'],
    ],
    ['all where the name is computed', `<%= includeTemplate(it.Name) %>`, ['entry', 'a', 'b', 'c', 'event']],
    ['only the entry where it cannot be read', `<%= includeTemplate('a')`, ['entry']],
    ['only the entry where it includes what is not there', `<%= 'x' %>`, ['entry']],
  ];
  for (const [what, entry, labels] of rows) {
    test(what, () => assert.deepEqual(labelsOf({ entry, ...TARGETS }, 'entry'), labels));
  }

  test('through several templates, each once', () => {
    const files = {
      entry: `<%= includeTemplate(pick(['x', 'y'])) %>`,
      x: `<%= includeTemplate('a') %>`,
      y: `<%= includeTemplate(pick(['entry', 'a', 'b'])) %>`,
    };
    assert.deepEqual(labelsOf({ ...files, ...TARGETS }, 'entry'), ['entry', 'x', 'y', 'a', 'b']);
  });

  test('the entry alone where it is not there', () => assert.deepEqual(labelsOf(TARGETS, 'nope'), ['nope']));

  test('32 at most, the last of which is then other', () => {
    const names = Array.from({ length: 40 }, (_, i) => `t${i}`);
    const files = (count: number) => ({
      entry: `<%= includeTemplate(pick(${JSON.stringify(names.slice(0, count))})) %>`,
      ...Object.fromEntries(names.map((name) => [name, '{}'])),
    });
    assert.deepEqual(labelsOf(files(31), 'entry'), ['entry', ...names.slice(0, 31)]);
    const cut = labelsOf(files(32), 'entry');
    assert.deepEqual(cut, ['entry', ...names.slice(0, 30), 'other']);
    assert.deepEqual(labelIndexes(cut, ['t29', 't30', 'entry', 't39']), [30, 31, 0, 31]);
  });

  test('a template without a label is counted under the entry', () => {
    assert.deepEqual(labelIndexes(['entry', 'a'], ['a', 'x', 'entry']), [1, 0, 0]);
  });
});
