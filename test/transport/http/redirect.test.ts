import assert from 'node:assert/strict';
import type http from 'node:http';
import { test } from 'node:test';
import { AllowedHosts } from '../../../src/target/allowed-hosts.ts';
import { followRedirect } from '../../../src/transport/http/redirect.ts';
import { openSender, serve, target } from './harness.ts';

const methods: [status: number, from: string, to: string][] = [
  [301, 'GET', 'GET'],
  [301, 'POST', 'GET'],
  [301, 'PUT', 'PUT'],
  [302, 'POST', 'GET'],
  [302, 'DELETE', 'DELETE'],
  [302, 'HEAD', 'HEAD'],
  [303, 'POST', 'GET'],
  [303, 'PUT', 'GET'],
  [303, 'HEAD', 'HEAD'],
  [307, 'POST', 'POST'],
  [308, 'PUT', 'PUT'],
];
for (const [status, from, to] of methods) {
  test(`${status} makes a ${from} a ${to}`, () => {
    const headers = ['Content-Type', 'text/plain', 'X', 'y'];
    const body = Buffer.from('b');
    const next = followRedirect(target('http://a', { method: from, headers, body }), status, '/next');
    const keeps = from === to;
    assert.deepEqual(
      next,
      target('http://a', {
        method: to,
        path: '/next',
        headers: keeps ? headers : ['X', 'y'],
        body: keeps ? body : null,
      }),
    );
  });
}

const places: [location: string, origin: string | null, path: string | null][] = [
  ['/x?y#z', 'http://a:81', '/x?y'],
  ['x', 'http://a:81', '/dir/x'],
  ['../x', 'http://a:81', '/x'],
  ['?q', 'http://a:81', '/dir/page?q'],
  ['', 'http://a:81', '/dir/page?old'],
  ['//b/x', 'http://b', '/x'],
  ['https://b:444', 'https://b:444', '/'],
  ['http://user:password@a:81/x', 'http://a:81', '/x'],
  [Buffer.from('/ä ö').toString('latin1'), 'http://a:81', '/%C3%A4%20%C3%B6'],
  ['http://', null, null],
  ['http://a:99999/', null, null],
  ['ftp://a/x', null, null],
  ['javascript:alert(1)', null, null],
];
for (const [location, origin, path] of places) {
  test(`Location ${JSON.stringify(location)} leads to ${origin === null ? 'nowhere' : origin + path}`, () => {
    const next = followRedirect(target('http://a:81', { path: '/dir/page?old' }), 302, location);
    assert.deepEqual([next?.origin ?? null, next?.path ?? null], [origin, path]);
  });
}

test('what belongs to the first origin is not told to another', () => {
  const headers = [
    'AUTHORIZATION',
    'a',
    'cookie',
    'b',
    'Host',
    'c',
    'Proxy-Authorization',
    'd',
    'X-Key',
    'e',
  ];
  const from = target('http://a', { headers });
  assert.deepEqual(followRedirect(from, 307, 'http://b/')?.headers, ['X-Key', 'e']);
  assert.deepEqual(followRedirect(from, 307, 'http://a:81/')?.headers, ['X-Key', 'e']);
  assert.deepEqual(followRedirect(from, 307, 'https://a/')?.headers, ['X-Key', 'e']);
  assert.deepEqual(followRedirect(from, 307, 'http://a:80/x')?.headers, headers);
});

/** `/n` redirects to `/n-1`, and `/0` answers. */
function countDown(request: http.IncomingMessage, response: http.ServerResponse): void {
  const left = Number(request.url!.slice(1));
  if (left === 0) response.end('arrived');
  else response.writeHead(307, { location: `/${left - 1}` }).end('moved');
}

test('redirects are followed up to the number allowed, bytes of all requests counted', async (t) => {
  const { origin, connections } = await serve(t, countDown);
  const sender = openSender(t, 1, { redirects: 3 });
  const send = (count: number) =>
    sender.send(target(origin, { method: 'POST', path: `/${count}`, body: Buffer.from('ab') }));
  assert.deepEqual(await send(0), { outcome: 'succeeded', status: 200, bytesOut: 2, bytesIn: 7, error: '' });
  assert.deepEqual(await send(3), { outcome: 'succeeded', status: 200, bytesOut: 8, bytesIn: 22, error: '' });
  assert.deepEqual(await send(4), {
    outcome: 'redirect',
    status: 307,
    bytesOut: 8,
    bytesIn: 20,
    error: 'more than 3 redirects',
  });
  assert.deepEqual((await send(3)).outcome, 'succeeded');
  assert.equal(connections(), 1);
});

