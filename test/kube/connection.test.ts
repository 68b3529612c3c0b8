import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { after, suite, type TestContext, test } from 'node:test';
import { systemClock } from '../../src/attack/clock.ts';
import { type ApiCall, type ApiRequest, Connection } from '../../src/kube/connection.ts';
import {
  type Access,
  type Credentials,
  CredentialsError,
  NO_TLS_MATERIAL,
} from '../../src/kube/credentials.ts';
import { isKubeError } from '../../src/kube/errors.ts';
import { useApiServer } from '../cluster/api-server.ts';

const api = await useApiServer();
after(api.stop);

const GET: ApiRequest = { method: 'GET', path: '/x', call: 'get x', verb: 'get', resource: 'x' };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of plain HTTP that answers as told, and how it is reached. */
async function serverOf(t: TestContext, handler: Handler) {
  const server = createServer(handler);
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const access: Access = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    proxy: null,
    tls: NO_TLS_MATERIAL,
    headers: {},
  };
  return { access, connections: () => connections };
}

function connectionTo(
  t: TestContext,
  access: Access | Credentials,
  observe?: (call: ApiCall) => void,
): Connection {
  const credentials = 'server' in access ? { namespace: 'default', access: async () => access } : access;
  const connection = new Connection({
    credentials,
    clock: systemClock,
    userAgent: 'taz-tests/1',
    ...(observe && { observe }),
  });
  t.after(() => connection.close());
  return connection;
}

const json = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

suite('a call', () => {
  test('says who calls, and sends and reads JSON', async (t) => {
    const seen: unknown[] = [];
    const { access } = await serverOf(t, (request, response) => {
      const { authorization, accept, 'user-agent': agent, 'content-type': type } = request.headers;
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push([request.method, request.url, authorization, accept, agent, type, body]);
        json(response, 200, { ok: true });
      });
    });
    const connection = connectionTo(t, { ...access, headers: { authorization: 'Bearer t' } });
    assert.deepEqual(await connection.call({ ...GET, query: { a: 'b c', d: undefined, n: 5, yes: true } }), {
      ok: true,
    });
    await connection.call({
      ...GET,
      method: 'PATCH',
      body: { a: 1 },
      contentType: 'application/merge-patch+json',
    });
    assert.deepEqual(seen, [
      ['GET', '/x?a=b+c&n=5&yes=true', 'Bearer t', 'application/json', 'taz-tests/1', undefined, ''],
      [
        'PATCH',
        '/x',
        'Bearer t',
        'application/json',
        'taz-tests/1',
        'application/merge-patch+json',
        '{"a":1}',
      ],
    ]);
  });

  test('keeps the path of the server’s address', async (t) => {
    const { access } = await serverOf(t, (request, response) => json(response, 200, request.url));
    const connection = connectionTo(t, { ...access, server: `${access.server}/clusters/a` });
    assert.equal(await connection.call(GET), '/clusters/a/x');
  });

  test('that is refused says why and how long to wait', async (t) => {
    const { access } = await serverOf(t, (_, response) => {
      const status = { kind: 'Status', reason: 'TooManyRequests', message: 'slow down' };
      json(response, 429, status, { 'retry-after': '2' });
    });
    await assert.rejects(connectionTo(t, access).call(GET), {
      kind: 'TooManyRequests',
      code: 429,
      retryAfterMs: 2000,
      message: 'get x: slow down',
    });
  });

  test('is made once more with fresh credentials where the first are refused', async (t) => {
    const { access } = await serverOf(t, (request, response) => {
      const known = request.headers.authorization === 'Bearer new';
      json(
        response,
        known ? 200 : 401,
        known ? {} : { kind: 'Status', reason: 'Unauthorized', message: 'who?' },
      );
    });
    const asked: boolean[] = [];
    const withToken = (fresh: string): Credentials => ({
      namespace: 'n',
      access: async (refresh = false) => {
        asked.push(refresh);
        return { ...access, headers: { authorization: `Bearer ${refresh ? fresh : 'old'}` } };
      },
    });
    await connectionTo(t, withToken('new')).call(GET);
    assert.deepEqual(asked, [false, true]);
    await assert.rejects(connectionTo(t, withToken('wrong')).call(GET), {
      kind: 'Unauthorized',
      message: /who\?/,
    });
  });

  test('ends at its deadline, with its signal, and where nobody listens', async (t) => {
    const { access } = await serverOf(t, () => {});
    const connection = connectionTo(t, access);
    await assert.rejects(connection.call({ ...GET, timeoutMs: 50 }), {
      kind: 'Timeout',
      message: 'get x: no answer within 0.05 s',
    });
    const stop = new AbortController();
    const reason = new Error('stopped');
    const call = connection.call({ ...GET, signal: stop.signal });
    setTimeout(() => stop.abort(reason), 20);
    await assert.rejects(call, (error) => error === reason);
    await assert.rejects(connection.call({ ...GET, signal: stop.signal }), (error) => error === reason);
    const nobody = connectionTo(t, { ...access, server: 'http://127.0.0.1:1' });
    await assert.rejects(nobody.call(GET), {
      kind: 'Unreachable',
      reason: 'ECONNREFUSED',
      message: /^get x: the API server cannot be reached: /,
    });
  });

  test('fails where credentials cannot be had, or the answer is no JSON', async (t) => {
    const none = { namespace: 'n', access: () => Promise.reject(new CredentialsError('no token')) };
    await assert.rejects(connectionTo(t, none).call(GET), {
      kind: 'Unauthorized',
      message: 'get x: no token',
    });
    const { access } = await serverOf(t, (_, response) => response.end('<html>'));
    await assert.rejects(connectionTo(t, access).call(GET), { kind: 'Other', message: /is no JSON/ });
  });

  test('is told with its outcome and how long it took', async (t) => {
    const { access } = await serverOf(t, ({ url }, response) => {
      if (url !== '/z') json(response, url === '/x' ? 200 : 404, {});
    });
    const calls: ApiCall[] = [];
    const connection = connectionTo(t, access, (call) => calls.push(call));
    await connection.call(GET);
    await assert.rejects(connection.call({ ...GET, path: '/y', verb: 'list' }));
    await assert.rejects(connection.call({ ...GET, path: '/z', timeoutMs: 20 }));
    const shown = calls.map(({ verb, resource, outcome, durationMs }) => {
      assert.ok(durationMs >= 0 && durationMs < 5000);
      return `${verb} ${resource} ${outcome}`;
    });
    assert.deepEqual(shown, ['get x ok', 'list x 404', 'get x Timeout']);
  });

  test('waits for a place among 32', async (t) => {
    let most = 0;
    let inside: ServerResponse[] = [];
    const answerAll = setInterval(() => {
      for (const response of inside) json(response, 200, {});
      inside = [];
    }, 50);
    const { access } = await serverOf(t, (_, response) => {
      inside.push(response);
      most = Math.max(most, inside.length);
    });
    const connection = connectionTo(t, access);
    await Promise.all(Array.from({ length: 100 }, () => connection.call(GET)));
    clearInterval(answerAll);
    assert.ok(most > 16 && most <= 32, `${most} at a time`);
  });

  test('is refused by a connection that is closed', async (t) => {
    const { access } = await serverOf(t, (_, response) => json(response, 200, {}));
    const connection = connectionTo(t, access);
    await connection.call(GET);
    await connection.close();
    await assert.rejects(connection.call(GET), { kind: 'Unreachable' });
  });
});

