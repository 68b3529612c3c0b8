import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { UsageError } from '../../../src/cli/errors.ts';
import { parseYaml } from '../../../src/cli/manifest/yaml.ts';

suite('unquoted scalars are what kubectl takes them for', () => {
  const rows: [text: string, value: unknown][] = [
    ['y', true],
    ['Y', true],
    ['yes', true],
    ['Yes', true],
    ['YES', true],
    ['on', true],
    ['On', true],
    ['ON', true],
    ['true', true],
    ['True', true],
    ['TRUE', true],
    ['n', false],
    ['N', false],
    ['no', false],
    ['No', false],
    ['NO', false],
    ['off', false],
    ['Off', false],
    ['OFF', false],
    ['false', false],
    ['False', false],
    ['FALSE', false],
    ['yES', 'yES'],
    ['yep', 'yep'],
    ['tRUE', 'tRUE'],
    ['oN', 'oN'],
    ['~', null],
    ['null', null],
    ['Null', null],
    ['NULL', null],
    ['nULL', 'nULL'],
    ['nil', 'nil'],
    ['0', 0],
    ['5', 5],
    ['+5', 5],
    ['-5', -5],
    ['010', 8],
    ['-010', -8],
    ['0o17', 15],
    ['0O17', 15],
    ['0x1F', 31],
    ['0X1f', 31],
    ['0b11', 3],
    ['-0b11', -3],
    ['1_000', 1000],
    ['08', 8],
    ['09.5', 9.5],
    ['1.5', 1.5],
    ['1.', 1],
    ['.5', 0.5],
    ['-.5', -0.5],
    ['1e3', 1000],
    ['1.5e-3', 0.0015],
    ['99.9', 99.9],
    ['.inf', Number.POSITIVE_INFINITY],
    ['+.Inf', Number.POSITIVE_INFINITY],
    ['-.INF', Number.NEGATIVE_INFINITY],
    ['.nan', Number.NaN],
    ['1:30', '1:30'],
    ['190:20:30', '190:20:30'],
    ['2001-12-14', '2001-12-14'],
    ['2001-12-14t21:59:43Z', '2001-12-14t21:59:43Z'],
    ['5000/s', '5000/s'],
    ['6/m', '6/m'],
    ['90%', '90%'],
    ['0.5%', '0.5%'],
    ['1h30m', '1h30m'],
    ['100ms', '100ms'],
    ['200-299', '200-299'],
    ['_1', '_1'],
    ['0x', '0x'],
    ['12e', '12e'],
    ['.', '.'],
    ['1e3/s', '1e3/s'],
    ['0b12', '0b12'],
    ['Infinity', 'Infinity'],
    ['NaN', 'NaN'],
    ['"y"', 'y'],
    ["'010'", '010'],
    ['"\\u00e9\\ud83d\\ude00"', 'é😀'],
    ['!!str 5', '5'],
    ['!!int "5"', 5],
  ];
  for (const [text, value] of rows) {
    test(text, () => assert.deepEqual(parseYaml(`a: ${text}`, 'f'), [{ a: value }]));
  }
  test('nothing at all is null', () => assert.deepEqual(parseYaml('a:\nb: ', 'f'), [{ a: null, b: null }]));
  test('as keys too', () =>
    assert.deepEqual(parseYaml('on: 1\n010: 2\nx: 3', 'f'), [{ true: 1, '8': 2, x: 3 }]));
  test('a %YAML directive changes nothing', () =>
    assert.deepEqual(parseYaml('%YAML 1.2\n---\na: on', 'f'), [{ a: true }]));
});

test('documents, comments, an end mark, a byte order mark and Windows line ends', () => {
  assert.deepEqual(parseYaml('\ufeff# c\r\n---\r\na: 1\r\n...\r\n---\r\n---\r\nb: 2\r\n', 'f'), [
    { a: 1 },
    { b: 2 },
  ]);
  assert.deepEqual(parseYaml('', 'f'), []);
  assert.deepEqual(parseYaml('# only this\n---\n', 'f'), []);
});

test('JSON is read, with tabs and escapes', () => {
  assert.deepEqual(parseYaml('{\n\t"a":\t[1, "x\\/y\\t", null, true],\n\t"b": {}\n}', 'f'), [
    { a: [1, 'x/y\t', null, true], b: {} },
  ]);
});

