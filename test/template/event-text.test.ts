import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventText } from '../../src/template/event-text.ts';
import { createRandom } from '../../src/template/random.ts';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const textOf = (event: EventText) => Buffer.from(event.base64, 'base64').toString();
const create = (text: string, idField = 'messageId') => EventText.create(text, idField);

/** The text with `#1`, `#2` … where ids of ours stand, the same number for the same id. */
function marked(event: EventText): string {
  const ids: string[] = [];
  return textOf(event).replaceAll(new RegExp(UUID, 'g'), (id) => {
    if (!ids.includes(id)) ids.push(id);
    return `#${ids.indexOf(id) + 1}`;
  });
}

describe('an event gets an id where its template sets none, and all its bytes stay', () => {
  const rows: [what: string, text: string, made: string, again: string][] = [
    ['no id', '{"type":"track"}', '{"messageId":"#1","type":"track"}', '{"messageId":"#1","type":"track"}'],
    ['an empty object', '{}', '{"messageId":"#1"}', '{"messageId":"#1"}'],
    ['a blank object', ' { \n} ', ' {"messageId":"#1" \n} ', ' {"messageId":"#1" \n} '],
    [
      'white space',
      '\n{\t"a" : 1 }\r\n',
      '\n{"messageId":"#1",\t"a" : 1 }\r\n',
      '\n{"messageId":"#1",\t"a" : 1 }\r\n',
    ],
    ['an id', '{"messageId":"m-1","a":1}', '{"messageId":"m-1","a":1}', '{"messageId":"#1","a":1}'],
    [
      'an id at the end',
      '{"a":1, "messageId" : "m-1" }',
      '{"a":1, "messageId" : "m-1" }',
      '{"a":1, "messageId" : "#1" }',
    ],
    ['an empty id', '{"messageId":""}', '{"messageId":""}', '{"messageId":"#1"}'],
    ['null for an id', '{"a":1,"messageId":null}', '{"a":1,"messageId":"#1"}', '{"a":1,"messageId":"#1"}'],
    ['a number', '{"messageId":12.5e3,"a":1}', '{"messageId":12.5e3,"a":1}', '{"messageId":"#1","a":1}'],
    ['a number at the end', '{"messageId":7}', '{"messageId":7}', '{"messageId":"#1"}'],
    ['false', '{"messageId":false , "a":1}', '{"messageId":false , "a":1}', '{"messageId":"#1" , "a":1}'],
    [
      'an object',
      '{"messageId":{"x":"}"},"a":1}',
      '{"messageId":{"x":"}"},"a":1}',
      '{"messageId":"#1","a":1}',
    ],
    [
      'an array',
      '{"messageId":[["]"],{}],"a":1}',
      '{"messageId":[["]"],{}],"a":1}',
      '{"messageId":"#1","a":1}',
    ],
    [
      'escapes in the id',
      '{"messageId":"a\\"b\\\\","b":1}',
      '{"messageId":"a\\"b\\\\","b":1}',
      '{"messageId":"#1","b":1}',
    ],
    ['an escaped key', '{"message\\u0049d":"x"}', '{"message\\u0049d":"x"}', '{"message\\u0049d":"#1"}'],
    [
      'a key twice: the last one counts',
      '{"messageId":null,"a":1,"messageId":"x"}',
      '{"messageId":null,"a":1,"messageId":"x"}',
      '{"messageId":"#1","a":1,"messageId":"#1"}',
    ],
    [
      'a key twice, null at last',
      '{"messageId":"x","messageId":null}',
      '{"messageId":"#1","messageId":"#1"}',
      '{"messageId":"#1","messageId":"#1"}',
    ],
    [
      'the same key deeper down is not the id',
      '{"context":{"messageId":"in"},"list":[{"messageId":"in"}],"a":"messageId"}',
      '{"messageId":"#1","context":{"messageId":"in"},"list":[{"messageId":"in"}],"a":"messageId"}',
      '{"messageId":"#1","context":{"messageId":"in"},"list":[{"messageId":"in"}],"a":"messageId"}',
    ],
    [
      'text that looks like an id',
      '{"a":"\\"messageId\\":\\"in\\"","b":"{\\\\","messageId":"m"}',
      '{"a":"\\"messageId\\":\\"in\\"","b":"{\\\\","messageId":"m"}',
      '{"a":"\\"messageId\\":\\"in\\"","b":"{\\\\","messageId":"#1"}',
    ],
    [
      'a longer and a shorter key',
      '{"messageIdx":"1","messageI":"2","messageid":"3"}',
      '{"messageId":"#1","messageIdx":"1","messageI":"2","messageid":"3"}',
      '{"messageId":"#1","messageIdx":"1","messageI":"2","messageid":"3"}',
    ],
    [
      'letters of two, three and four bytes',
      '{"ü":"Ω→😀","messageId":"é","z":"日本"}',
      '{"ü":"Ω→😀","messageId":"é","z":"日本"}',
      '{"ü":"Ω→😀","messageId":"#1","z":"日本"}',
    ],
    [
      'numbers as they are written',
      '{"n":1.0,"e":1E400}',
      '{"messageId":"#1","n":1.0,"e":1E400}',
      '{"messageId":"#1","n":1.0,"e":1E400}',
    ],
    [
      '__proto__ is a key like any other',
      '{"__proto__":{"messageId":"in"}}',
      '{"messageId":"#1","__proto__":{"messageId":"in"}}',
      '{"messageId":"#1","__proto__":{"messageId":"in"}}',
    ],
  ];
  for (const [what, text, made, again] of rows) {
    test(what, () => {
      const event = create(text);
      assert.equal(marked(event), made);
      const renewed = event.renewed();
      assert.equal(marked(renewed), again);
      assert.equal(marked(renewed.renewed()), again);
      assert.equal(marked(event), made, 'what was given out before is not touched');
    });
  }
});