suite('connections', () => {
  test('are kept between calls', async (t) => {
    const { access, connections } = await serverOf(t, (_, response) => json(response, 200, {}));
    const connection = connectionTo(t, access);
    for (let i = 0; i < 50; i++) await connection.call(GET);
    // The pool takes another for a call that follows at once, in the same turn of the event loop.
    assert.ok(connections() <= 2, `${connections()} connections`);
  });

  test('are made anew when what they are made with changes, and calls under way go on', async (t) => {
    const waiting: ServerResponse[] = [];
    const first = await serverOf(t, (request, response) => {
      if (request.url === '/slow') waiting.push(response);
      else json(response, 200, 'first');
    });
    const second = await serverOf(t, (_, response) => json(response, 200, 'second'));
    let { access } = first;
    const connection = connectionTo(t, { namespace: 'n', access: async () => access });
    assert.equal(await connection.call(GET), 'first');
    const slow = connection.call({ ...GET, path: '/slow' });
    while (waiting.length === 0) await new Promise(setImmediate);
    access = second.access;
    assert.equal(await connection.call(GET), 'second');
    json(waiting[0]!, 200, 'slow');
    assert.equal(await slow, 'slow');
    access = { ...second.access, tls: { ...NO_TLS_MATERIAL, ca: 'another' } };
    assert.equal(await connection.call(GET), 'second');
    assert.equal(second.connections(), 2);
    await new Promise(setImmediate);
    access = { ...access, headers: { authorization: 'Bearer another' } };
    await connection.call(GET);
    assert.equal(second.connections(), 2);
  });

  test('are made anew after a call without an answer: they may be dead', async (t) => {
    let mute = false;
    const { access, connections } = await serverOf(t, (_, response) => {
      if (!mute) json(response, 200, {});
    });
    const connection = connectionTo(t, access);
    await Promise.all([connection.call(GET), connection.call(GET)]);
    assert.equal(connections(), 2);
    mute = true;
    await assert.rejects(connection.call({ ...GET, timeoutMs: 20 }));
    mute = false;
    await connection.call(GET);
    assert.equal(connections(), 3);
  });
});

