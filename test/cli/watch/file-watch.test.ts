import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { FileWatch, type FileWatchOptions } from '../../../src/cli/watch/file-watch.ts';
import { folderWith } from '../manifest/files.ts';

/** Watches files of a folder, and counts what it is told. */
async function watched(
  t: TestContext,
  names: string[],
  options: Partial<FileWatchOptions> = {},
  folder = folderWith(t, { 'a.yaml': 'a', 'b.yaml': 'b' }),
) {
  const told: string[] = [];
  const watch = await FileWatch.start(
    names.map((name) => join(folder, name)),
    { quietMs: 20, ...options, changed: () => told.push('changed') },
  );
  t.after(() => watch.close());
  /** How often it is told of what `save` does: waits for the first time, then a little longer. */
  const timesFor = async (save: () => void | Promise<void>): Promise<number> => {
    told.length = 0;
    await save();
    const end = Date.now() + 5000;
    while (told.length === 0 && Date.now() < end) await wait(10);
    await wait(150);
    return told.length;
  };
  return { folder, watch, timesFor, told };
}

test('each way in which editors save is one change', async (t) => {
  const { folder, timesFor } = await watched(t, ['a.yaml', 'b.yaml']);
  const at = (name: string) => join(folder, name);
  const ways: [string, () => void | Promise<void>][] = [
    ['in place', () => writeFileSync(at('a.yaml'), 'in place')],
    ['the other file', () => writeFileSync(at('b.yaml'), 'the other')],
    [
      'beside, renamed over it',
      () => {
        writeFileSync(at('a.yaml~tmp'), 'beside');
        renameSync(at('a.yaml~tmp'), at('a.yaml'));
      },
    ],
    [
      'with a copy of the old one',
      async () => {
        renameSync(at('a.yaml'), at('a.yaml~'));
        await wait(60);
        writeFileSync(at('a.yaml'), 'anew');
        unlinkSync(at('a.yaml~'));
      },
    ],
    [
      'in parts',
      async () => {
        truncateSync(at('a.yaml'), 0);
        for (const part of 'parts') {
          await wait(5);
          appendFileSync(at('a.yaml'), part);
        }
      },
    ],
  ];
  for (const [way, save] of ways) assert.equal(await timesFor(save), 1, way);
});

test('other files of the folder are nobody’s business, nor is a file that is only read', async (t) => {
  const { folder, told } = await watched(t, ['a.yaml']);
  writeFileSync(join(folder, 'b.yaml'), 'other');
  await wait(300);
  assert.deepEqual(told, []);
});

test('a file that goes away for good has changed, and again when it comes back', async (t) => {
  const { folder, timesFor } = await watched(t, ['a.yaml']);
  assert.equal(await timesFor(() => unlinkSync(join(folder, 'a.yaml'))), 1);
  assert.equal(await timesFor(() => writeFileSync(join(folder, 'a.yaml'), 'a')), 1);
});

test('what the system does not tell is found by looking', async (t) => {
  const folder = folderWith(t, {});
  // As a ConfigMap is mounted: the link to the folder behind the file's link is what changes.
  for (const version of ['1', '2']) {
    mkdirSync(join(folder, 'versions', version), { recursive: true });
    writeFileSync(join(folder, 'versions', version, 'a.yaml'), `version ${version}`);
  }
  mkdirSync(join(folder, 'mount'));
  symlinkSync('versions/1', join(folder, 'data'));
  symlinkSync('../data/a.yaml', join(folder, 'mount/a.yaml'));
  const { timesFor } = await watched(t, ['mount/a.yaml'], { pollMs: 50 }, folder);
  const times = await timesFor(() => {
    symlinkSync('versions/2', join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, 'data'));
  });
  assert.equal(times, 1);
});

test('a folder that is not there yet is waited for', async (t) => {
  const { folder, timesFor } = await watched(t, ['later/a.yaml'], { pollMs: 50 });
  const times = await timesFor(() => {
    mkdirSync(join(folder, 'later'));
    writeFileSync(join(folder, 'later/a.yaml'), 'a');
  });
  assert.equal(times, 1);
});

test('after it is closed nothing is told', async (t) => {
  const { folder, watch, told } = await watched(t, ['a.yaml'], { pollMs: 50 });
  writeFileSync(join(folder, 'a.yaml'), 'new');
  watch.close();
  await wait(300);
  assert.deepEqual(told, []);
  rmSync(folder, { recursive: true });
});
