import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf } from '../../src/kube/lines.ts';

async function* chunks(...texts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

async function read(...texts: (string | Buffer)[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunks(...texts))) lines.push(line);
  return lines;
}

test('lines are told apart wherever the stream is cut', async () => {
  assert.deepEqual(await read('a\nb\nc\n'), ['a', 'b', 'c']);
  assert.deepEqual(await read('a', '\n', 'b', 'c', '\nd\n'), ['a', 'bc', 'd']);
  assert.deepEqual(await read('\n\n'), ['', '']);
  assert.deepEqual(await read(), []);
});

test('a character may be cut in the middle', async () => {
  const bytes = Buffer.from('é€😀\n');
  assert.deepEqual(await read(...[...bytes].map((byte) => Buffer.from([byte]))), ['é€😀']);
});

test('a line that was not ended is no line', async () => {
  assert.deepEqual(await read('a\nb'), ['a']);
});

test('a line that does not end is refused', async () => {
  const mebibyte = 'x'.repeat(1024 * 1024);
  await assert.rejects(
    read(...Array.from({ length: 17 }, () => mebibyte)),
    /a line has more than 16777216 bytes/,
  );
});
