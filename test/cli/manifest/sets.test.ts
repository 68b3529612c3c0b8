import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../src/cli/errors.ts';
import { parseSets } from '../../../src/cli/manifest/sets.ts';
import { folderWith } from './files.ts';

const rows: [option: string, name: string, value: string][] = [
  ['BaseURL=http://x/?a=b', 'BaseURL', 'http://x/?a=b'],
  ['_a=', '_a', ''],
  ['A=a\nb', 'A', 'a\nb'],
  ['A=[open', 'A', '[open'],
  ['A= @x', 'A', ' @x'],
];
for (const [option, name, value] of rows) {
  test(`--set ${JSON.stringify(option)}`, async () => {
    assert.deepEqual([...(await parseSets([option]))], [[name, { value, plain: true }]]);
  });
}

test('a value from a file loses one line end', async (t) => {
  const folder = folderWith(t, { unix: 'a\n', windows: 'a\r\n', two: 'a\n\n', none: 'a', bom: '\ufeffa' });
  const expected = { unix: 'a', windows: 'a', two: 'a\n', none: 'a', bom: 'a' };
  for (const [file, value] of Object.entries(expected)) {
    assert.deepEqual((await parseSets([`A=@${join(folder, file)}`])).get('A'), { value, plain: false }, file);
  }
});

test('a value from the environment is as it is there', async () => {
  const sets = await parseSets(['A=env:X', 'B=env:EMPTY'], { X: 'v\n', EMPTY: '' });
  assert.deepEqual(
    [...sets],
    [
      ['A', { value: 'v\n', plain: false }],
      ['B', { value: '', plain: false }],
    ],
  );
});

test('everything that is wrong is told, without a value', async (t) => {
  const folder = folderWith(t, { binary: Buffer.from([0xff]), large: 'x'.repeat(65_537) });
  const options: [option: string, message: RegExp][] = [
    ['hunter2', /^--set "hunter2" is not NAME=value, NAME=@FILE or NAME=env:VARIABLE/],
    ['=hunter2', /^--set "" is not NAME=value/],
    ['1a=hunter2', /^--set "1a" is not/],
    ['a-b=hunter2', /^--set "a-b" is not/],
    ['__proto__=hunter2', /^--set "__proto__" is not/],
    ['L=[hunter2,b]', /^--set L: a list can be given only in the manifest/],
    ['E=env:TAZ_NO_SUCH_VARIABLE', /^--set E: there is no environment variable "TAZ_NO_SUCH_VARIABLE"$/],
    ['F=@/no/such/file', /^--set F: "\/no\/such\/file" cannot be read: no such file/],
    [`G=@${folder}/binary`, /^--set G: ".*binary" is not a text in UTF-8$/],
    [`H=@${folder}/large`, /^--set H: the value is 65537 characters long; at most 65536$/],
    ['J=@/dev/zero', /^--set J: "\/dev\/zero" is too large: it may have 256 KiB$/],
    ['I=hunter2', /^--set I is given twice$/],
  ];
  const error = await parseSets(['I=a', ...options.map(([option]) => option)], {}).catch(
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UsageError);
  assert.equal(error.problems.length, options.length);
  for (const [index, [option, message]] of options.entries()) {
    assert.match(error.problems[index]!, message);
    if (option !== 'hunter2') assert.doesNotMatch(error.problems[index]!, /hunter2/);
  }
});
