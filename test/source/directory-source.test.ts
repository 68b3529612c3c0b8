import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectorySource } from '../../src/source/directory-source.ts';
import type { View } from '../../src/source/source.ts';
import { folderWith } from '../cli/manifest/files.ts';
import { surroundings } from './surroundings.ts';

const TEXTS = { as: 'texts' as const, maxFiles: 100, maxBytes: 100_000, what: 'templates', advice: '' };
const { signal } = new AbortController();

function open(t: TestContext, path: string): DirectorySource {
  const source = new DirectorySource(path, '/', TEXTS);
  t.after(() => source.close());
  return source;
}

const look = (source: DirectorySource): Promise<View> => source.look(surroundings(), signal);
const texts = ({ files }: View): Record<string, string> =>
  Object.fromEntries(files.map((file) => [file.name, 'text' in file ? file.text : file.path]));

/** Writes as most editors do: a new file beside, then its name. */
function saveByRename(path: string, text: string): void {
  writeFileSync(`${path}.new~`, text);
  renameSync(`${path}.new~`, path);
}

/** A folder as a ConfigMap is mounted: links to files below `..data`, which is itself a link that is exchanged. */
function mountVersion(folder: string, version: string, files: Record<string, string>): void {
  mkdirSync(join(folder, `..${version}`));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `..${version}`, name), text);
  symlinkSync(`..${version}`, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
}

