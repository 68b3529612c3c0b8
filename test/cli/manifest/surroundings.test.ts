import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { UsageError } from '../../../src/cli/errors.ts';
import { loadManifest } from '../../../src/cli/manifest/load.ts';
import { parseSets } from '../../../src/cli/manifest/sets.ts';
import { lookAroundIn } from '../../../src/cli/manifest/surroundings.ts';
import { folderWith, loadTestYaml } from './files.ts';

const object = (kind: string, name: string, data: string, namespace = 'default') =>
  `---\napiVersion: v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\n${kind === 'Secret' ? 'stringData' : 'data'}: ${data}\n`;

const none = async () => new Map<string, never>();

test('what stands beside the test is read again where its file has changed', async (t) => {
  const folder = folderWith(t, {
    'test.yaml': loadTestYaml('one') + object('ConfigMap', 'c', '{ region: eu }'),
    'secret.yaml': object('Secret', 's', '{ token: one }') + object('Secret', 's', '{ token: x }', 'other'),
  });
  const files = ['test.yaml', 'secret.yaml'].map((name) => join(folder, name));
  const look = lookAroundIn(files, await loadManifest(files), none);
  const found = async () => {
    const { configMaps, secrets } = await look();
    return [Object.fromEntries(configMaps), Object.fromEntries(secrets)];
  };
  assert.deepEqual(await found(), [{ c: { region: 'eu' } }, { s: { token: 'one' } }]);
  writeFileSync(files[1]!, object('Secret', 's', '{ token: two }') + object('Secret', 't', '{ k: v }'));
  assert.deepEqual(await found(), [{ c: { region: 'eu' } }, { s: { token: 'two' }, t: { k: 'v' } }]);
  const before = await look();
  assert.equal((await look()).secrets, before.secrets, 'unchanged files are not parsed again');
  writeFileSync(files[0]!, loadTestYaml('one'));
  assert.deepEqual(await found(), [{}, { s: { token: 'two' }, t: { k: 'v' } }]);
});

test('a change between the reading of the files and the first look is found at the second', async (t) => {
  const file = join(
    folderWith(t, { 'a.yaml': loadTestYaml('one') + object('Secret', 's', '{ k: 1a }') }),
    'a.yaml',
  );
  const manifest = await loadManifest([file]);
  writeFileSync(file, loadTestYaml('one') + object('Secret', 's', '{ k: 2b }'));
  const look = lookAroundIn([file], manifest, none);
  await look();
  assert.deepEqual(Object.fromEntries((await look()).secrets), { s: { k: '2b' } });
});

test('a file that is wrong is an error at each look, until it is right again', async (t) => {
  const file = join(folderWith(t, { 'a.yaml': loadTestYaml('one') }), 'a.yaml');
  const look = lookAroundIn([file], await loadManifest([file]), none);
  await look();
  writeFileSync(file, 'a: [');
  await assert.rejects(look(), UsageError);
  await assert.rejects(look(), UsageError);
  rmSync(file);
  await assert.rejects(look(), /a\.yaml cannot be read: no such file or directory/);
  writeFileSync(file, object('ConfigMap', 'c', '{ k: v }'));
  assert.deepEqual(Object.fromEntries((await look()).configMaps), { c: { k: 'v' } });
});

test('standard input is read once, and stays', async (t) => {
  const file = join(folderWith(t, { 'c.yaml': object('ConfigMap', 'c', '{ k: 1a }') }), 'c.yaml');
  const stdin = Readable.from([Buffer.from(loadTestYaml('one') + object('Secret', 's', '{ token: t }'))]);
  const look = lookAroundIn(['-', file], await loadManifest(['-', file], { stdin }), none);
  await look();
  writeFileSync(file, object('ConfigMap', 'c', '{ k: 2b }'));
  const { configMaps, secrets } = await look();
  assert.deepEqual(Object.fromEntries(configMaps), { c: { k: '2b' } });
  assert.deepEqual(Object.fromEntries(secrets), { s: { token: 't' } });
});

test('files that --set names are read at each look', async (t) => {
  const folder = folderWith(t, { 'a.yaml': loadTestYaml('one'), token: 'one\n' });
  const file = join(folder, 'a.yaml');
  const readSets = () => parseSets([`Token=@${join(folder, 'token')}`, 'Plain=x']);
  const look = lookAroundIn([file], await loadManifest([file]), readSets);
  assert.equal((await look()).sets.get('Token')!.value, 'one');
  writeFileSync(join(folder, 'token'), 'two\n');
  assert.equal((await look()).sets.get('Token')!.value, 'two');
  rmSync(join(folder, 'token'));
  await assert.rejects(look(), /--set Token: ".*token" cannot be read: no such file or directory/);
});
