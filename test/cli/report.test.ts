import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(path.join(tmpdir(), 'taz-report-'));
after(() => rmSync(folder, { recursive: true }));

const script = path.join(import.meta.dirname, 'report-process.ts');

interface Result {
  code: number;
  out: string;
  err: string;
}

/** Runs `taz report` with these arguments in the folder of the files. */
function report(args: string[], input?: string): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args], { cwd: folder }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
    child.stdin!.end(input ?? '');
  });
}

function line(seq: number, differences: object = {}): string {
  const timestamp = new Date(Date.UTC(2026, 10, 23, 19, 0, 0, seq * 10)).toISOString();
  return `${JSON.stringify({ attack: 'a', seq, code: 200, timestamp, latency: 1_000_000, bytes_in: 5, ...differences })}\n`;
}

function file(name: string, text: string): string {
  writeFileSync(path.join(folder, name), text);
  return name;
}

test('several files, of Taz and of Vegeta, and standard input make one report', async () => {
  file('taz.ndjson', line(0, { target: 'track.json', outcome: 'succeeded', lag: 1000 }));
  file(
    'vegeta.json',
    line(1, { attack: 'b' }) + line(2, { attack: 'b', code: 503, error: '503 Service Unavailable' }),
  );
  const { code, out, err } = await report(
    ['taz.ndjson', 'vegeta.json', '-', '--output', 'json'],
    line(3, { attack: 'c' }),
  );
  assert.deepEqual([code, err], [0, '']);
  const parsed = JSON.parse(out);
  assert.deepEqual(parsed.files, ['taz.ndjson', 'vegeta.json', '-']);
  assert.equal(parsed.attacks, 3);
  assert.deepEqual([parsed.counts.sent, parsed.counts.succeeded, parsed.counts.failed], [4, 3, 1]);
  assert.deepEqual([parsed.counts.scheduled, parsed.counts.dropped, parsed.lagMs], [null, null, null]);
  assert.deepEqual(parsed.failures, { http_503: 1 });
  assert.equal(parsed.rate.achieved, 133.333);
});

test("the text has our words and the lines of Vegeta's report, without colour where there is no terminal", async () => {
  file('a.ndjson', line(0) + line(1, { code: 404, error: '404 Not Found' }));
  const { out } = await report(['a.ndjson']);
  assert.match(out, /Success {5}50\.00% of 2 answered hits {3}1 failed/);
  assert.match(out, /http_404 {2}1 {2}50\.00%/);
  assert.match(out, /Requests {6}\[total, rate, throughput\] {9}2, 200\.00, 90\.91/);
  assert.match(out, /Status Codes {2}\[code:count\] +200:1 {2}404:1/);
  assert.ok(!out.includes('\x1b'));
});

test('what the user should know of a file is told beside the report', async () => {
  file('open.ndjson', line(0).trimEnd());
  file('cut.ndjson', line(0) + line(1).slice(0, 30));
  file('empty.ndjson', '');
  const { code, out, err } = await report(['open.ndjson', 'cut.ndjson', 'empty.ndjson', '--output', 'json']);
  assert.equal(code, 0);
  assert.equal(JSON.parse(out).counts.sent, 2);
  assert.deepEqual(err.trimEnd().split('\n'), [
    'taz: open.ndjson ends without a newline: its last line is counted here, but Vegeta would not read it',
    'taz: cut.ndjson line 2 is cut off in the middle and was left out',
    'taz: empty.ndjson holds no results',
  ]);
});

test('wrong use ends with code 2, one clear message and no report', async () => {
  file('bad.ndjson', `${line(0)}nonsense\n${line(1)}`);
  file('good.ndjson', line(0));
  const rows: [args: string[], message: RegExp][] = [
    [['bad.ndjson'], /^taz: bad\.ndjson line 2: it is not JSON: nonsense\n$/],
    [
      ['good.ndjson', 'none.ndjson'],
      /^taz: cannot read none\.ndjson: no such file or directory \(ENOENT\)\n$/,
    ],
    [['.'], /^taz: cannot read \.: it is a directory \(EISDIR\)\n$/],
    [['-', '-'], /^taz: - \(standard input\) can be given only once\n$/],
    [['good.ndjson', '--output', 'xml'], /'xml' is invalid.*text, json/],
    [[], /missing required argument 'file'/],
  ];
  const results = await Promise.all(rows.map(([args]) => report(args)));
  for (const [index, [, message]] of rows.entries()) {
    const { code, out, err } = results[index]!;
    assert.equal(code, 2, err);
    assert.equal(out, '');
    assert.match(err, message);
    assert.ok(!err.includes('    at '), err);
  }
});
