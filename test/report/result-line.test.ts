import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURE_CLASSES, failureCode, LOCAL, SUCCEEDED } from '../../src/metrics/outcome.ts';
import {
  INTERRUPTED,
  parseResultLine,
  type ResultLine,
  ResultLineError,
} from '../../src/report/result-line.ts';

const BASE = { timestamp: '2026-11-23T19:10:11.5Z', latency: 1_000_000, code: 200 };

function parse(differences: object): ResultLine {
  return parseResultLine(JSON.stringify({ ...BASE, ...differences }));
}

test('a line of Vegeta itself: what it does not say is null', () => {
  const line = parseResultLine(
    '{"attack":"a","seq":1,"code":200,"timestamp":"2026-11-02T10:00:00.4Z","latency":101000000,"bytes_out":1,' +
      '"bytes_in":2,"error":"","body":null,"method":"GET","url":"http://x/","headers":null}',
  );
  assert.deepEqual(line, {
    attack: 'a',
    code: 200,
    sentAtWall: Date.UTC(2026, 10, 2, 10, 0, 0, 400),
    latencyNs: 101_000_000,
    bytesOut: 1,
    bytesIn: 2,
    method: 'GET',
    error: '',
    target: null,
    outcome: SUCCEEDED,
    lagNs: null,
  });
});

test('keys that are missing or null count as nothing, unknown ones are passed over', () => {
  const line = parse({ latency: null, bytes_in: null, error: null, attack: undefined, future: { a: [1] } });
  assert.deepEqual([line.latencyNs, line.bytesIn, line.error, line.attack], [0, 0, '', '']);
});

test('times are read to the microsecond, in any zone, with any number of decimals', () => {
  const at = Date.UTC(2026, 10, 23, 19, 10, 11);
  const rows: [text: string, ms: number][] = [
    ['2026-11-23T19:10:11Z', at],
    ['2026-11-23T19:10:11.123456789Z', at + 123.456789],
    ['2026-11-23T21:10:11.5+02:00', at + 500],
    ['2026-11-23T13:40:11.000001-05:30', at + 0.001],
  ];
  for (const [timestamp, ms] of rows) {
    assert.ok(Math.abs(parse({ timestamp }).sentAtWall - ms) < 0.0005, timestamp);
  }
});

test('the outcome that Taz wrote counts, whatever the code says', () => {
  const rows: [outcome: string, code: number, expected: number][] = [
    ['succeeded', 302, SUCCEEDED],
    ['interrupted', 0, INTERRUPTED],
    ['local', 0, LOCAL],
    ['http_302', 302, 302],
    ['http_404', 404, 404],
    ['http_999', 0, failureCode('other')],
    ['of a later version', 0, failureCode('other')],
    ...FAILURE_CLASSES.map((name): [string, number, number] => [name, 0, failureCode(name)]),
  ];
  for (const [outcome, code, expected] of rows)
    assert.equal(parse({ outcome, code }).outcome, expected, outcome);
});

test("without one, a success is a status from 200 to 399 as in Vegeta's report", () => {
  for (const [code, outcome] of [
    [200, SUCCEEDED],
    [399, SUCCEEDED],
    [400, 400],
    [199, 199],
    [599, 599],
  ] as const) {
    assert.equal(parse({ code }).outcome, outcome, String(code));
  }
});

test("errors of Vegeta without a status are classed by Go's words", () => {
  const rows: [error: string, name: (typeof FAILURE_CLASSES)[number]][] = [
    ['Get "http://x": dial tcp 127.0.0.1:1: connect: connection refused', 'refused'],
    ['Get "http://x": context deadline exceeded (Client.Timeout exceeded while awaiting headers)', 'timeout'],
    ['Get "http://x": dial tcp 10.0.0.1:80: i/o timeout', 'connect_timeout'],
    ['dial tcp: lookup nowhere: no such host', 'dns'],
    ['read tcp: connection reset by peer', 'reset'],
    ['write: broken pipe', 'reset'],
    ['Get "https://x": x509: certificate signed by unknown authority', 'tls'],
    ['net/http: HTTP/1.x transport connection broken: malformed HTTP response', 'protocol'],
    ['Get "http://x": EOF', 'closed'],
    ['unexpected EOF', 'truncated'],
    ['Get "/": stopped after 10 redirects', 'redirect'],
    ['connect: no route to host', 'unreachable'],
    ['something new', 'other'],
  ];
  for (const [error, name] of rows) assert.equal(parse({ code: 0, error }).outcome, failureCode(name), error);
});

test('a line that is no result says what it is and what would be right', () => {
  const rows: [text: string, message: RegExp][] = [
    ['nonsense', /it is not JSON: nonsense/],
    [`{"a":"${'x'.repeat(200)}`, /it is not JSON: .{57}…$/],
    ['[]', /a result is a JSON object, not \[\]/],
    ['null', /a JSON object, not null/],
    ['5', /a JSON object, not 5/],
    ['{}', /has no "timestamp"/],
    [
      JSON.stringify({ ...BASE, timestamp: 'yesterday' }),
      /"timestamp" has to be a time such as .*, not "yesterday"/,
    ],
    [JSON.stringify({ ...BASE, timestamp: 5 }), /"timestamp" has to be .*, not 5/],
    [JSON.stringify({ ...BASE, timestamp: '2026-13-23T19:10:11Z' }), /"timestamp" has to be/],
    [JSON.stringify({ ...BASE, timestamp: '2026-11-23T19:10:11' }), /"timestamp" has to be/],
    [JSON.stringify({ ...BASE, timestamp: '2026-11-23T19:10:11.Zx' }), /"timestamp" has to be/],
    [JSON.stringify({ ...BASE, latency: 1.5 }), /"latency" has to be a whole number of nanoseconds, not 1.5/],
    [JSON.stringify({ ...BASE, latency: -1 }), /"latency".*not -1/],
    [JSON.stringify({ ...BASE, latency: '1ms' }), /"latency".*not "1ms"/],
    [JSON.stringify({ ...BASE, code: 600 }), /"code" has to be a status code from 0 to 599, not 600/],
    [JSON.stringify({ ...BASE, error: {} }), /"error" has to be a text, not {}/],
    [JSON.stringify({ ...BASE, lag: 'x' }), /"lag" has to be/],
  ];
  for (const [text, message] of rows) {
    assert.throws(
      () => parseResultLine(text),
      (error) => error instanceof ResultLineError && message.test(error.message),
      text,
    );
  }
});