test('the object of a target may be used again while its hit is under way', async (t) => {
  const bodies: string[] = [];
  const { origin } = await serve(t, (request, response) => {
    request.on('data', (chunk) => bodies.push(String(chunk)));
    request.on('end', () => countDown(request, response));
  });
  const sender = openSender(t, 1, { redirects: 3 });
  const reused = { method: 'POST', origin, path: '/1', headers: [], body: Buffer.from('ab') };
  const told = sender.send(reused);
  Object.assign(reused, { method: 'PUT', path: '/9', body: Buffer.from('other') });
  assert.deepEqual(await told, { outcome: 'succeeded', status: 200, bytesOut: 4, bytesIn: 12, error: '' });
  assert.deepEqual(bodies, ['ab', 'ab']);
});

test('a loop ends', async (t) => {
  let requests = 0;
  const { origin } = await serve(t, (_request, response) => {
    requests++;
    response.writeHead(302, { location: '/' }).end();
  });
  const sender = openSender(t, 1, { redirects: 10 });
  assert.equal((await sender.send(target(origin))).outcome, 'redirect');
  assert.equal(requests, 11);
});

test('none allowed: a redirect is an outcome of its own status', async (t) => {
  const { origin } = await serve(t, countDown);
  const told = await openSender(t).send(target(origin, { path: '/1' }));
  assert.deepEqual([told.outcome, told.status, told.bytesIn], ['http_307', 307, 5]);
});

test('a redirect to another server goes there, within the connections of the lane', async (t) => {
  const there = await serve(t, (request, response) => response.end(request.headers.authorization ?? 'none'));
  const here = await serve(t, (_request, response) =>
    response.writeHead(302, { location: `${there.origin}/x` }).end(),
  );
  const sender = openSender(t, 1, { redirects: 1 });
  const told = await sender.send(
    target(here.origin, { headers: ['Authorization', 'Bearer x', 'Host', 'h'] }),
  );
  assert.deepEqual([told.outcome, told.bytesIn], ['succeeded', 4]);
});

test('one that cannot be followed is an outcome: no place, a bad place, nobody there', async (t) => {
  const { origin } = await serve(t, (request, response) => {
    const location = { '/bad': 'ftp://x/', '/gone': 'http://127.0.0.1:1/', '/none': undefined }[request.url!];
    response.writeHead(302, location === undefined ? {} : { location }).end();
  });
  const sender = openSender(t, 1, { redirects: 5 });
  const bad = await sender.send(target(origin, { path: '/bad' }));
  assert.deepEqual([bad.outcome, bad.status], ['redirect', 302]);
  assert.match(bad.error, /ftp:\/\/x\//);
  assert.equal((await sender.send(target(origin, { path: '/none' }))).outcome, 'http_302');
  const gone = await sender.send(target(origin, { path: '/gone' }));
  assert.deepEqual([gone.outcome, gone.status], ['refused', 0]);
});

test('a hit can be aborted after it was redirected', async (t) => {
  const hanging = Promise.withResolvers<void>();
  const { origin } = await serve(t, (request, response) => {
    if (request.url === '/hang') hanging.resolve();
    else response.writeHead(302, { location: '/hang' }).end();
  });
  const sender = openSender(t, 1, { redirects: 5 });
  void sender.send(target(origin));
  await hanging.promise;
  sender.abort();
});

test('one to a host that is not allowed is not followed', async (t) => {
  const there = await serve(t, (_request, response) => response.end());
  const here = await serve(t, (request, response) =>
    response.writeHead(302, { location: request.url === '/own' ? '/done' : there.origin }).end(),
  );
  const hosts = new AllowedHosts([new URL(here.origin).host]);
  const sender = openSender(t, 1, { redirects: 1 }, hosts);
  const told = await sender.send(target(here.origin));
  assert.deepEqual([told.outcome, told.status], ['redirect', 302]);
  assert.match(
    told.error,
    /^redirect: host "127\.0\.0\.1:\d+" is not among the hosts that this cluster allows/,
  );
  assert.equal(there.connections(), 0);
});