describe('in a batch every element has an id of its own', () => {
  const rows: [what: string, text: string, made: string, again: string][] = [
    [
      'none set',
      '{"batch":[{"a":1},{},{"b":2}],"sentAt":"x"}',
      '{"batch":[{"messageId":"#1","a":1},{"messageId":"#2"},{"messageId":"#3","b":2}],"sentAt":"x"}',
      '{"batch":[{"messageId":"#1","a":1},{"messageId":"#2"},{"messageId":"#3","b":2}],"sentAt":"x"}',
    ],
    [
      'some set, with white space',
      '{ "batch" : [ { "messageId" : "é" } ,\n{"messageId":null}, {"a":[1,2]} ] }',
      '{ "batch" : [ { "messageId" : "é" } ,\n{"messageId":"#1"}, {"messageId":"#2","a":[1,2]} ] }',
      '{ "batch" : [ { "messageId" : "#1" } ,\n{"messageId":"#2"}, {"messageId":"#3","a":[1,2]} ] }',
    ],
    [
      'the same one set twice',
      '{"batch":[{"messageId":"x"},{"messageId":"x"}]}',
      '{"batch":[{"messageId":"x"},{"messageId":"x"}]}',
      '{"batch":[{"messageId":"#1"},{"messageId":"#2"}]}',
    ],
    [
      'one for the batch itself, behind it',
      '{"batch":[{}],"messageId":"b"}',
      '{"batch":[{"messageId":"#1"}],"messageId":"b"}',
      '{"batch":[{"messageId":"#1"}],"messageId":"#2"}',
    ],
    [
      'one for the batch itself, before it',
      '{"messageId":"b","batch":[{}]}',
      '{"messageId":"b","batch":[{"messageId":"#1"}]}',
      '{"messageId":"#1","batch":[{"messageId":"#2"}]}',
    ],
    [
      'null for the batch itself',
      '{"messageId":null,"batch":[{}]}',
      '{"messageId":null,"batch":[{"messageId":"#1"}]}',
      '{"messageId":null,"batch":[{"messageId":"#1"}]}',
    ],
    [
      'a batch inside an element is data',
      '{"batch":[{"batch":[{}]}]}',
      '{"batch":[{"messageId":"#1","batch":[{}]}]}',
      '{"batch":[{"messageId":"#1","batch":[{}]}]}',
    ],
    [
      'the key batch twice: the last one counts',
      '{"batch":[{"x":1},{}],"bat\\u0063h":[{"y":1}]}',
      '{"batch":[{"x":1},{}],"bat\\u0063h":[{"messageId":"#1","y":1}]}',
      '{"batch":[{"x":1},{}],"bat\\u0063h":[{"messageId":"#1","y":1}]}',
    ],
    [
      'empty: an event like any other',
      '{"batch":[]}',
      '{"messageId":"#1","batch":[]}',
      '{"messageId":"#1","batch":[]}',
    ],
    [
      'without objects',
      '{"batch":[1,"x"]}',
      '{"messageId":"#1","batch":[1,"x"]}',
      '{"messageId":"#1","batch":[1,"x"]}',
    ],
    [
      'no array',
      '{"batch":{"0":{}}}',
      '{"messageId":"#1","batch":{"0":{}}}',
      '{"messageId":"#1","batch":{"0":{}}}',
    ],
    [
      'not at the top',
      '{"a":{"batch":[{}]}}',
      '{"messageId":"#1","a":{"batch":[{}]}}',
      '{"messageId":"#1","a":{"batch":[{}]}}',
    ],
  ];
  for (const [what, text, made, again] of rows) {
    test(what, () => {
      const event = create(text);
      assert.equal(marked(event), made);
      assert.equal(marked(event.renewed()), again);
      assert.equal(marked(event.renewed().renewed()), again);
    });
  }
});

