import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementsOf, membersOf, skipSpace } from '../../src/template/json-scan.ts';
import { createRandom } from '../../src/template/random.ts';

const bytesOf = (text: string) => Buffer.from(text);

/** Whether the scanner takes the text for one object and nothing behind it. */
function isTaken(text: string): boolean {
  const bytes = bytesOf(text);
  const object = bytes[0] === 0x7b ? membersOf(bytes, 0) : null;
  return object !== null && skipSpace(bytes, object.end) === bytes.length;
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) && text.startsWith('{');
  } catch {
    return false;
  }
}

test('members and elements stand where they are written', () => {
  const text = '{"a" : [1, {"b":"}"} ,"é"],"c":null}';
  const bytes = bytesOf(text);
  const show = ({ start, end }: { start: number; end: number }) => bytes.toString('utf8', start, end);
  const { members, end } = membersOf(bytes, 0)!;
  assert.equal(end, bytes.length);
  assert.deepEqual(
    members.map(({ key, value }) => [show(key), show(value)]),
    [
      ['"a"', '[1, {"b":"}"} ,"é"]'],
      ['"c"', 'null'],
    ],
  );
  assert.deepEqual(elementsOf(bytes, members[0]!.value.start).map(show), ['1', '{"b":"}"}', '"é"']);
});

for (const value of [
  '-',
  '01',
  '1.',
  '.5',
  '1e',
  '1e+',
  '+1',
  '0x1',
  'NaN',
  'tru',
  'nulll',
  'True',
  "'a'",
  '"a',
  '"\\x"',
  '"\\u12G4"',
  '"\\u12"',
  '"a\nb"',
  '"\t"',
  '[1,]',
  '[,1]',
  '[1 2]',
  '[',
  '{',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{a:1}',
  '{"a":1]',
  '[1}',
  '',
  '"\\',
  '1 1',
  '[1]]',
  '\u00a01',
]) {
  test(`${JSON.stringify(value)} is no value`, () => {
    assert.equal(isTaken(`{"k":${value}}`), false);
    assert.equal(isObject(`{"k":${value}}`), false);
  });
}

test('100,000 levels do not exhaust the stack', () => {
  const deep = 100_000;
  assert.ok(isTaken(`{"k":${'['.repeat(deep)}${']'.repeat(deep)}}`));
  assert.equal(isTaken(`{"k":${'['.repeat(deep)}}`), false);
});

test('says the same as JSON.parse of 50,000 texts, most of them broken in one place', () => {
  const random = createRandom('scan', { lane: 0, lanes: 1, replacement: 0 });
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u00e9',
    '1',
    '-0.5e3',
    'true',
    'null',
    ' ',
    '\n',
    'é',
    'x',
  ];
  const any = () => pieces[random.int(pieces.length)]!;
  const value = (depth: number): string => {
    switch (random.int(depth > 3 ? 4 : 6)) {
      case 0:
        return String(random.float() * 1e6 - 5e5);
      case 1:
        return JSON.stringify('aé"\\\n'.slice(random.int(5)));
      case 2:
        return ['true', 'false', 'null'][random.int(3)]!;
      case 3:
        return `"${['', '\\u00e9', '\\/\\b', '😀'][random.int(4)]}"`;
      case 4:
        return `[${Array.from({ length: random.int(3) }, () => value(depth + 1)).join(' , ')}]`;
      default:
        return object(depth + 1);
    }
  };
  const object = (depth: number): string =>
    `{${Array.from({ length: random.int(3) }, (_, i) => `"${'k'.repeat(i)}" :\t${value(depth)}`).join(',')}}`;
  let valid = 0;
  for (let n = 0; n < 50_000; n++) {
    let text = object(0);
    if (random.int(4) > 0) {
      const at = random.int(text.length + 1);
      text = text.slice(0, at) + any() + text.slice(at + random.int(2));
    }
    assert.equal(isTaken(text), isObject(text), text);
    if (isObject(text)) valid++;
  }
  assert.ok(valid > 10_000 && valid < 45_000, `${valid} were valid`);
});
