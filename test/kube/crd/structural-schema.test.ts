import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { matching, schemaNotes } from '../../../src/api/schema/cel.ts';
import {
  choice,
  duration,
  fields,
  flag,
  integer,
  list,
  map,
  rate,
  text,
} from '../../../src/api/schema/kinds.ts';
import { structuralSchema } from '../../../src/kube/crd/structural-schema.ts';

const schemaOf = (schema: z.ZodType) =>
  structuralSchema(fields({ x: schema }), { path: 'spec' }).properties!['x'];

test('each kind of field has its form', () => {
  assert.deepEqual(schemaOf(flag().default(true)), { type: 'boolean', default: true });
  assert.deepEqual(schemaOf(integer(1, 10)), { type: 'integer', format: 'int32', minimum: 1, maximum: 10 });
  assert.deepEqual(schemaOf(z.int().min(0)), {
    type: 'integer',
    format: 'int64',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  });
  assert.deepEqual(schemaOf(choice('A', 'B')), { type: 'string', enum: ['A', 'B'] });
  assert.deepEqual(schemaOf(text(0, 9)), { type: 'string', maxLength: 9 });
  assert.deepEqual(schemaOf(list(text(1, 9), 'words', 1, 3)), {
    type: 'array',
    minItems: 1,
    maxItems: 3,
    items: { type: 'string', minLength: 1, maxLength: 9 },
    'x-kubernetes-list-type': 'atomic',
  });
  assert.deepEqual(schemaOf(fields({ a: flag(), b: flag().optional() }).prefault({ a: true })), {
    type: 'object',
    required: ['a'],
    properties: { a: { type: 'boolean' }, b: { type: 'boolean' } },
    default: { a: true },
  });
});

test('a check of a text is a rule that says the value', () => {
  assert.deepEqual(schemaOf(text(1, 9, 'a word', matching(/^[a-z]+$/, /^__/))), {
    type: 'string',
    minLength: 1,
    maxLength: 9,
    'x-kubernetes-validations': [
      {
        rule: "self.matches(r'^[a-z]+$') && !self.matches(r'^__')",
        message: 'must be a word',
        messageExpression: `'"' + self + '"' + ' is not a word'`,
      },
    ],
  });
});

test('a long value is cut off in the message', () => {
  const [rule] = schemaOf(text(1, 99, 'a word', matching(/^a/)))!['x-kubernetes-validations']!;
  assert.match(rule!.messageExpression!, /self\.substring\(0, 59\) \+ '…'/);
});

test('names of a map are checked as a whole', () => {
  const { 'x-kubernetes-validations': rules, ...rest } = schemaOf(
    map(text(1, 3), text(0, 5), 'words', 4, 1),
  )!;
  assert.deepEqual(rest, {
    type: 'object',
    minProperties: 1,
    maxProperties: 4,
    additionalProperties: { type: 'string', maxLength: 5 },
  });
  assert.deepEqual(rules, [
    {
      rule: 'self.all(key, size(key) >= 1 && size(key) <= 3)',
      message: 'each name must have 1 to 3 characters',
    },
  ]);
});

test('rates and durations are rules', () => {
  assert.equal(schemaOf(rate('over 0'))!['x-kubernetes-validations']!.length, 2);
  const [rule] = schemaOf(duration('1s', '1h'))!['x-kubernetes-validations']!;
  assert.match(
    rule!.rule,
    / && duration\(self\) >= duration\('1s'\) && duration\(self\) <= duration\('1h'\)$/,
  );
});

test('what is not our own is kept as it is', () => {
  const overlay = z.record(z.string(), z.unknown()).register(schemaNotes, { opaque: true });
  assert.deepEqual(schemaOf(overlay), { type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
});

test('a rule stands at its map and names its field', () => {
  const rule = {
    path: 'spec.a',
    field: 'b[0].c',
    holds: () => true,
    message: 'm',
    cel: { holds: 'has(self.b)\n   || true' },
  };
  const schema = structuralSchema(fields({ a: fields({ b: flag() }) }), { path: 'spec', rules: [rule] });
  assert.deepEqual(schema.properties!['a']!['x-kubernetes-validations'], [
    { rule: 'has(self.b) || true', message: 'm', fieldPath: '.b' },
  ]);
});

test('what would be lost is refused, with its path', () => {
  const rows: [name: string, schema: z.ZodType, message: RegExp][] = [
    [
      'a check without CEL',
      z
        .string()
        .max(3)
        .refine(() => true),
      /^spec\.x: has a check of its own and no CEL/,
    ],
    ['a check after the CEL', text(0, 3).refine(() => true), /^spec\.x: has a check of its own and no CEL/],
    ['a text without a bound', z.string(), /^spec\.x: is a text without a bound$/],
    ['a pattern', z.string().max(3).regex(/a/), /^spec\.x: pattern cannot be expressed$/],
    ['a list without a bound', z.array(flag()), /^spec\.x: is a list without a bound$/],
    ['a map without a bound', z.record(z.string(), z.string()), /^spec\.x: is a map without bounds$/],
    ['a number that is none of whole ones', z.number(), /^spec\.x: has no type/],
    ['a map of any fields', z.object({ a: flag() }), /^spec\.x: must take no other fields$/],
    ['a choice of maps', z.union([flag(), text(0, 3)]), /^spec\.x: is a choice of boolean and string$/],
    ['anything', z.unknown(), /^spec\.x: has no type/],
  ];
  for (const [name, schema, message] of rows) {
    assert.throws(() => schemaOf(schema), { name: 'TypeError', message }, name);
  }
  const none = fields({ x: flag() });
  const rule = { path: 'spec.y', holds: () => true, message: 'm', cel: { holds: 'true' } };
  assert.throws(
    () => structuralSchema(none, { path: 'spec', rules: [rule] }),
    /^TypeError: spec\.y: is not a field/,
  );
  assert.throws(
    () => structuralSchema(none, { path: 'spec', listKeys: { 'spec.z': 'a' } }),
    /spec\.z: is not a field/,
  );
});

test('a regular expression that RE2 reads otherwise is refused', () => {
  for (const wrong of [/a/i, /(?=a)/, /(?<!a)/, /\bword/, /\d/, /'/])
    assert.throws(() => matching(wrong).cel('self'), TypeError, wrong.source);
});
