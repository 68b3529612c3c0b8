import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { answerWith, listen, openSender, post, serve, target } from './harness.ts';

test('a request arrives as its target says, and its answer is counted', async (t) => {
  let seen: { method?: string; url?: string; headers: string[]; body: string } | undefined;
  const { origin } = await serve(t, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen = { method: request.method!, url: request.url!, headers: request.rawHeaders, body };
      response.end('0123456789');
    });
  });
  const sender = openSender(t);
  const headers = [
    'Host',
    'api.example:99',
    'X-b',
    '1',
    'x-A',
    '2',
    'X-b',
    '3',
    'X-u',
    Buffer.from('é').toString('latin1'),
  ];
  const body = Buffer.from('{"é":1}');
  const told = await sender.send({ method: 'POST', origin, path: '/a//b?c=%zz&d=[e]', headers, body });
  assert.deepEqual(told, { outcome: 'succeeded', status: 200, bytesOut: 8, bytesIn: 10, error: '' });
  assert.deepEqual([seen?.method, seen?.url, seen?.body], ['POST', '/a//b?c=%zz&d=[e]', '{"é":1}']);
  const sent = seen!.headers;
  assert.deepEqual(sent.slice(0, 2), ['host', 'api.example:99']);
  assert.deepEqual(sent.slice(sent.indexOf('X-b'), sent.indexOf('X-b') + 8), headers.slice(2));
  assert.deepEqual(sent.slice(-2), ['content-length', '8']);
  assert.equal(sent.filter((name) => /^host$/i.test(name)).length, 1);
});

test("without a Host header it is the origin's", async (t) => {
  const { origin } = await serve(t, (request, response) => response.end(request.headers.host));
  const told = await openSender(t).send(target(origin));
  assert.equal(told.bytesIn, new URL(origin).host.length);
});

test('a status is a success where the options say so, else a failure of its own', async (t) => {
  const { origin } = await serve(t, (request, response) =>
    response.writeHead(Number(request.url!.slice(1))).end(),
  );
  const sender = openSender(t, 1, {
    success: [
      [200, 201],
      [404, 404],
      [302, 302],
    ],
  });
  const outcomes: string[] = [];
  for (const status of [200, 201, 202, 302, 304, 400, 404, 503, 599]) {
    const told = await sender.send(target(origin, { path: `/${status}` }));
    assert.equal(told.status, status);
    outcomes.push(told.outcome);
  }
  const expected = [
    'succeeded',
    'succeeded',
    'http_202',
    'succeeded',
    'http_304',
    'http_400',
    'succeeded',
    'http_503',
    'http_599',
  ];
  assert.deepEqual(outcomes, expected);
});

test('one connection serves one hit after another: also HEAD, 204, 304, and a GET or DELETE with a body', async (t) => {
  const { origin, connections } = await serve(t, (request, response) => {
    request.resume();
    if (request.url === '/204' || request.url === '/304')
      response.writeHead(Number(request.url.slice(1))).end();
    else response.end('hello');
  });
  const sender = openSender(t, 4);
  const sizes: number[] = [];
  for (const next of [
    target(origin),
    target(origin, { method: 'HEAD' }),
    target(origin, { path: '/204' }),
    target(origin, { path: '/304' }),
    target(origin, { body: Buffer.from('abc') }),
    target(origin, { method: 'DELETE', body: Buffer.from('abc') }),
    target(origin, { headers: ['Host', 'one.example'] }),
    target(origin, { headers: ['Host', 'two.example'] }),
    post(origin),
  ]) {
    sizes.push((await sender.send(next, sizes.length % 4)).bytesIn);
  }
  assert.deepEqual(sizes, [5, 0, 0, 0, 5, 5, 5, 5, 5]);
  assert.equal(connections(), 1);
});

test('the connection used last is used first', async (t) => {
  const used: (number | undefined)[] = [];
  const held: http.ServerResponse[] = [];
  const { origin } = await serve(t, (request, response) => {
    used.push(request.socket.remotePort);
    if (request.url === '/hold') held.push(response);
    else response.end();
  });
  const sender = openSender(t, 3);
  const first = [0, 1, 2].map((slot) => sender.send(target(origin, { path: '/hold' }), slot));
  while (held.length < 3) await new Promise(setImmediate);
  for (const response of held) response.end();
  await Promise.all(first);
  for (let i = 0; i < 5; i++) await sender.send(target(origin), i % 3);
  assert.equal(new Set(used.slice(0, 3)).size, 3);
  assert.equal(new Set(used.slice(3)).size, 1);
});

