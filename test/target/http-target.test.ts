import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHttpTarget } from '../../src/target/http-target.ts';
import { TargetError } from '../../src/target/target-error.ts';
import { heapInUse } from '../support/heap.ts';

const URL_ONLY = { method: 'GET', url: 'http://127.0.0.1:8080/' };

function parse(target: object): ReturnType<typeof parseHttpTarget> {
  return parseHttpTarget(JSON.stringify(target));
}

function messageOf(json: string): string {
  try {
    parseHttpTarget(json);
  } catch (error) {
    assert.ok(error instanceof TargetError, String(error));
    return error.message;
  }
  return assert.fail(`accepted: ${json}`);
}

test('a whole target', () => {
  const json = `{"method": "POST", "url": "http://127.0.0.1:8080/v1/track?x=1", "body": "eyJhIjoxfQ==",
    "header": {"Content-Type": ["application/json"], "X-Two": ["a", "b"]}}`;
  assert.deepEqual(parseHttpTarget(json), {
    method: 'POST',
    origin: 'http://127.0.0.1:8080',
    path: '/v1/track?x=1',
    headers: ['Content-Type', 'application/json', 'X-Two', 'a', 'X-Two', 'b'],
    body: Buffer.from('{"a":1}'),
  });
});

test('unknown keys are skipped, and nulls are as if they were not there', () => {
  const target = parse({ ...URL_ONLY, body: null, header: null, comment: { deep: [null] }, Body: 'QQ==' });
  assert.deepEqual([target.body, target.headers], [null, []]);
  assert.deepEqual(parse({ ...URL_ONLY, header: { A: null, B: [], C: [''] } }).headers, ['C', '']);
  assert.equal(parse({ ...URL_ONLY, body: '' }).body, null);
});

test('the last of two equal keys counts', () => {
  assert.equal(parseHttpTarget('{"method":"GET","url":"http://a/","url":"http://b/"}').origin, 'http://b');
});

test('any token is a method, as it was written', () => {
  for (const method of ['GET', 'DELETE', 'PROPFIND', 'get', 'X-Y!', 'HEAD']) {
    assert.equal(parse({ ...URL_ONLY, method }).method, method);
  }
});

const urls: [url: string, origin: string, path: string][] = [
  ['http://h', 'http://h', '/'],
  ['http://h/', 'http://h', '/'],
  ['http://h?x=1', 'http://h', '/?x=1'],
  ['http://h?x=/y', 'http://h', '/?x=/y'],
  ['http://h#x', 'http://h', '/'],
  ['http://h#/x?y', 'http://h', '/'],
  ['http://h/a#b', 'http://h', '/a'],
  ['http://h/a?b#c?d', 'http://h', '/a?b'],
  ['http://h/?', 'http://h', '/?'],
  ['http://h:80/x', 'http://h', '/x'],
  ['https://h:443/x', 'https://h', '/x'],
  ['https://h:80/x', 'https://h:80', '/x'],
  ['HTTP://EXAMPLE.com/Path', 'http://example.com', '/Path'],
  ['http://[::1]:8080/x', 'http://[::1]:8080', '/x'],
  ['http://bücher.example/', 'http://xn--bcher-kva.example', '/'],
  ['http://h//x//y', 'http://h', '//x//y'],
  ['http://h/a/../b/./c', 'http://h', '/a/../b/./c'],
  ['http://h/%41%zz%', 'http://h', '/%41%zz%'],
  ['http://h/a b', 'http://h', '/a%20b'],
  ['http://h/ä?ö=€', 'http://h', '/%C3%A4?%C3%B6=%E2%82%AC'],
  ['http://h/😀', 'http://h', '/%F0%9F%98%80'],
  ['http://h/\ud800', 'http://h', '/%EF%BF%BD'],
  ['http://h/{"a|b"}<>\\^`', 'http://h', '/%7B%22a%7Cb%22%7D%3C%3E%5C%5E%60'],
  ["http://h/!$&'()*+,;=:@[]~-._", 'http://h', "/!$&'()*+,;=:@[]~-._"],
  ['http://h/user@host', 'http://h', '/user@host'],
  ['http://h/http://other/x', 'http://h', '/http://other/x'],
];
for (const [url, origin, path] of urls) {
  test(`url ${url} is ${origin} and ${path}, also when its host is known`, () => {
    for (let i = 0; i < 2; i++) {
      const target = parse({ method: 'GET', url });
      assert.deepEqual([target.origin, target.path], [origin, path]);
    }
  });
}

