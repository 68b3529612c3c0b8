import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { HitRecord } from '../../src/attack/record.ts';
import { failureCode, LOCAL } from '../../src/metrics/outcome.ts';
import { Masker } from '../../src/report/mask.ts';
import { type VegetaResultOptions, VegetaResultSink } from '../../src/report/vegeta-results.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'taz-results-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = () => path.join(folder, `${files++}.ndjson`);

function options(differences: Partial<VegetaResultOptions> = {}): VegetaResultOptions {
  return {
    path: newPath(),
    attack: 'run-worker-0-lane-0',
    labels: ['track.json', 'odd "name"'],
    bodies: false,
    headers: false,
    mask: new Masker([]),
    ...differences,
  };
}

function record(differences: Partial<HitRecord> = {}): HitRecord {
  return {
    seq: 0,
    hit: 7,
    label: 0,
    outcome: 0,
    status: 200,
    error: '',
    sentAtWall: Date.UTC(2026, 10, 23, 19, 10, 11, 5) + 0.25,
    serviceMs: 1.2345678,
    lagMs: 0.5,
    bytesOut: 331,
    bytesIn: 21,
    method: 'POST',
    url: 'http://host/v1',
    headers: ['Content-Type', 'application/json'],
    body: Buffer.from('{}'),
    ...differences,
  };
}

/** What a sink with these options writes for these records, line by line. */
function lines(own: Partial<VegetaResultOptions>, ...records: HitRecord[]): string[] {
  const all = options(own);
  const sink = new VegetaResultSink(all);
  for (const each of records) sink.write(each);
  sink.close();
  const text = readFileSync(all.path, 'utf8');
  assert.equal(text.at(-1), '\n');
  return text.slice(0, -1).split('\n');
}

test("a line has Vegeta's keys in Vegeta's order, then those of Taz", () => {
  assert.deepEqual(lines({}, record()), [
    '{"attack":"run-worker-0-lane-0","seq":0,"code":200,"timestamp":"2026-11-23T19:10:11.005250000Z",' +
      '"latency":1234568,"bytes_out":331,"bytes_in":21,"error":"","body":null,"method":"POST",' +
      '"url":"http://host/v1","headers":null,"target":"track.json","outcome":"succeeded","hit":7,"lag":500000}',
  ]);
});

test('the code is the status only where the status decided the outcome', () => {
  const rows: [outcome: number, status: number, code: number, name: string][] = [
    [0, 204, 204, 'succeeded'],
    [503, 503, 503, 'http_503'],
    // A message that was acknowledged: Vegeta's own report takes it for a success.
    [0, 0, 200, 'succeeded'],
    [failureCode('not_leader'), 0, 0, 'not_leader'],
    [302, 302, 302, 'http_302'],
    [failureCode('truncated'), 200, 0, 'truncated'],
    [failureCode('timeout'), 0, 0, 'timeout'],
    [LOCAL, 0, 0, 'local'],
    [-1, 0, 0, 'interrupted'],
  ];
  for (const [outcome, status, code, name] of rows) {
    const [line] = lines({}, record({ outcome, status }));
    const result = JSON.parse(line!);
    assert.deepEqual([result.code, result.outcome], [code, name]);
  }
});

test('texts from elsewhere stay one line of valid JSON', () => {
  const error = 'line\nbreak "quote" \\ \u2028 \ud800 \u0000';
  const [line, ...rest] = lines(
    {},
    record({ error, label: 1, url: 'http://host/"x"', method: 'P"', outcome: failureCode('other') }),
  );
  assert.deepEqual(rest, []);
  const result = JSON.parse(line!);
  assert.equal(result.error, error);
  assert.equal(result.target, 'odd "name"');
  assert.equal(result.url, 'http://host/"x"');
  assert.equal(result.method, 'P"');
});

test('bodies and headers are written only on request, repeated headers in order', () => {
  const headers = ['A', '1', '__proto__', 'p', 'A', '2'];
  const [line] = lines({ bodies: true, headers: true }, record({ headers, body: Buffer.from([0, 255]) }));
  assert.match(line!, /"body":"AP8="/);
  assert.match(line!, /"headers":\{"A":\["1","2"\],"__proto__":\["p"\]\}/);
  const [bare] = lines({ bodies: true, headers: true }, record({ headers: [], body: null }));
  assert.match(bare!, /"body":null.*"headers":null/);
  const [empty] = lines({ bodies: true }, record({ body: Buffer.alloc(0) }));
  assert.match(empty!, /"body":""/);
});