test('without keep-alive every request has a connection of its own', async (t) => {
  const seen: (string | undefined)[] = [];
  const { origin, connections } = await serve(t, (request, response) => {
    seen.push(request.headers.connection);
    response.end();
  });
  const sender = openSender(t, 2, { keepAlive: false });
  for (let i = 0; i < 6; i++) assert.equal((await sender.send(post(origin), i % 2)).outcome, 'succeeded');
  assert.equal(connections(), 6);
  assert.deepEqual(new Set(seen), new Set(['close']));
});

test('a target that asks to close, and an answer that says so, each end a connection', async (t) => {
  const { origin, connections } = await serve(t, (request, response) => {
    if (request.url === '/close') response.setHeader('connection', 'close');
    response.end('x');
  });
  const sender = openSender(t);
  const outcomes: string[] = [];
  for (const next of [{ path: '/close' }, { headers: ['Connection', 'close'] }, {}, {}]) {
    outcomes.push((await sender.send(target(origin, next))).outcome);
  }
  assert.deepEqual(outcomes, Array(4).fill('succeeded'));
  assert.equal(connections(), 3);
});

test('a body is counted as it came: chunks, trailers, compression', async (t) => {
  const packed = zlib.gzipSync('x'.repeat(100_000));
  const { origin } = await serve(t, (request, response) => {
    if (request.url === '/gzip') {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
    } else {
      response.writeHead(200, { trailer: 'X-Sum' });
      response.write('abc');
      response.write('defg');
      response.addTrailers({ 'X-Sum': '7' });
      response.end();
    }
  });
  const sender = openSender(t);
  assert.equal((await sender.send(target(origin))).bytesIn, 7);
  assert.equal((await sender.send(target(origin, { path: '/gzip' }))).bytesIn, packed.length);
});

test('informational answers are not the answer', async (t) => {
  const { origin } = await serve(t, (_request, response) => {
    response.writeProcessing();
    response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('done'));
  });
  assert.deepEqual(await openSender(t).send(target(origin)), {
    outcome: 'succeeded',
    status: 200,
    bytesOut: 0,
    bytesIn: 4,
    error: '',
  });
});

test('an answer without a length ends with its connection', async (t) => {
  const origin = await answerWith(t, 'HTTP/1.0 200 OK\r\n\r\nuntil the end', (socket) => socket.end());
  const sender = openSender(t);
  for (let i = 0; i < 3; i++) {
    const told = await sender.send(target(origin));
    assert.deepEqual([told.outcome, told.bytesIn], ['succeeded', 13]);
  }
});

test('a server may answer before it has read the request', async (t) => {
  const server = net.createServer((socket) => {
    socket.once('data', () => {
      socket.pause();
      socket.write('HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno');
    });
  });
  const origin = await listen(t, server);
  const sender = openSender(t);
  const body = Buffer.alloc(20_000_000);
  assert.deepEqual(await sender.send(post(origin, body)), {
    outcome: 'http_413',
    status: 413,
    bytesOut: body.length,
    bytesIn: 2,
    error: '',
  });
  assert.equal((await sender.send(post(origin, 'small'))).outcome, 'http_413');
});

test('an answer of 100 MB is read whole and not kept', async (t) => {
  const chunk = Buffer.alloc(1_000_000);
  const { origin } = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 100 * chunk.length });
    Readable.from(Array(100).fill(chunk)).pipe(response);
  });
  const sender = openSender(t);
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 5);
  const told = await sender.send(target(origin));
  clearInterval(watch);
  assert.deepEqual([told.outcome, told.bytesIn], ['succeeded', 100_000_000]);
  assert.ok(most < 80_000_000, `${most} bytes were held`);
});

test('an idle connection that the server closed is not used again', async (t) => {
  const { origin, connections, server, lastSocket } = await serve(t, (_request, response) => response.end());
  const sender = openSender(t);
  for (let i = 1; i <= 5; i++) {
    assert.equal((await sender.send(target(origin))).outcome, 'succeeded');
    assert.equal(connections(), i);
    const closed = once(lastSocket(), 'close');
    server.closeIdleConnections();
    await closed; // the client has closed its end, too
  }
});

test('a server that starts anew on its port is found again', async (t) => {
  const { origin, server } = await serve(t, (_request, response) => response.end());
  const sender = openSender(t);
  assert.equal((await sender.send(target(origin))).outcome, 'succeeded');
  const { port } = server.address() as net.AddressInfo;
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await new Promise(setImmediate); // a turn of the event loop, in which the client sees the end of its connection
  assert.equal((await sender.send(target(origin))).outcome, 'refused');
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  assert.equal((await sender.send(target(origin))).outcome, 'succeeded');
});

