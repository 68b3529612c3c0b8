import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { CannedTargeter } from '../../src/target/canned-targeter.ts';
import { TargetError } from '../../src/target/target-error.ts';
import { countTargets, openTargets, type TargetLines } from '../../src/target/target-lines.ts';
import type { CannedContent } from '../../src/template/content.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'taz-targets-'));
after(() => fs.rmSync(folder, { recursive: true }));

let made = 0;

/** Writes a file of its own and gives its entry in `CannedContent.files`. */
function write(text: string | Buffer, name = `f${++made}.jsonl`): { name: string; path: string } {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text);
  return { name, path: file };
}

function content(
  files: CannedContent['files'],
  count: number,
  overrides: Partial<CannedContent> = {},
): CannedContent {
  const labels = files.map((file) => file.name);
  return {
    kind: 'targets',
    digest: '',
    labels,
    variables: {},
    secrets: [],
    secretRefs: {},
    files,
    count,
    loop: true,
    ...overrides,
  };
}

/** Takes each line as its own target, so that tests see which line came. */
const asLine = (line: string): never => line as never;

async function open(
  files: CannedContent['files'],
  overrides: Partial<CannedContent> = {},
): Promise<CannedTargeter<never>> {
  const lines = await openTargets(files);
  return new CannedTargeter(content(files, lines.count, overrides), lines, asLine);
}

async function linesOf(...files: CannedContent['files']): Promise<string[]> {
  const targeter = await open(files);
  const count = await countTargets(files);
  const found = Array.from({ length: count }, (_, hit) => targeter.next(hit) as string);
  targeter.close();
  return found;
}

test('hit n is line n mod N, over all files one after another', async () => {
  const targeter = await open([write('a\nb\n'), write('c\n'), { name: 'inline', text: 'd\ne' }]);
  const hits = [0, 1, 2, 3, 4, 5, 9, 12, 1_000_000_000_003];
  assert.deepEqual(
    hits.map((hit) => targeter.next(hit)),
    ['a', 'b', 'c', 'd', 'e', 'a', 'e', 'c', 'd'],
  );
  targeter.close();
});

const texts: [what: string, text: string | Buffer, lines: string[]][] = [
  ['a last line without line feed', 'a\nb', ['a', 'b']],
  ['a last line with line feed', 'a\nb\n', ['a', 'b']],
  ['empty lines and lines of white space', '\n\na\n \t\n\r\nb\n\n', ['a', 'b']],
  ['CRLF', 'a\r\nb\r\n', ['a', 'b']],
  ['a byte order mark', '\ufeffa\nb\n', ['a', 'b']],
  ['a byte order mark alone on its line', '\ufeff\na\n', ['a']],
  ['a byte order mark elsewhere', 'a\n\ufeffb\n', ['a', '\ufeffb']],
  ['several bytes a character', 'ä€😀\nb\n', ['ä€😀', 'b']],
  ['a replacement character that was written as such', '\ufffd\n', ['\ufffd']],
  ['nothing', '', []],
  ['line feeds only', '\n\n\n', []],
];
for (const [what, text, lines] of texts) {
  test(`${what}, in a file and as text`, async () => {
    const file = write(text);
    const inline = { name: 'inline', text: text.toString() };
    assert.equal(await countTargets([file, inline]), lines.length * 2);
    if (lines.length > 0) assert.deepEqual(await linesOf(file, inline), [...lines, ...lines]);
  });
}

test('any number of lines of any length, in any order', async () => {
  // Around the borders of blocks (64 lines, 64 KiB) and of the chunks in which a file is indexed (1 MiB).
  const shapes = [1, 63, 64, 65, 127, 128, 129, 1000].map((count) =>
    Array.from({ length: count }, (_, i) => i % 50),
  );
  shapes.push([65_534, 65_535, 65_536, 65_537, 3, 200_000, 1, 2_000_000, 0, 0, 5, 1_048_575, 1_048_576, 7]);
  for (const lengths of shapes) {
    const lines = lengths.map((length, i) => `${i}:${'x'.repeat(length)}`);
    const file = write(`${lines.join('\n')}\n`);
    const targeter = await open([file]);
    const order = lines.map((_, i) => (i * 7919 + 3) % lines.length);
    for (const hit of [...lines.keys(), ...order, ...order.toReversed()])
      assert.equal(targeter.next(hit), lines[hit]);
    targeter.close();
  }
});

