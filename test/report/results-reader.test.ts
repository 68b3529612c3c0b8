import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResultLine } from '../../src/report/result-line.ts';
import { ResultFileError, readResults } from '../../src/report/results-reader.ts';

const line = (seq: number, differences: object = {}) =>
  JSON.stringify({
    attack: 'ü',
    seq,
    code: 200,
    timestamp: '2026-11-23T19:10:11Z',
    latency: seq,
    ...differences,
  });

async function read(...chunks: (string | Buffer)[]): Promise<{ taken: ResultLine[]; notes: string[] }> {
  const taken: ResultLine[] = [];
  const stream = (async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk);
  })();
  const notes = await readResults(stream, 'r.ndjson', (each) => taken.push(each));
  return { taken, notes };
}

test('chunks may end anywhere, also inside of a character', async () => {
  const bytes = Buffer.from(`${line(1)}\n${line(2)}\n`);
  for (let at = 1; at < bytes.length; at++) {
    const { taken, notes } = await read(bytes.subarray(0, at), bytes.subarray(at));
    assert.deepEqual(
      taken.map(({ attack, latencyNs }) => [attack, latencyNs]),
      [
        ['ü', 1],
        ['ü', 2],
      ],
    );
    assert.deepEqual(notes, []);
  }
  const { taken } = await read(...[...bytes].map((byte) => Buffer.from([byte])));
  assert.equal(taken.length, 2);
});

test('empty lines and carriage returns are passed over', async () => {
  const { taken } = await read(`${line(1)}\r\n\n\r\n${line(2)}\n`);
  assert.equal(taken.length, 2);
});

test('a whole last line without a newline counts, and the user is told', async () => {
  const { taken, notes } = await read(`${line(1)}\n${line(2)}`);
  assert.equal(taken.length, 2);
  assert.deepEqual(notes, [
    'r.ndjson ends without a newline: its last line is counted here, but Vegeta would not read it',
  ]);
});

test('a last line that was cut off is left out, and the user is told', async () => {
  const { taken, notes } = await read(`${line(1)}\n${line(2).slice(0, -5)}`);
  assert.equal(taken.length, 1);
  assert.deepEqual(notes, ['r.ndjson line 2 is cut off in the middle and was left out']);
});

test('a wrong line is named with file and number, empty lines counted', async () => {
  await assert.rejects(
    read(`${line(1)}\n\nnonsense\n${line(2)}\n`),
    (error) =>
      error instanceof ResultFileError && error.message === 'r.ndjson line 3: it is not JSON: nonsense',
  );
  await assert.rejects(
    read(`${line(1)}\n${line(2, { latency: 0.5 })}`),
    /r\.ndjson line 2: "latency" has to be/,
  );
  await assert.rejects(read('just some text'), /r\.ndjson line 1: it is not JSON/);
});

test('an empty file is said to be empty', async () => {
  for (const text of ['', '\n']) assert.deepEqual((await read(text)).notes, ['r.ndjson holds no results']);
});

test('other formats are named, with what to do', async () => {
  await assert.rejects(read(Buffer.from([0x1f, 0x8b, 8, 0])), /is compressed: unpack it first/);
  await assert.rejects(
    read('1541923201000000000,200,1000000,1,2,,,a,0\n'),
    /CSV format: `vegeta encode -to json`/,
  );
  await assert.rejects(
    read(Buffer.from([0x13, 0x7f, 0x03, 0x01, 0x01])),
    /binary: .*`vegeta encode -to json`/,
  );
});