test('each renewal has ids that were never there before', () => {
  const seen = new Set<string>();
  let event = create('{"batch":[{},{"messageId":"m"}]}');
  for (let i = 0; i < 500; i++) {
    event = event.renewed();
    for (const id of textOf(event).match(new RegExp(UUID, 'g'))!) seen.add(id);
  }
  assert.equal(seen.size, 1000);
});

test('the id field may have any name', () => {
  for (const field of ['id', 'sch"lüssel', '__proto__', 'constructor', 'batch', 'a/b', 'x\\y', '']) {
    const event = create('{"type":"t"}', field);
    const parsed = JSON.parse(textOf(event.renewed()));
    assert.deepEqual(Object.keys(parsed), [field, 'type']);
    const set = create(JSON.stringify({ type: 't', ['z']: 1 }).replace('"z"', JSON.stringify(field)), field);
    assert.equal(textOf(set), `{"type":"t",${JSON.stringify(field)}:1}`);
    assert.match(textOf(set.renewed()), new RegExp(`:"${UUID}"\\}$`));
  }
  const escaped = create('{"\\u001F":"z"}', '\u001f');
  assert.equal(textOf(escaped), '{"\\u001F":"z"}', 'written as it is not written here');
  assert.equal(marked(escaped.renewed()), '{"\\u001F":"#1"}');
});

test('an id field that is called batch holds an id, whatever stands in it', () => {
  assert.equal(marked(create('{"batch":[{"a":1}]}', 'batch').renewed()), '{"batch":"#1"}');
});

test('an event of megabytes and one of great depth', () => {
  const large = create(`{"messageId":"m","text":"${'ü\\"{['.repeat(500_000)}"}`).renewed();
  assert.equal(JSON.parse(textOf(large)).text, 'ü"{['.repeat(500_000));
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  assert.equal(
    marked(create(`{"deep":${deep},"messageId":"m"}`).renewed()),
    `{"deep":${deep},"messageId":"#1"}`,
  );
});