suite('a stream', () => {
  const read = async (lines: AsyncIterable<string>): Promise<string[]> => {
    const found: string[] = [];
    for await (const line of lines) found.push(line);
    return found;
  };

  test('gives lines as they come', async (t) => {
    const { access } = await serverOf(t, (_, response) => {
      response.write('a\nb');
      setTimeout(() => response.end('c\n'), 20);
    });
    assert.deepEqual(await read(connectionTo(t, access).lines(GET)), ['a', 'bc']);
  });

  test('ends at its deadline, with its signal, and when it is cut off', async (t) => {
    const { access } = await serverOf(t, ({ url }, response) => {
      response.write('a\n');
      if (url === '/cut') setTimeout(() => response.destroy(), 20);
    });
    const connection = connectionTo(t, access);
    await assert.rejects(read(connection.lines({ ...GET, timeoutMs: 50 })), { kind: 'Timeout' });
    await assert.rejects(read(connection.lines({ ...GET, path: '/cut' })), { kind: 'Unreachable' });
    const stop = new AbortController();
    const reason = new Error('stopped');
    setTimeout(() => stop.abort(reason), 50);
    await assert.rejects(
      read(connection.lines({ ...GET, signal: stop.signal })),
      (error) => error === reason,
    );
    await assert.rejects(
      read(connection.lines({ ...GET, signal: stop.signal })),
      (error) => error === reason,
    );
  });

  test('that its reader leaves is closed', async (t) => {
    let closed = (): void => {};
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    const { access } = await serverOf(t, (_, response) => {
      response.write('a\nb\n');
      response.on('close', closed);
    });
    for await (const line of connectionTo(t, access).lines(GET)) {
      assert.equal(line, 'a');
      break;
    }
    await isClosed;
  });

  test('that is refused fails before its first line', async (t) => {
    const { access } = await serverOf(t, (_, response) => {
      json(response, 410, { kind: 'Status', reason: 'Expired', message: 'too old' });
    });
    await assert.rejects(read(connectionTo(t, access).lines(GET)), (error) => isKubeError(error, 'Expired'));
  });
});

suite('a real API server', { skip: api.missing }, () => {
  /** Passes connections on, and counts them: each has a TLS handshake of its own. */
  async function counted(t: TestContext) {
    const { port, hostname } = new URL(api.access.server);
    const sockets = new Set<Socket>();
    const server = createTcpServer((near) => {
      const far = connect(Number(port), hostname);
      near.pipe(far).pipe(near);
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
      for (const socket of [near, far]) socket.on('error', () => {});
      sockets.add(near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return {
      access: { ...api.access, server: `https://127.0.0.1:${(server.address() as AddressInfo).port}` },
      connections: () => sockets.size,
      cut: () => sockets.forEach((socket) => socket.destroy()),
    };
  }

  const version: ApiRequest = { ...GET, path: '/version' };

  test('200 calls have two handshakes at most', async (t) => {
    const { access, connections } = await counted(t);
    const connection = connectionTo(t, access);
    for (let i = 0; i < 200; i++) await connection.call(version);
    assert.ok(connections() <= 2, `${connections()} handshakes`);
  });

  test('a connection that was cut is followed by another', async (t) => {
    const { access, cut } = await counted(t);
    const connection = connectionTo(t, access);
    await connection.call(version);
    cut();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await connection.call(version);
  });

  test('is reached through a proxy', async (t) => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', ({ url = '' }: IncomingMessage, near: Socket) => {
      asked.push(url);
      const far = connect(Number(new URL(api.access.server).port), '127.0.0.1', () => {
        near.write('HTTP/1.1 200 OK\r\n\r\n');
        near.pipe(far).pipe(near);
      });
      near.on('close', () => far.destroy());
      for (const socket of [near, far]) socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    t.after(() => proxy.close());
    const { port } = proxy.address() as AddressInfo;
    const connection = connectionTo(t, { ...api.access, proxy: `http://127.0.0.1:${port}` });
    await connection.call(version);
    assert.deepEqual(asked, [new URL(api.access.server).host]);
  });

  test('is not taken for another: a wrong authority or name is refused', async (t) => {
    const { access } = api;
    const wrong: Partial<Access['tls']>[] = [{ ca: null }, { serverName: 'example.com' }];
    for (const tls of wrong) {
      const connection = connectionTo(t, { ...access, tls: { ...access.tls, ...tls } });
      await assert.rejects(connection.call(version), { kind: 'Unreachable' });
    }
    const anyone = connectionTo(t, { ...access, tls: { ...access.tls, ca: null, insecure: true } });
    await anyone.call(version);
  });

  test('does not know a caller without a certificate or with a wrong token', async (t) => {
    const { access } = api;
    const stranger = { ...access, tls: { ...access.tls, cert: null, key: null } };
    const list = { ...GET, path: '/api/v1/pods', call: 'list pods' };
    await assert.rejects(connectionTo(t, stranger).call(list), { kind: 'Forbidden' });
    const forged = { ...stranger, headers: { authorization: 'Bearer forged' } };
    await assert.rejects(connectionTo(t, forged).call(list), { kind: 'Unauthorized' });
  });
});
