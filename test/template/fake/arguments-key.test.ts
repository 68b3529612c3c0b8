import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentsKey } from '../../../src/template/fake/arguments-key.ts';

test('equal arguments have equal keys', () => {
  const make = () => [
    { min: 1, max: 2.5, deep: { list: ['a', null, undefined] } },
    /x+/gi,
    new Date(7),
    5n,
    true,
  ];
  assert.notEqual(argumentsKey(make()), undefined);
  assert.equal(argumentsKey(make()), argumentsKey(make()));
  assert.equal(argumentsKey([]), '');
});

test('other arguments have other keys, however alike they look', () => {
  const rows: unknown[][] = [
    [],
    [undefined],
    [null],
    [''],
    ['a'],
    ['a', 'b'],
    ['ab'],
    ['a', 'b', ''],
    ['as1:b'],
    ['1'],
    [1],
    [12],
    [1, 2],
    [1n],
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [true],
    ['true'],
    [false],
    [[]],
    [[[]]],
    [[], []],
    [{}],
    [{}, {}],
    [{ a: 1 }],
    [{ a: '1' }],
    [{ a: undefined }],
    [{ a: 1, b: 2 }],
    [{ a: { b: 2 } }],
    [{ ab: 2 }],
    [/a/],
    [/a/i],
    [/b/],
    ['/a/'],
    [new Date(1)],
    [new Date(2)],
  ];
  const keys = rows.map((row) => argumentsKey(row));
  assert.ok(keys.every((key) => key !== undefined));
  assert.equal(new Set(keys).size, rows.length);
});

test('what a short text cannot tell apart has no key', () => {
  const circle: unknown[] = [];
  circle.push(circle);
  let deep: unknown = 1;
  for (let i = 0; i < 10; i++) deep = { deep };
  const rows: unknown[] = [
    () => 1,
    Symbol('s'),
    new Map([[1, 2]]),
    new (class A {
      a = 1;
    })(),
    circle,
    deep,
    'x'.repeat(1001),
    Array(2000).fill(1),
    Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`member${i}`, i])),
    [[{ a: () => 1 }]],
  ];
  for (const row of rows) assert.equal(argumentsKey([row]), undefined);
});
