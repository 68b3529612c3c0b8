import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Masker } from '../../src/report/mask.ts';

const SECRET = 'p@ss/w+rd "ü" 1';

test('a secret is found as it is, and in every form in which URLs and JSON hold it', () => {
  const mask = new Masker([SECRET]);
  const forms = [
    SECRET,
    encodeURIComponent(SECRET),
    encodeURIComponent(SECRET).toLowerCase(),
    encodeURI(SECRET),
    new URLSearchParams({ k: SECRET }).toString().slice(2),
    JSON.stringify(SECRET).slice(1, -1),
    JSON.stringify(SECRET).slice(1, -1).replace('ü', '\\u00FC').replace('/', '\\/'),
  ];
  for (const form of forms) assert.equal(mask.text(`a=${form}&b`), 'a=***&b', form);
});

test('a secret is found in base64 at all three alignments, of all its forms', () => {
  const mask = new Masker([SECRET]);
  const forms = [SECRET, JSON.stringify(SECRET).slice(1, -1), encodeURIComponent(SECRET)];
  for (const form of forms) {
    for (const before of ['', 'x', 'xy', 'xyz', '{"token":"']) {
      for (const after of ['', 'z', 'zz', '"}']) {
        const text = `${before}${form}${after}`;
        for (const encoding of ['base64', 'base64url'] as const) {
          const encoded = Buffer.from(text).toString(encoding);
          const masked = mask.text(`[${encoded}]`);
          assert.match(masked, /\*\*\*/, `${encoded} of ${text}`);
          // What is left over holds no byte of the secret, wherever it stands.
          for (const rest of masked.slice(1, -1).split('***')) {
            const decoded = [0, 1, 2, 3].map((skip) =>
              Buffer.from(rest.slice(skip), 'base64').toString('latin1'),
            );
            const readable = decoded.join(' ');
            assert.ok(!readable.includes('ss/w') && !readable.includes('w+rd'), readable);
          }
        }
      }
    }
  }
});

test('a percent-encoded base64 text hides nothing', () => {
  const secret = '\u00fb\u00ff?>~~?';
  const encoded = encodeURIComponent(Buffer.from(secret).toString('base64'));
  assert.match(encoded, /%2[BF]/);
  assert.equal(new Masker([secret]).text(`q=${encoded}`).replace('%3D', ''), 'q=***');
});

test('bodies are searched byte for byte and otherwise left as they are', () => {
  const mask = new Masker(['sécret']);
  const body = Buffer.concat([Buffer.from([0xff, 0x00, 0xfe]), Buffer.from('sécret'), Buffer.from([0x80])]);
  assert.deepEqual(
    mask.body(body),
    Buffer.concat([Buffer.from([0xff, 0x00, 0xfe]), Buffer.from('***'), Buffer.from([0x80])]),
  );
  const clean = Buffer.from('nothing here');
  assert.equal(mask.body(clean), clean);
});

test('values of headers that are credentials by their name are masked as a whole', () => {
  const mask = new Masker([]);
  const sensitive = [
    'Authorization',
    'proxy-authorization',
    'Cookie',
    'Set-Cookie',
    'X-API-Key',
    'apikey',
    'X-Auth-Token',
    'x-amz-security-token',
    'X-Client-Secret',
    'X-Hub-Signature',
  ];
  for (const name of sensitive) assert.deepEqual(mask.headers([name, 'Basic abc']), [name, '***'], name);
  for (const name of ['Content-Type', 'Idempotency-Key', 'X-Tokens-Used', 'Accept']) {
    assert.deepEqual(mask.headers([name, 'abc']), [name, 'abc'], name);
  }
});

test('secrets in other headers are masked where they stand', () => {
  assert.deepEqual(new Masker(['hunter22']).headers(['X-Note', 'with hunter22 inside']), [
    'X-Note',
    'with *** inside',
  ]);
});

test('passwords in URLs are masked without being named', () => {
  const mask = new Masker([]);
  assert.equal(mask.text('http://user:pa55@host:80/a:b@c'), 'http://user:***@host:80/a:b@c');
  assert.equal(mask.text('http://host:80/x@y'), 'http://host:80/x@y');
});

test('very short secrets are masked only as whole words, and do not destroy everything', () => {
  const mask = new Masker(['a', '42']);
  assert.equal(mask.text('/data/a?n=42&m=1424&x=a42a'), '/data/***?n=***&m=1424&x=a42a');
});

test('empty secrets mask nothing', () => {
  assert.equal(new Masker(['', '  ', '\n']).text('a  b'), 'a  b');
});

test('of two secrets of which one begins the other, nothing of the longer is left', () => {
  assert.equal(new Masker(['token', 'token-of-prod']).text('x=token-of-prod'), 'x=***');
});

test('a secret read from a file is also found without the newline at its end', () => {
  assert.equal(new Masker(['s3cret!\n']).text('k=s3cret!;'), 'k=***;');
});

test('characters that mean something in patterns mean themselves', () => {
  const mask = new Masker(['a.c*(d)[e]|^$\\-']);
  assert.equal(mask.text('abc'), 'abc');
  assert.equal(mask.text('<a.c*(d)[e]|^$\\->'), '<***>');
});