test('the lanes of a run, each in a thread with the one index, send every line once', async () => {
  const lines = Array.from({ length: 5_000 }, (_, i) => `line ${i} ${'y'.repeat(i % 300)}`);
  const file = write(lines.join('\n'));
  const index = await openTargets([file]);
  assert.ok(index.blocks.buffer instanceof SharedArrayBuffer);
  const code = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { CannedTargeter } = await import(workerData.module);
    const { content, index, lane, lanes } = workerData;
    const targeter = new CannedTargeter(content, index, (line) => line);
    const sent = [];
    for (let hit = lane; hit < index.count; hit += lanes) sent.push([hit, targeter.next(hit)]);
    parentPort.postMessage(sent);
  `;
  const module = new URL('../../src/target/canned-targeter.ts', import.meta.url).href;
  const sent: [number, string][] = [];
  for (const lane of [0, 1, 2]) {
    const workerData = { module, index, lane, lanes: 3, content: content([file], index.count) };
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData });
    const [part] = await once(worker, 'message');
    sent.push(...part);
  }
  sent.sort((a, b) => a[0] - b[0]);
  assert.deepEqual(
    sent,
    lines.map((line, i) => [i, line]),
  );
});

test('without loop there is no target for hit N', async () => {
  const targeter = await open([{ name: 'a', text: '1\n2\n' }], { loop: false });
  assert.equal(targeter.next(1), '2');
  assert.throws(() => targeter.next(2), {
    name: 'TargetError',
    message: /no target for hit 2: the files hold 2 and do not loop/,
  });
});

test('the label of a line is that of its file, `other` where it has none', async () => {
  const files = ['a', 'b', 'c'].map((name) => ({ name, text: `${name}1\n${name}2\n` }));
  const targeter = await open(files, { labels: ['b', 'a', 'other'] });
  const labels = [0, 1, 2, 3, 4, 5].map((hit) => (targeter.next(hit), targeter.label));
  assert.deepEqual(labels, [1, 1, 0, 0, 2, 2]);
});

test('the label is right for a line that is refused, too', async () => {
  const files = ['a', 'b'].map((name) => ({ name, text: 'x\n' }));
  const lines = await openTargets(files);
  const targeter = new CannedTargeter(content(files, 2), lines, () => {
    throw new TargetError('no');
  });
  assert.throws(() => targeter.next(1), { message: 'b:1: no' });
  assert.equal(targeter.label, 1);
});

test('a refused line is named by its file and its number, blank lines counted', async () => {
  const text = `\n\n${'ok\n\n'.repeat(100)}bad\nok\n`;
  const files = [{ name: 'x.jsonl', text }, write(text, 'y.jsonl')];
  const lines = await openTargets(files);
  const targeter = new CannedTargeter(content(files, lines.count), lines, (line): never => {
    if (line === 'bad') throw new TargetError('url is missing');
    return line as never;
  });
  assert.throws(() => targeter.next(100), { name: 'TargetError', message: 'x.jsonl:203: url is missing' });
  assert.equal(targeter.next(101), 'ok');
  assert.throws(() => targeter.next(202), { message: 'y.jsonl:203: url is missing' });
});

test('bytes that are no UTF-8 are refused where they are used, and only there', async () => {
  const file = write(
    Buffer.concat([Buffer.from('a\n'), Buffer.from([0x22, 0xff, 0x22, 10]), Buffer.from('b\n')]),
  );
  const targeter = await open([file]);
  assert.equal(targeter.next(0), 'a');
  assert.throws(() => targeter.next(1), { name: 'TargetError', message: /:2: the line is no UTF-8 text/ });
  assert.equal(targeter.next(2), 'b');
});

test('a line of 100 MB is read, and not kept', async () => {
  const file = path.join(folder, 'huge');
  fs.writeFileSync(file, 'a\n');
  for (let i = 0; i < 100; i++) fs.appendFileSync(file, Buffer.alloc(1_000_000, 'x'));
  fs.appendFileSync(file, '\nb\n');
  const targeter = await open([{ name: 'huge', path: file }]);
  assert.equal(targeter.next(0), 'a');
  assert.equal((targeter.next(1) as string).length, 100_000_000);
  assert.equal(targeter.next(2), 'b');
});

test('a line that is too long is refused, its neighbours are not', async () => {
  const file = path.join(folder, 'longer');
  fs.writeFileSync(file, 'a\n');
  fs.truncateSync(file, 200 * 1024 * 1024); // a hole: it takes no room on the disk
  fs.appendFileSync(file, '\nb\n');
  const targeter = await open([{ name: 'longer', path: file }]);
  assert.equal(targeter.next(0), 'a');
  assert.throws(() => targeter.next(1), {
    name: 'TargetError',
    message: /^longer:2: the line has 210 MB, at most 128 MiB/,
  });
  assert.equal(targeter.next(2), 'b');
});

const rows = Array.from({ length: 1_000 }, (_, i) => `line ${String(i).padStart(6, '0')}`).join('\n');
const changes: [what: string, change: (file: string) => void][] = [
  ['truncated', (file) => fs.truncateSync(file, 5_000)],
  ['appended to', (file) => fs.appendFileSync(file, 'more\n')],
  ['overwritten in place', (file) => fs.writeFileSync(file, rows.replaceAll('line', 'LINE'))],
];
for (const [what, change] of changes) {
  test(`a file ${what} while it is read gives an error, never another target`, async () => {
    const file = write(rows);
    const targeter = await open([file]);
    assert.equal(targeter.next(0), 'line 000000');
    change(file.path);
    fs.utimesSync(file.path, new Date(), new Date(Date.now() + 5_000));
    const message = /was changed or deleted since its lines were counted/;
    assert.throws(() => targeter.next(999), { name: 'TargetError', message });
    assert.throws(() => targeter.next(0), { name: 'TargetError', message });
    targeter.close();
  });
}

test('a file that was deleted or replaced gives an error when it is opened, and goes on where it is open', async () => {
  const file = write(rows);
  const lines = await openTargets([file]);
  const opened = new CannedTargeter(content([file], lines.count), lines, asLine);
  opened.next(0);
  fs.rmSync(file.path);
  assert.equal(opened.next(999), 'line 000999');
  const late = new CannedTargeter(content([file], lines.count), lines, asLine);
  assert.throws(() => late.next(0), { name: 'TargetError', message: /was changed or deleted/ });
  fs.writeFileSync(file.path, rows.replaceAll('line', 'LINE'));
  assert.throws(() => late.next(0), { name: 'TargetError', message: /was changed or deleted/ });
  opened.close();
  late.close();
});

test('files that cannot be read are named', async () => {
  const missing = [{ name: 'missing.jsonl', path: path.join(folder, 'missing.jsonl') }];
  await assert.rejects(openTargets(missing), {
    name: 'TargetError',
    message: 'targets file "missing.jsonl" does not exist',
  });
  const directory = [{ name: 'directory', path: folder }];
  await assert.rejects(countTargets(directory), { message: 'targets file "directory" is no regular file' });
});

test('no targets, or others than were planned, are refused at once', async () => {
  const files = [{ name: 'a.jsonl', text: '1\n2\n' }];
  const lines = await openTargets(files);
  assert.throws(() => new CannedTargeter(content(files, 3), lines, asLine), {
    message: /a\.jsonl: 3 targets were planned and 2 found/,
  });
  const none: TargetLines = await openTargets([{ name: 'b.jsonl', text: '\n' }]);
  assert.throws(() => new CannedTargeter(content([], 0), none, asLine), {
    name: 'TargetError',
    message: /^no target in/,
  });
});

test('more files than may be open at once', async () => {
  const files = Array.from({ length: 100 }, (_, i) => write(`${i}a\n${i}b\n`, `many-${i}`));
  const targeter = await open(files);
  const descriptors = (): number => fs.readdirSync('/proc/self/fd').length;
  const before = process.platform === 'linux' ? descriptors() : 0;
  for (const step of [1, 7, 131]) {
    for (let hit = 0; hit < 400; hit++) {
      const line = (hit * step) % 200;
      assert.equal(targeter.next(hit * step), `${line >> 1}${line % 2 === 0 ? 'a' : 'b'}`);
    }
  }
  if (process.platform === 'linux') assert.ok(descriptors() - before <= 16);
  targeter.close();
});
