import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { failureName, LOCAL } from '../../../src/metrics/outcome.ts';
import { classify, describe } from '../../../src/transport/http/failure.ts';
import { createHttpTransport } from '../../../src/transport/http/http-transport.ts';
import { answerWith, DEFAULTS, listen, openSender, post, target } from './harness.ts';

const end = (socket: net.Socket): void => void socket.end();
const reset = (socket: net.Socket): void => void socket.resetAndDestroy();
const stay = (): void => {};
const big = `X-Big: ${'x'.repeat(20_000)}\r\n`;

const answers: [
  what: string,
  answer: string,
  after: (socket: net.Socket) => void,
  outcome: string,
  status: number,
  bytesIn: number,
][] = [
  ['nothing, then closed', '', end, 'closed', 0, 0],
  ['nothing, then reset', '', reset, 'reset', 0, 0],
  ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le', end, 'closed', 0, 0],
  ['an announcement only', 'HTTP/1.1 103 Early Hints\r\n\r\n', end, 'closed', 0, 0],
  ['a body cut off', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n1234', end, 'truncated', 200, 4],
  [
    'a body cut off, the connection to be closed',
    'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\n1234',
    end,
    'truncated',
    200,
    4,
  ],
  ['a failure cut off', 'HTTP/1.1 500 No\r\ncontent-length: 10\r\n\r\n1234', end, 'truncated', 500, 4],
  [
    'chunks cut off',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n1234\r\n',
    end,
    'truncated',
    200,
    4,
  ],
  [
    'chunks cut off, the connection to be closed',
    'HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n4\r\n1234\r\n',
    end,
    'truncated',
    200,
    4,
  ],
  [
    'a reset in the body',
    'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n1234',
    (socket) => setTimeout(reset, 20, socket),
    'reset',
    200,
    4,
  ],
  ['a bad chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', stay, 'protocol', 200, 0],
  [
    'two lengths',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
    stay,
    'protocol',
    0,
    0,
  ],
  ['garbage', '\u0000\u0001garbage\r\n\r\n', stay, 'protocol', 0, 0],
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', stay, 'protocol', 0, 0],
  ['too large a head', `HTTP/1.1 200 OK\r\n${big}content-length: 0\r\n\r\n`, stay, 'protocol', 0, 0],
  [
    'too many headers',
    `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}content-length: 0\r\n\r\n`,
    stay,
    'protocol',
    0,
    0,
  ],
  ['a status that is none', 'HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\nab', stay, 'protocol', 0, 2],
  ['status 600', 'HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n', stay, 'protocol', 0, 0],
  ['a status below 100', 'HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n', stay, 'protocol', 0, 0],
  [
    'a switch of protocols that nobody asked for',
    'HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    stay,
    'protocol',
    0,
    0,
  ],
];
for (const [what, answer, after, outcome, status, bytesIn] of answers) {
  test(`${what}: ${outcome}, and the next hit has a new connection`, async (t) => {
    const origin = await answerWith(t, answer, after);
    const sender = openSender(t, 1, { success: [[100, 599]] });
    for (let i = 0; i < 3; i++) {
      const { error, ...told } = await sender.send(post(origin, 'abc'));
      assert.deepEqual(told, { outcome, status, bytesOut: 3, bytesIn });
      assert.notEqual(error, '');
      assert.ok(error.length <= 200 && !error.includes('\n'), error);
    }
  });
}

test('a server that closes as soon as it has accepted', async (t) => {
  const origin = await listen(
    t,
    net.createServer((socket) => socket.destroy()),
  );
  const sender = openSender(t);
  for (let i = 0; i < 5; i++) {
    const { outcome, status, bytesIn } = await sender.send(post(origin));
    assert.ok(outcome === 'closed' || outcome === 'reset', outcome);
    assert.deepEqual([status, bytesIn], [0, 0]);
  }
});

test('nobody listens: refused, with no byte sent, over and over', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  const sender = openSender(t, 2);
  for (let i = 0; i < 10; i++) {
    const told = await sender.send(post(`http://127.0.0.1:${port}`), i % 2);
    assert.deepEqual(told, {
      outcome: 'refused',
      status: 0,
      bytesOut: 0,
      bytesIn: 0,
      error: `connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  }
});

/** A lane may fill a slot again from within the report that freed it. */
for (const [what, answer, after] of [
  ['closed', '', end],
  ['reset', '', reset],
  ['garbled', 'garbage\r\n\r\n', stay],
  ['refused', null, stay],
] as const) {
  test(`a connection that is ${what} can be followed by a hit from within the report`, async (t) => {
    const origin = answer === null ? 'http://127.0.0.1:1' : await answerWith(t, answer, after);
    let left = 20;
    const done = Promise.withResolvers<void>();
    const transport = createHttpTransport({ ...DEFAULTS, connections: 1 }, 1, (slot, outcome) => {
      assert.notEqual(outcome, 0);
      if (--left > 0) transport.send(slot, post(origin));
      else done.resolve();
    });
    t.after(() => transport.close());
    transport.send(0, post(origin));
    await done.promise;
  });
}

test('all addresses of a name refuse: the message says each', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  const told = await openSender(t).send(target(`http://localhost:${port}`));
  assert.equal(told.outcome, 'refused');
  assert.match(told.error, /ECONNREFUSED 127\.0\.0\.1/);
});

test('a name that does not exist', async (t) => {
  const told = await openSender(t).send(target('http://name.invalid'));
  assert.deepEqual([told.outcome, told.status], ['dns', 0]);
  assert.match(told.error, /name\.invalid/);
});

const codes: [code: string, outcome: string][] = [
  ['ECONNREFUSED', 'refused'],
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['EAI_FAIL', 'dns'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect_timeout'],
  ['ETIMEDOUT', 'connect_timeout'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['UND_ERR_SOCKET', 'closed'],
  ['EPROTO', 'tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['UND_ERR_HEADERS_OVERFLOW', 'protocol'],
  ['UND_ERR_INVALID_ARG', 'other'],
  ['', 'other'],
  ['EMFILE', 'local'],
  ['ENFILE', 'local'],
  ['EADDRNOTAVAIL', 'local'],
  ['ENOBUFS', 'local'],
];
for (const [code, outcome] of codes) {
  test(`${code || 'no code'} while connecting is ${outcome}`, () => {
    const error = Object.assign(new Error('x'), { code });
    assert.equal(failureName(classify(error, { written: false, answered: false })), outcome);
    assert.equal(classify(error, { written: false, answered: false }) === LOCAL, outcome === 'local');
  });
}

test('an error without text is described by its code', () => {
  assert.equal(describe(Object.assign(new Error(''), { code: 'EX' })), 'EX');
  assert.equal(describe(new AggregateError([new Error('a'), new Error('b\n  c'), new Error('a')])), 'a; b c');
});

test("no file descriptors left is this machine's failure, and passes", {
  skip: process.platform === 'win32',
}, async () => {
  const code = `
    import net from 'node:net';
    import fs from 'node:fs';
    import { createHttpTransport } from ${JSON.stringify(new URL('../../../src/transport/http/http-transport.ts', import.meta.url).href)};
    const server = net.createServer((socket) => socket.on('data', () => socket.write('HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n')));
    server.listen(0, '127.0.0.1', () => {
      const target = { method: 'GET', origin: 'http://127.0.0.1:' + server.address().port, path: '/', headers: [], body: null };
      const options = { timeoutMs: 1, connections: 1, success: [[200, 299]], redirects: 0, keepAlive: true, tls: { ca: null, serverName: null, insecure: false } };
      const taken = [];
      const outcomes = [];
      const transport = createHttpTransport(options, 1, (slot, outcome) => {
        outcomes.push(outcome);
        for (const one of taken.splice(0)) fs.closeSync(one);
        if (outcomes.length < 2) setImmediate(() => transport.send(0, target));
        else process.stdout.write(JSON.stringify(outcomes), () => process.exit(0));
      });
      try { for (;;) taken.push(fs.openSync('/dev/null')); } catch {}
      transport.send(0, target);
    });
  `;
  const command = 'ulimit -n 64 && exec "$0" --no-warnings --input-type=module -e "$1"';
  const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, code]);
  assert.deepEqual(JSON.parse(stdout), [LOCAL, 0]);
});