test('block texts keep their lines', () => {
  assert.deepEqual(parseYaml('a: |\n  x\n   y\nb: >-\n  x\n  y\n', 'f'), [{ a: 'x\n y\n', b: 'x y' }]);
});

test('anchors and merged maps serve', () => {
  assert.deepEqual(parseYaml('x: &x { a: 1, b: 2 }\nz: { <<: *x, b: 3 }\nl: [*x, *x]', 'f'), [
    {
      x: { a: 1, b: 2 },
      z: { a: 1, b: 3 },
      l: [
        { a: 1, b: 2 },
        { a: 1, b: 2 },
      ],
    },
  ]);
});

test('64 levels are read, 65 are not', () => {
  assert.equal(parseYaml('['.repeat(64) + ']'.repeat(64), 'f').length, 1);
  assert.throws(
    () => parseYaml('['.repeat(65) + ']'.repeat(65), 'f'),
    /^UsageError: f:1:65: is nested more than 64 deep$/,
  );
});

suite('what is wrong is told with file, line and column', () => {
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 10; i++)
    laughs.push(
      `a${i}: &a${i} [${Array(9)
        .fill(i === 1 ? '*a' : `*a${i - 1}`)
        .join(', ')}]`,
    );
  const rows: [name: string, text: string, message: RegExp][] = [
    ['a tab', 'a:\n\tb: 1', /^f:2:1: Tabs/],
    ['a repeated key', 'b:\n  a: 1\n  c: 2\n  a: 3', /^f:4:3: the key "a" is there twice$/],
    ['keys that are one in JSON', '1: a\n"1": b', /^f:2:1: the key "1" is there twice$/],
    ['a repeated key in the second document', 'a: 1\n---\nb: 1\nb: 2', /^f:4:1: the key "b"/],
    ['__proto__', 'a:\n  "__proto__": 1', /^f:2:3: __proto__ cannot be a key$/],
    ['a map as key', '? [a]\n: b', /^f:1:3: a key must be a text$/],
    ['no key', ': b', /^f:1:1: a key must be a text$/],
    ['an unknown tag', 'a: !x y', /^f:1:4: Unresolved tag: !x$/],
    ['a circle', 'a: &a\n  b: [*a]', /^f:2:7: the alias "a" stands within what it stands for$/],
    ['a circle by merging', 'a: &a\n  <<: *a', /^f:2:7: the alias "a" stands within/],
    ['a tag without end', `a: !${'x'.repeat(1_000_000)} y`, /^f:1:4: Unresolved tag: !x{100,200}…$/],
    ['an alias of nothing', 'a: *b', /^f: Unresolved alias.*: b$/],
    ['a billion laughs', laughs.join('\n'), /^f: its aliases would make it grow without bound/],
    ['a text that is open at its end', '{"a": [', /^f:1:[0-9]+: /],
    ['depth without an end', '['.repeat(50_000), /^f:.*nested more than 64 deep$/],
    [
      'depth by indentation',
      Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      /^f:.*nested more than 64 deep$/,
    ],
    ['depth by dashes', `${'- '.repeat(20_000)}a`, /^f:.*nested more than 64 deep$/],
    [
      'very many values',
      `[${'1,'.repeat(1_000_000)}]`,
      /^f: is too large: more than 300000 names and values$/,
    ],
    ['very many keys', Array.from({ length: 200_000 }, (_, i) => `k${i}: v`).join('\n'), /^f: is too large/],
  ];
  for (const [name, text, message] of rows) {
    test(name, () => {
      const started = performance.now();
      assert.throws(
        () => parseYaml(text, 'f'),
        (error: Error) => {
          assert.ok(error instanceof UsageError, error.stack);
          assert.match(error.message, message);
          return true;
        },
      );
      assert.ok(performance.now() - started < 5000);
    });
  }
});

test('a map of many keys is checked in time that grows with their number only', () => {
  const text = Array.from({ length: 40_000 }, (_, i) => `k${i}: v`).join('\n');
  const started = performance.now();
  assert.equal(parseYaml(text, 'f').length, 1);
  assert.ok(performance.now() - started < 10_000);
});
