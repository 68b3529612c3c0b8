import assert from 'node:assert/strict';
import https from 'node:https';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { createHttpTransport } from '../../../src/transport/http/http-transport.ts';
import { answerWith, certificate, DEFAULTS, listen, openSender, post, target } from './harness.ts';

const ca = certificate('ca');

async function serveTls(
  t: TestContext,
  name: 'loopback' | 'named',
): Promise<{ origin: string; names: (string | false)[] }> {
  const names: (string | false)[] = [];
  const server = https.createServer(
    { cert: certificate(name), key: certificate(`${name}.key`) },
    (_request, response) => response.end('secret'),
  );
  server.on('secureConnection', (socket: tls.TLSSocket) => names.push(socket.servername ?? false));
  server.on('tlsClientError', () => {});
  return { origin: await listen(t, server, 'https'), names };
}

test('a certificate of the authority that is given is trusted', async (t) => {
  const { origin, names } = await serveTls(t, 'loopback');
  const sender = openSender(t, 1, { tls: { ca, serverName: null, insecure: false } });
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(await sender.send(post(origin)), {
      outcome: 'succeeded',
      status: 200,
      bytesOut: 1,
      bytesIn: 6,
      error: '',
    });
  }
  assert.equal(names.length, 1);
  assert.ok(!names[0], 'an address is not sent as a name');
});

test('one of an authority that is not known is refused', async (t) => {
  const { origin } = await serveTls(t, 'loopback');
  const sender = openSender(t);
  for (let i = 0; i < 3; i++) assert.equal((await sender.send(target(origin))).outcome, 'tls');
});

test('one for another name is refused', async (t) => {
  const { origin } = await serveTls(t, 'named');
  const sender = openSender(t, 1, { tls: { ca, serverName: null, insecure: false } });
  for (let i = 0; i < 3; i++) {
    const told = await sender.send(target(origin));
    assert.deepEqual([told.outcome, told.status, told.bytesOut], ['tls', 0, 0]);
    assert.match(told.error, /127\.0\.0\.1 is not in the cert's list/);
  }
});

test('insecure takes any certificate', async (t) => {
  const { origin } = await serveTls(t, 'named');
  const sender = openSender(t, 1, { tls: { ca: null, serverName: null, insecure: true } });
  assert.equal((await sender.send(target(origin))).outcome, 'succeeded');
});

test("a server name is sent and checked instead of the URL's host", async (t) => {
  const { origin, names } = await serveTls(t, 'named');
  const sender = openSender(t, 1, { tls: { ca, serverName: 'taz.test', insecure: false } });
  assert.equal((await sender.send(target(origin))).outcome, 'succeeded');
  assert.deepEqual(names, ['taz.test']);
  const wrong = openSender(t, 1, { tls: { ca, serverName: 'other.test', insecure: false } });
  assert.equal((await wrong.send(target(origin))).outcome, 'tls');
});

test('Host headers change neither the name asked for nor the connection', async (t) => {
  const { origin, names } = await serveTls(t, 'loopback');
  const sender = openSender(t, 1, { tls: { ca, serverName: null, insecure: false } });
  const local = origin.replace('127.0.0.1', 'localhost');
  for (const host of ['a.example', 'b.example', 'a.example', '[::1']) {
    assert.equal((await sender.send(target(local, { headers: ['Host', host] }))).outcome, 'succeeded');
  }
  assert.deepEqual(names, ['localhost']);
});

test('without keep-alive each connection shakes hands in full', async (t) => {
  const reused: boolean[] = [];
  const server = https.createServer(
    { cert: certificate('loopback'), key: certificate('loopback.key') },
    (_request, response) => response.end(),
  );
  server.on('secureConnection', (socket: tls.TLSSocket) => reused.push(socket.isSessionReused()));
  const origin = await listen(t, server, 'https');
  const sender = openSender(t, 1, { keepAlive: false, tls: { ca, serverName: null, insecure: false } });
  for (let i = 0; i < 3; i++) assert.equal((await sender.send(target(origin))).outcome, 'succeeded');
  assert.deepEqual(reused, [false, false, false]);
});

test('https to a server without TLS, and http to one with it', async (t) => {
  const plain = await answerWith(t, 'HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n');
  const sender = openSender(t, 1);
  const garbage = net.createServer((socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')),
  );
  assert.equal(
    (await sender.send(target((await listen(t, garbage)).replace('http', 'https')))).outcome,
    'tls',
  );
  const closing = net.createServer((socket) => socket.once('data', () => socket.end()));
  assert.equal(
    (await sender.send(target((await listen(t, closing)).replace('http', 'https')))).outcome,
    'tls',
  );
  assert.equal((await sender.send(target(plain))).outcome, 'http_400');
  const { origin } = await serveTls(t, 'loopback');
  const { outcome } = await sender.send(target(origin.replace('https', 'http')));
  assert.ok(['closed', 'reset', 'protocol'].includes(outcome), outcome);
});

test('a hit that hangs in the handshake can be aborted: its socket closes and its place is free', async (t) => {
  const accepted: net.Socket[] = [];
  const silent = await listen(
    t,
    net.createServer((socket) => void accepted.push(socket.resume())),
    'https',
  );
  const { origin } = await serveTls(t, 'loopback');
  const sender = openSender(t, 1, { tls: { ca, serverName: null, insecure: false } });
  for (let i = 0; i < 5; i++) {
    void sender.send(target(silent));
    while (accepted.length <= i) await new Promise(setImmediate);
    const closed = new Promise((resolve) => accepted[i]!.once('close', resolve));
    sender.abort();
    assert.equal((await sender.send(target(origin))).outcome, 'succeeded');
    await closed;
  }
});

test('closing while connections shake hands leaves none open', async (t) => {
  const accepted: net.Socket[] = [];
  const silent = await listen(
    t,
    net.createServer((socket) => void accepted.push(socket.resume())),
    'https',
  );
  const sender = openSender(t, 3);
  for (const slot of [0, 1, 2]) void sender.send(target(silent), slot);
  while (accepted.length < 3) await new Promise(setImmediate);
  const closed = accepted.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  await sender.transport.close();
  await Promise.all(closed);
});

test('an authority that is no certificate is refused when the transport is made', () => {
  const options = { ...DEFAULTS, tls: { ca: 'no certificate', serverName: null, insecure: false } };
  assert.throws(() => createHttpTransport(options, 1, () => {}), {
    message: /^http\.tls\.ca holds no certificate/,
  });
});