test('nothing is sent twice: a request that meets the closing fails', async (t) => {
  let requests = 0;
  const server = net.createServer((socket) => {
    socket.on('data', () => {
      requests++;
      if (requests % 2 === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      else socket.resetAndDestroy();
    });
  });
  const origin = await listen(t, server);
  const sender = openSender(t);
  const outcomes: string[] = [];
  for (let i = 0; i < 6; i++) outcomes.push((await sender.send(target(origin))).outcome);
  assert.deepEqual(outcomes, ['succeeded', 'reset', 'succeeded', 'reset', 'succeeded', 'reset']);
  assert.equal(requests, 6);
});

test('an aborted hit frees its slot at once, is never reported, and its connection is closed', async (t) => {
  const closed: Promise<unknown>[] = [];
  const { origin } = await serve(t, (request, response) => {
    closed.push(new Promise((resolve) => request.socket.once('close', resolve)));
    if (request.url === '/slow') {
      response.write('part');
    } else if (request.url !== '/hang') {
      response.end('x');
    }
  });
  const sender = openSender(t);
  for (const path of ['/hang', '/slow', '/hang']) {
    void sender.send(target(origin, { path }));
    const before = closed.length;
    while (closed.length === before) await new Promise(setImmediate);
    sender.abort();
    assert.equal((await sender.send(target(origin))).outcome, 'succeeded');
    await closed[before];
  }
});

test('a hit can be aborted in the very turn in which it was sent, over and over', async (t) => {
  const { origin, connections } = await serve(t, (_request, response) => response.end('x'));
  const sender = openSender(t, 2);
  for (let i = 0; i < 200; i++) {
    void sender.send(post(origin), i % 2);
    sender.abort(i % 2);
    if (i % 7 === 0) await sender.send(post(origin), 1);
  }
  assert.equal((await sender.send(target(origin))).outcome, 'succeeded');
  assert.ok(connections() <= 250);
});

test('a hit that fails by itself can be aborted before that is reported', async (t) => {
  const sender = openSender(t);
  void sender.send(target('http://[not a host'));
  sender.abort();
  await new Promise(setImmediate);
  void sender.send(target('http://127.0.0.1:1'));
  sender.abort();
  await new Promise((resolve) => setTimeout(resolve, 20));
});

test('closing aborts what is in flight and leaves no connection open', async (t) => {
  const arrived: net.Socket[] = [];
  const { origin } = await serve(t, (request, response) => {
    arrived.push(request.socket);
    if (request.url === '/idle') response.end();
  });
  const sender = openSender(t, 3);
  await sender.send(target(origin, { path: '/idle' }), 0);
  for (const slot of [0, 1, 2]) void sender.send(target(origin), slot);
  while (arrived.length < 4) await new Promise(setImmediate);
  const closed = arrived.slice(1).map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  await sender.transport.close();
  await Promise.all(closed);
});

test('after closing nothing is sent any more', async (t) => {
  const { origin, connections } = await serve(t, (_request, response) => response.end());
  const sender = openSender(t);
  await sender.transport.close();
  const told = await sender.send(target(origin));
  assert.deepEqual([told.outcome, told.error], ['other', 'the transport is closed']);
  assert.equal(connections(), 0);
});

test('a target that no parser gives is an outcome, not a crash', async (t) => {
  const { origin } = await serve(t, (_request, response) => response.end());
  const sender = openSender(t);
  const wrong = [
    target('nonsense'),
    target(origin, { path: 'no-slash' }),
    target(origin, { path: '/sp ace' }),
    target(origin, { method: 'BAD METHOD' }),
    target(origin, { method: 'CONNECT' }),
    target(origin, { headers: ['a b', 'c'] }),
    target(origin, { headers: ['a', 'b\r\nc: d'] }),
    target(origin, { headers: ['transfer-encoding', 'chunked'] }),
    target(origin, { method: 'POST', headers: ['content-length', '7'], body: Buffer.from('x') }),
    target(origin, { headers: ['expect', '100-continue'] }),
    target(origin, { headers: ['odd'] }),
  ];
  for (const one of wrong) {
    const told = await sender.send(one);
    assert.equal(told.status, 0);
    assert.notEqual(told.outcome, 'succeeded', JSON.stringify(one));
    assert.notEqual(told.error, '');
  }
  assert.equal((await sender.send(target(origin))).outcome, 'succeeded');
});

test('many hits at once, each reported once', async (t) => {
  const { origin, connections } = await serve(t, (request, response) => {
    request.resume();
    request.on('end', () => setTimeout(() => response.end('ok'), Math.random() * 3));
  });
  const sender = openSender(t, 32);
  const work = async (slot: number): Promise<void> => {
    for (let i = 0; i < 50; i++)
      assert.equal((await sender.send(post(origin, `${i}`), slot)).outcome, 'succeeded');
  };
  await Promise.all(Array.from({ length: 32 }, (_, slot) => work(slot)));
  assert.ok(connections() <= 32);
});