describe('looks', () => {
  test('an unchanged folder gives the same view', async (t) => {
    const source = open(t, folderWith(t, { 'a.json': 'a', 'sub/b.json': 'b' }));
    const first = await look(source);
    assert.deepEqual(texts(first), { 'a.json': 'a', 'sub/b.json': 'b' });
    assert.equal(await look(source), first);
  });

  test('whatever changes gives another', async (t) => {
    const folder = folderWith(t, { 'a.json': 'a', 'b.json': 'b' });
    const source = open(t, folder);
    await look(source);
    const a = join(folder, 'a.json');
    writeFileSync(a, 'A');
    assert.deepEqual(texts(await look(source)), { 'a.json': 'A', 'b.json': 'b' });
    saveByRename(a, 'saved');
    assert.deepEqual(texts(await look(source)), { 'a.json': 'saved', 'b.json': 'b' });
    unlinkSync(a);
    assert.deepEqual(texts(await look(source)), { 'b.json': 'b' });
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub/c.json'), 'c');
    assert.deepEqual(texts(await look(source)), { 'b.json': 'b', 'sub/c.json': 'c' });
  });

  test('also of the same size and with the time of before', async (t) => {
    const folder = folderWith(t, { 'a.json': 'one' });
    const path = join(folder, 'a.json');
    utimesSync(path, 1000, 1000);
    const source = open(t, folder);
    await look(source);
    writeFileSync(path, 'two');
    utimesSync(path, 1000, 1000);
    assert.deepEqual(texts(await look(source)), { 'a.json': 'two' });
  });

  test('a mounted ConfigMap is exchanged as a whole, never half', async (t) => {
    const folder = folderWith(t, {});
    const version = (n: number) => ({ 'a.json': String(n), 'b.json': String(n) });
    mountVersion(folder, '1', version(1));
    for (const name of ['a.json', 'b.json']) symlinkSync(join('..data', name), join(folder, name));
    const source = open(t, folder);
    await look(source);
    const swapped = new AbortController();
    void (async () => {
      for (let n = 2; n <= 60; n++) {
        mountVersion(folder, String(n), version(n));
        await sleep(n % 10 === 0 ? 120 : 3);
      }
      swapped.abort();
    })();
    const seen = new Set<string>();
    while (!swapped.signal.aborted) {
      const found = texts(await look(source).catch(() => ({ files: [] })));
      assert.equal(found['a.json'], found['b.json']);
      seen.add(String(found['a.json']));
    }
    assert.ok(seen.size > 3, `${seen.size} versions seen`);
    assert.deepEqual(texts(await look(source)), version(60));
  });

  test('a file that is not there for a moment is waited for', async (t) => {
    const folder = folderWith(t, { 'a.json': 'a', 'b.json': 'b' });
    const source = open(t, folder);
    await look(source);
    renameSync(join(folder, 'a.json'), join(folder, '.a.json.bak'));
    const looking = look(source);
    await sleep(20);
    writeFileSync(join(folder, 'a.json'), 'new');
    assert.deepEqual(texts(await looking), { 'a.json': 'new', 'b.json': 'b' });
  });

  test('a folder that is gone is an error, and all right again when it is back', async (t) => {
    const folder = folderWith(t, { 't/a.json': 'a' });
    const source = open(t, join(folder, 't'));
    await look(source);
    rmSync(join(folder, 't'), { recursive: true });
    await assert.rejects(
      look(source),
      /^MovedError: the folder ".*t" .* cannot be read: no such file or directory/,
    );
    mkdirSync(join(folder, 't'));
    writeFileSync(join(folder, 't/a.json'), 'back');
    assert.deepEqual(texts(await look(source)), { 'a.json': 'back' });
  });

  test('a file that is too large is not read', async (t) => {
    const source = open(t, folderWith(t, { 'a.json': 'x'.repeat(100_001) }));
    await assert.rejects(look(source), /"a\.json"|a\.json" has 100001 bytes: all files together may have/);
  });
});

describe('watching', () => {
  /** @returns how often a change was heard of so far */
  async function watched(
    t: TestContext,
    path: string,
  ): Promise<{ source: DirectorySource; heard: () => number }> {
    const source = open(t, path);
    let count = 0;
    source.watch(() => count++);
    await look(source);
    await sleep(20);
    count = 0;
    return { source, heard: () => count };
  }

  /** Until it is heard of, within a time that no poll would need. */
  async function isHeard(heard: () => number): Promise<boolean> {
    const before = heard();
    for (let i = 0; i < 200 && heard() === before; i++) await sleep(10);
    return heard() > before;
  }

  const changes: [what: string, change: (folder: string) => void][] = [
    ['a file written in place', (folder) => appendFileSync(join(folder, 'a.json'), 'x')],
    ['a file saved by renaming', (folder) => saveByRename(join(folder, 'a.json'), 'new')],
    ['a new file', (folder) => writeFileSync(join(folder, 'c.json'), '')],
    ['a file that goes', (folder) => unlinkSync(join(folder, 'a.json'))],
    ['a file in a folder below', (folder) => writeFileSync(join(folder, 'sub/b.json'), 'new')],
  ];
  for (const [what, change] of changes) {
    test(what, async (t) => {
      const folder = folderWith(t, { 'a.json': 'a', 'sub/b.json': 'b' });
      const { heard } = await watched(t, folder);
      change(folder);
      assert.ok(await isHeard(heard));
    });
  }

  test('a folder that comes later', async (t) => {
    const folder = folderWith(t, { 'a.json': 'a' });
    const { source, heard } = await watched(t, folder);
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub/b.json'), 'b');
    assert.ok(await isHeard(heard));
    await look(source);
    writeFileSync(join(folder, 'sub/b.json'), 'new');
    assert.ok(await isHeard(heard));
  });

  test('a mounted ConfigMap, of which one file is meant', async (t) => {
    const folder = folderWith(t, {});
    mountVersion(folder, '1', { 'a.json': '1' });
    symlinkSync(join('..data', 'a.json'), join(folder, 'a.json'));
    const { source, heard } = await watched(t, join(folder, 'a.json'));
    mountVersion(folder, '2', { 'a.json': '2' });
    assert.ok(await isHeard(heard));
    assert.deepEqual(texts(await look(source)), { 'a.json': '2' });
  });

  test('a single file, and not its neighbours', async (t) => {
    const folder = folderWith(t, { 'a.json': 'a', 'b.json': 'b' });
    const { heard } = await watched(t, join(folder, 'a.json'));
    writeFileSync(join(folder, 'b.json'), 'new');
    await sleep(50);
    assert.equal(heard(), 0);
    saveByRename(join(folder, 'a.json'), 'new');
    assert.ok(await isHeard(heard));
  });

  test('a folder that took the place of another is watched after the next look', async (t) => {
    const folder = folderWith(t, { 'now/a.json': '1', 'next/a.json': '2' });
    const { source, heard } = await watched(t, join(folder, 'now'));
    renameSync(join(folder, 'now'), join(folder, 'old'));
    renameSync(join(folder, 'next'), join(folder, 'now'));
    assert.deepEqual(texts(await look(source)), { 'a.json': '2' });
    await sleep(20);
    writeFileSync(join(folder, 'now/a.json'), '3');
    assert.ok(await isHeard(heard));
  });

  test('a closed source says nothing more', async (t) => {
    const folder = folderWith(t, { 'a.json': 'a' });
    const { source, heard } = await watched(t, folder);
    source.close();
    writeFileSync(join(folder, 'a.json'), 'new');
    await sleep(50);
    assert.equal(heard(), 0);
  });
});