test('hosts and header names without end are read without being kept', () => {
  const read = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const target = parse({ method: 'GET', url: `http://HOST${i}/x`, header: { [`X-${i}`]: ['y'] } });
      assert.deepEqual([target.origin, target.headers[0]], [`http://host${i}`, `X-${i}`]);
    }
  };
  read(0, 5_000);
  const before = heapInUse();
  read(5_000, 60_000);
  const grown = heapInUse() - before;
  assert.ok(grown < 2_000_000, `${grown} bytes`);
});

test('a Host header is kept, an empty one is as if it were not there', () => {
  assert.deepEqual(parse({ ...URL_ONLY, header: { host: ['a.example:81'] } }).headers, [
    'host',
    'a.example:81',
  ]);
  assert.deepEqual(parse({ ...URL_ONLY, header: { Host: [''] } }).headers, []);
});

test('a right Content-Length is left to the transport', () => {
  const header = { 'content-length': ['1'], X: ['y'] };
  assert.deepEqual(parse({ ...URL_ONLY, header, body: 'QQ==' }).headers, ['X', 'y']);
});

test('Connection: close is passed on, keep-alive is what happens anyway', () => {
  assert.deepEqual(parse({ ...URL_ONLY, header: { Connection: ['Close'] } }).headers, [
    'Connection',
    'Close',
  ]);
  assert.deepEqual(parse({ ...URL_ONLY, header: { Connection: ['Keep-Alive'] } }).headers, []);
});

test('header values beyond ASCII are their UTF-8 bytes', () => {
  const { headers } = parse({ ...URL_ONLY, header: { X: ['é\t€'] } });
  assert.equal(Buffer.from(headers[1]!, 'latin1').toString('utf8'), 'é\t€');
});

test('names that objects have by themselves are headers like others', () => {
  const json =
    '{"method":"GET","url":"http://h/","header":{"__proto__":["a"],"constructor":["b"],"toString":["c"]}}';
  assert.deepEqual(parseHttpTarget(json).headers, ['__proto__', 'a', 'constructor', 'b', 'toString', 'c']);
});

const bodies: [base64: string, bytes: string][] = [
  ['QQ==', 'A'],
  ['QUI=', 'AB'],
  ['QUJD', 'ABC'],
  ['QU\nJD\r\n', 'ABC'],
  ['QR==', 'A'], // unused bits set: Go's decoder takes it, too
  ['+/+/', '\u00fb\u00ff\u00bf'],
];
for (const [base64, bytes] of bodies) {
  test(`body ${JSON.stringify(base64)} is ${JSON.stringify(bytes)}`, () => {
    assert.equal(parse({ ...URL_ONLY, body: base64 }).body?.toString('latin1'), bytes);
  });
}

test('a body of line ends is none', () => {
  assert.equal(parse({ ...URL_ONLY, body: '\n\n' }).body, null);
});

for (const body of [
  'a-b_',
  'QUI',
  'Q',
  'QQ=',
  'Q===',
  '====',
  'QQ==QUJD',
  'QUI=QUJD',
  'QU D',
  '{}',
  'QUŁD',
  'QUłD',
  'QU\0D',
  ' QUJD',
]) {
  test(`body ${JSON.stringify(body)} is no base64`, () => {
    assert.match(messageOf(JSON.stringify({ ...URL_ONLY, body })), /^body is no base64: /);
  });
}