test('secrets are in no part of a line', () => {
  const secret = 'hunter2-hunter2';
  const [line] = lines(
    { bodies: true, headers: true, mask: new Masker([secret]) },
    record({
      url: `http://host/?key=${secret}`,
      error: `refused ${secret}`,
      headers: ['Authorization', `Basic ${Buffer.from(`u:${secret}`).toString('base64')}`, 'X', secret],
      body: Buffer.from(
        JSON.stringify({ secret, batch: Buffer.from(`{"k":"${secret}"}`).toString('base64') }),
      ),
    }),
  );
  const result = JSON.parse(line!);
  const body = Buffer.from(result.body, 'base64').toString();
  assert.ok(!`${line}${body}`.includes(secret));
  assert.equal(result.url, 'http://host/?key=***');
  assert.deepEqual(result.headers, { Authorization: ['***'], X: ['***'] });
  assert.ok(
    !Buffer.from(JSON.parse(body).batch.replaceAll('***', ''), 'base64').toString().includes('hunter'),
  );
});

test('timestamps never go back, also where rounding reaches the next second', () => {
  const at = Date.UTC(2026, 11, 31, 23, 59, 59, 999);
  const written = lines(
    {},
    ...[at, at + 0.9999998, at + 1, at + 1.0000001].map((sentAtWall, seq) => record({ sentAtWall, seq })),
  ).map((line) => JSON.parse(line).timestamp);
  assert.deepEqual(
    written,
    written.toSorted((a, b) => (a < b ? -1 : 1)),
  );
  assert.equal(written[0], '2026-12-31T23:59:59.999000000Z');
  assert.equal(written[2], '2027-01-01T00:00:00.000000000Z');
  for (const text of written) assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
});

test('flush writes out what is buffered; a large buffer goes out by itself', () => {
  const own = options();
  const sink = new VegetaResultSink(own);
  sink.write(record());
  assert.equal(readFileSync(own.path, 'utf8'), '');
  sink.flush();
  assert.equal(readFileSync(own.path, 'utf8').split('\n').length, 2);
  for (let seq = 1; seq < 1000; seq++) sink.write(record({ seq }));
  const text = readFileSync(own.path, 'utf8');
  assert.ok(text.length > 64 * 1024 && text.endsWith('}\n'));
  sink.close();
  sink.close();
  assert.equal(readFileSync(own.path, 'utf8').split('\n').length, 1001);
});

test('an existing file is appended to', () => {
  const own = options();
  writeFileSync(own.path, '{"before":1}\n');
  const sink = new VegetaResultSink(own);
  sink.write(record());
  sink.close();
  assert.match(readFileSync(own.path, 'utf8'), /^\{"before":1\}\n\{"attack"/);
});

test('a full disk is told by flush in words, and by close; writing never throws', () => {
  const sink = new VegetaResultSink(options({ path: '/dev/full' }));
  for (let seq = 0; seq < 2000; seq++) sink.write(record({ seq }));
  const message = /cannot write to the results file \/dev\/full: no space left on the device \(ENOSPC\)/;
  assert.throws(() => sink.flush(), message);
  assert.throws(() => sink.flush(), message);
  assert.throws(() => sink.close(), message);
});

test('a file that cannot be opened is named with the reason', () => {
  assert.throws(
    () => new VegetaResultSink(options({ path: path.join(folder, 'none', 'x') })),
    /cannot open the results file .*none\/x: no such file or directory \(ENOENT\)/,
  );
  assert.throws(() => new VegetaResultSink(options({ path: folder })), /it is a directory/);
});

test('lanes and processes that write to one file at once lose and tear no line', async () => {
  const target = newPath();
  const script = path.join(import.meta.dirname, 'vegeta-results-writer.ts');
  const writers = ['a', 'b', 'c', 'd'];
  const ends = writers.map((attack, index) =>
    index % 2 === 0
      ? once(fork(script, [target, attack], { stdio: 'inherit' }), 'exit')
      : once(new Worker(script, { argv: [target, attack] }), 'exit'),
  );
  for (const [code] of await Promise.all(ends)) assert.equal(code, 0);
  const seen = new Map<string, number[]>(writers.map((attack) => [attack, []]));
  for (const line of readFileSync(target, 'utf8').trimEnd().split('\n')) {
    const { attack, seq } = JSON.parse(line);
    seen.get(attack)!.push(seq);
  }
  const expected = Array.from({ length: 3000 }, (_, seq) => seq);
  for (const [attack, seqs] of seen) assert.deepEqual(seqs, expected, attack);
});

test('another content brings other labels and other secrets, from the next record on', () => {
  const own = options({ mask: new Masker(['s3cret-1']) });
  const sink = new VegetaResultSink(own);
  const url = 'http://host/s3cret-1/s3cret-2';
  sink.write(record({ label: 1, url }));
  sink.follow([...own.labels, 'new.json'], new Masker(['s3cret-1', 's3cret-2']));
  sink.write(record({ label: 2, url }));
  sink.write(record({ label: 0, url }));
  sink.close();
  const found = readFileSync(own.path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { target: string; url: string });
  assert.deepEqual(
    found.map(({ target, url: written }) => [target, written]),
    [
      ['odd "name"', 'http://host/***/s3cret-2'],
      ['new.json', 'http://host/***/***'],
      ['track.json', 'http://host/***/***'],
    ],
  );
});