test('any JSON: only ids differ, and only where they should', () => {
  const random = createRandom('any json', { lane: 0, lanes: 1, replacement: 0 });
  const any = <T>(...choices: (() => T)[]): T => choices[random.int(choices.length)]!();
  const space = () =>
    any(
      () => '',
      () => ' ',
      () => '\r\n\t',
    );
  const string = () =>
    any(
      () => '"messageId"',
      () => '"batch"',
      () => '"a\\"\\\\"',
      () => '"é😀"',
      () => '"{[,:"',
    );
  const value = (depth: number): string =>
    any(
      string,
      () => '-1.5e+3',
      () => 'true',
      () => 'null',
      () => (depth > 3 ? '[]' : array(depth + 1)),
      () => (depth > 3 ? '{}' : object(depth + 1)),
    );
  const list = (item: () => string) => Array.from({ length: random.int(4) }, item).join(',');
  const padded = (text: string) => `${space()}${text}${space()}`;
  const array = (depth: number) => `[${list(() => padded(value(depth))) || space()}]`;
  const object = (depth: number): string =>
    `{${list(() => `${padded(string())}:${padded(value(depth))}`) || space()}}`;
  const expected = (event: Record<string, unknown>, renewed: boolean): unknown => {
    const withId = (o: Record<string, unknown>) => ({
      ...o,
      messageId: renewed || (o.messageId ?? null) === null ? 'ID' : o.messageId,
    });
    const { batch } = event;
    if (!Array.isArray(batch) || !batch.some(isObject)) return withId(event);
    const own = renewed && (event.messageId ?? null) !== null ? { messageId: 'ID' } : {};
    return { ...event, ...own, batch: batch.map(withId) };
  };
  const isObject = (x: unknown) => typeof x === 'object' && x !== null && !Array.isArray(x);
  const normal = (text: string) => JSON.parse(text.replaceAll(new RegExp(UUID, 'g'), 'ID'));
  let batches = 0;
  for (let i = 0; i < 5000; i++) {
    const inner = object(0).slice(1, -1);
    const elements = `"batch":[${list(() => padded(object(1)))}]`;
    const text = padded(
      i % 2 === 0 ? `{${inner}}` : `{${inner.trim() === '' ? '' : `${inner},`}${elements}}`,
    );
    const event = JSON.parse(text);
    const objects = Array.isArray(event.batch) ? event.batch.filter(isObject).length : 0;
    if (objects > 0 && objects < event.batch.length) {
      assert.throws(() => create(text), /batch/);
      continue;
    }
    if (objects > 0) batches++;
    const made = create(text);
    assert.deepEqual(normal(textOf(made)), expected(event, false), text);
    assert.deepEqual(normal(textOf(made.renewed())), expected(event, true), text);
    assert.deepEqual(normal(textOf(made.renewed().renewed())), expected(event, true), text);
  }
  assert.ok(batches > 1000, `${batches} batches`);
});

test('what is no JSON object is refused', () => {
  const rows: [string, RegExp][] = [
    ['', /^is no JSON object: Unexpected end/],
    ['{"a":1,}', /^is no JSON object: .*position 7/],
    ['{"a":1}{"b":2}', /^is no JSON object: /],
    ['{"a":\n\n nope}', /^is no JSON object: [^\n]*$/],
    ['\uFEFF{}', /^is no JSON object: /],
    ['[{"a":1}]', /^is no JSON object but an array$/],
    ['null', /^is no JSON object but null$/],
    ['"{}"', /^is no JSON object but a string$/],
    ['12', /^is no JSON object but a number$/],
    ['{"batch":[{},null]}', /^has a batch whose element 1 is no JSON object but null$/],
    ['{"batch":[[],{}]}', /^has a batch whose element 0 is no JSON object but an array$/],
  ];
  for (const [text, message] of rows) assert.throws(() => create(text), { message });
});