const wrong: [json: string, message: RegExp][] = [
  ['', /^target is empty/],
  ['null', /^target is "null": write an object/],
  ['[{"method":"GET"}]', /^target is ".*": write an object/],
  ['{"method":"GET","url":http://h/}', /^target is no JSON: .*'h'/],
  ['{"method":"GET" "url":"x"}', /^target is no JSON at character 17, near ".*": Expected/],
  ['{"method":"GET"', /^target is no JSON at character 16/],
  ['{"method":"a\nb"}', /^target is no JSON at character 13, near ".*": Bad control character/],
  ['{"method":"GET","url":"http://h/"} {}', /^target is no JSON at character 36/],
  ['{"url":"http://h/"}', /^method is missing: write "GET"/],
  ['{"method":"","url":"http://h/"}', /^method is missing/],
  ['{"method":null,"url":"http://h/"}', /^method is missing/],
  ['{"Method":"GET","url":"http://h/"}', /^method is missing: write the key "Method" in small letters/],
  ['{"method":7,"url":"http://h/"}', /^method is no text but "7"/],
  ['{"method":"GE T","url":"http://h/"}', /^method "GE T" is not one word/],
  ['{"method":"CONNECT","url":"http://h/"}', /^method "CONNECT" opens a tunnel/],
  ['{"method":"GET"}', /^url is missing/],
  ['{"method":"GET","url":["http://h/"]}', /^url is no text but/],
  ['{"method":"GET","url":"/v1/track"}', /^url "\/v1\/track" is not absolute: write scheme and host/],
  ['{"method":"GET","url":"h:8080/x"}', /^url "h:8080\/x" is not absolute/],
  ['{"method":"GET","url":"//h/x"}', /is not absolute/],
  ['{"method":"GET","url":"ftp://h/x"}', /^url .*: "ftp" cannot be sent to, only http:\/\/ and https:\/\//],
  ['{"method":"GET","url":"http:///x"}', /has no valid host and port/],
  ['{"method":"GET","url":"http://"}', /has no valid host and port/],
  ['{"method":"GET","url":"http://:80/"}', /has no valid host and port/],
  ['{"method":"GET","url":"http://h:0/"}', /has no valid host and port/],
  ['{"method":"GET","url":"http://h:65536/"}', /has no valid host and port/],
  ['{"method":"GET","url":"http://[::1/"}', /has no valid host and port/],
  ['{"method":"GET","url":"http://h\\\\x/"}', /has no valid host and port/],
  ['{"method":"GET","url":"http://a b/"}', /has no valid host and port/],
  ['{"method":"GET","url":"http://a\\tb/"}', /has no valid host and port/],
  [
    '{"method":"GET","url":"http://h/a\\r\\nX: y"}',
    /^url has a control character in its path, near "\/a\\r\\nX: y"/,
  ],
  ['{"method":"GET","url":"http://h/\\u007f"}', /^url has a control character/],
  ['{"method":"GET","url":"http://h/","header":[]}', /^header is a list: write an object/],
  ['{"method":"GET","url":"http://h/","header":"A: b"}', /^header is a string/],
  [
    '{"method":"GET","url":"http://h/","header":{"A":"b"}}',
    /^header "A" is a string: write a list, {"A": \["…"\]}/,
  ],
  [
    '{"method":"GET","url":"http://h/","header":{"A":[1]}}',
    /^header "A": value 1 is a number: put it in quotes/,
  ],
  ['{"method":"GET","url":"http://h/","header":{"A":["b",null]}}', /^header "A": value 2 is null/],
  ['{"method":"GET","url":"http://h/","header":{"A":[["b"]]}}', /^header "A": value 1 is a list/],
  ['{"method":"GET","url":"http://h/","header":{"A b":["c"]}}', /^header "A b" is no valid name/],
  ['{"method":"GET","url":"http://h/","header":{"":["c"]}}', /^header "" is no valid name/],
  ['{"method":"GET","url":"http://h/","header":{"A:":["c"]}}', /is no valid name/],
  ['{"method":"GET","url":"http://h/","header":{"É":["c"]}}', /is no valid name/],
  ['{"method":"GET","url":"http://h/","header":{"Host":["a","b"]}}', /^header "Host" is given twice/],
  [
    '{"method":"GET","url":"http://h/","header":{"Host":["a"],"host":["b"]}}',
    /^header "Host" is given twice/,
  ],
  [
    '{"method":"GET","url":"http://h/","header":{"Content-Length":["3"]}}',
    /^header "Content-Length" is "3" but the body has 0/,
  ],
  [
    '{"method":"GET","url":"http://h/","body":"QQ==","header":{"Content-Length":["+1"]}}',
    /is "\+1" but the body has 1 bytes/,
  ],
  [
    '{"method":"GET","url":"http://h/","header":{"Transfer-Encoding":["chunked"]}}',
    /^header "Transfer-Encoding" cannot be sent/,
  ],
  [
    '{"method":"GET","url":"http://h/","header":{"EXPECT":["100-continue"]}}',
    /^header "EXPECT" cannot be sent/,
  ],
  ['{"method":"GET","url":"http://h/","header":{"Upgrade":["h2c"]}}', /^header "Upgrade" cannot be sent/],
  [
    '{"method":"GET","url":"http://h/","header":{"Keep-Alive":["timeout=5"]}}',
    /^header "Keep-Alive" cannot be sent/,
  ],
  [
    '{"method":"GET","url":"http://h/","header":{"Connection":["close, upgrade"]}}',
    /^header "Connection" is .*: only "close" and "keep-alive"/,
  ],
  ['{"method":"GET","url":"http://h/","body":{"a":1}}', /^body is no text but .*base64/],
  ['{"method":"GET","url":"http://h/","body":0}', /^body is no text but "0"/],
];
for (const [json, message] of wrong) {
  test(`refused: ${json.replaceAll('\n', '␊')}`, () => {
    assert.match(messageOf(json), message);
    assert.match(messageOf(json), message); // what was wrong once is not remembered as right
  });
}

for (const character of ['\r', '\n', '\0', '\u0007', '\u007f']) {
  test(`a header value with ${JSON.stringify(character)} is refused and not repeated`, () => {
    const message = messageOf(
      JSON.stringify({ ...URL_ONLY, header: { Authorization: [`Bearer hidden${character}X: y`] } }),
    );
    assert.match(message, /^header "Authorization": value 1 has the control character .* at character 14/);
    assert.doesNotMatch(message, /hidden/);
  });
}

test('credentials in a URL are refused and not repeated', () => {
  for (const url of [
    'http://user:hidden@h:8080/x',
    'http://hidden@h/x',
    'http://user:hidden@h@i/?a',
    'http://@h/',
  ]) {
    const message = messageOf(JSON.stringify({ method: 'GET', url }));
    assert.match(message, /holds credentials: send them in a header/);
    assert.doesNotMatch(message, /hidden/);
  }
});

test('messages are one short line, however long and odd the target is', () => {
  const odd = `\u0000\u001b[31m${'x'.repeat(100_000)}\n`;
  const targets = [
    odd,
    `{"a": ${odd}`,
    `{"a": "${'x'.repeat(100_000)}`,
    JSON.stringify(odd),
    JSON.stringify({ ...URL_ONLY, method: odd }),
    JSON.stringify({ ...URL_ONLY, url: odd }),
    JSON.stringify({ ...URL_ONLY, url: `http://${odd}` }),
    JSON.stringify({ ...URL_ONLY, url: `http://h/${odd}` }),
    JSON.stringify({ ...URL_ONLY, url: [odd] }),
    JSON.stringify({ ...URL_ONLY, body: odd }),
    JSON.stringify({ ...URL_ONLY, body: [odd] }),
    JSON.stringify({ ...URL_ONLY, header: { [odd]: ['x'] } }),
    JSON.stringify({ ...URL_ONLY, header: { 'Content-Length': ['9'.repeat(100_000)] } }),
    JSON.stringify({ ...URL_ONLY, header: { Connection: ['x'.repeat(100_000)] } }),
  ];
  for (const json of targets) {
    const message = messageOf(json);
    assert.ok(message.length < 400, message);
    assert.doesNotMatch(message, /\p{Cc}/u);
  }
});

test('a target of 50 MB is read', () => {
  const body = Buffer.alloc(37_500_000, 'x');
  assert.equal(parse({ ...URL_ONLY, body: body.toString('base64') }).body?.length, body.length);
});
