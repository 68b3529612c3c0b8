import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Caller, callerWith } from '../../src/coordinator/caller.ts';
import type { SyncRequest } from '../../src/coordinator/protocol.ts';
import { SyncServer } from '../../src/coordinator/sync-server.ts';
import { ANSWER, call } from './calls.ts';
import { type RawCall, send as sendTo } from './raw-call.ts';
import { CONTENT } from './run-spec.ts';

const TOKEN = 'secret-token';
/** A caller of run r-1; say what differs. */
function caller(differences: Partial<Caller>): Caller {
  return {
    run: 'r-1',
    worker: null,
    sync: () => Promise.reject(new Error('nobody syncs here')),
    content: () => null,
    scouting: () => null,
    finding: () => {},
    ...differences,
  };
}

const heard: SyncRequest[] = [];
const server = new SyncServer({
  host: '127.0.0.1',
  port: 0,
  tls: null,
  callerOf: callerWith(
    TOKEN,
    caller({
      sync: (each) => {
        heard.push(each);
        if (each.problem === 'refuse') throw new RangeError('a report of 3 entries, where 9 are counted');
        return Promise.resolve(ANSWER);
      },
      content: (digest) => (digest === CONTENT.digest ? CONTENT : null),
    }),
  ),
});
let base = '';
before(async () => {
  base = await server.listen();
});
after(() => server.close());

/** A call of the worker to `/v1/sync`; say what differs. */
function send(differences: Partial<RawCall>) {
  return sendTo(base, {
    method: 'POST',
    path: '/v1/sync',
    authorization: `Bearer ${TOKEN}`,
    body: '',
    ...differences,
  });
}

describe('the server for workers', () => {
  test('is on loopback, at a port of its own', () => {
    assert.match(base, /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  test('hands a call on and its answer back', async () => {
    const mine = call({ problem: 'héllo' });
    const { status, json } = await send({ body: JSON.stringify(mine) });
    assert.equal(status, 200);
    assert.deepEqual([json['now'], json['saved'], json['acknowledged']], [1, true, 4]);
    assert.deepEqual(heard.at(-1), mine);
  });

  for (const [what, authorization] of [
    ['no token', null],
    ['another token', 'Bearer secret-tokem'],
    ['a part of the token', 'Bearer secret'],
    ['a longer token', `Bearer ${TOKEN}x`],
    ['another scheme', `Basic ${TOKEN}`],
    ['the bare token', TOKEN],
    ['nothing', ''],
  ] as const) {
    for (const path of ['/v1/sync', '/v1/content/d1', '/nowhere']) {
      test(`refuses ${what} at ${path}, and hears nothing`, async () => {
        const before = heard.length;
        const { status, json } = await send({ authorization, path, body: JSON.stringify(call()) });
        assert.deepEqual([status, json], [401, { error: 'a valid bearer token is needed' }]);
        assert.equal(heard.length, before);
      });
    }
  }

  test('gives the content by its digest', async () => {
    const { status, json } = await send({ method: 'GET', path: '/v1/content/d1' });
    assert.equal(status, 200);
    assert.deepEqual(json, JSON.parse(JSON.stringify(CONTENT)));
  });

  for (const [method, path] of [
    ['GET', '/v1/content/d2'],
    ['GET', '/v1/content/'],
    ['GET', '/v1/content/d1/..'],
    ['POST', '/v1/content/d1'],
    ['GET', '/v1/sync'],
    ['PUT', '/v1/sync'],
    ['POST', '/v1/sync/'],
    ['GET', '/'],
  ] as const) {
    test(`does not know ${method} ${path}`, async () => {
      const { status, json } = await send({ method, path });
      assert.equal(status, 404);
      assert.equal(typeof json['error'], 'string');
    });
  }

  for (const [body, error] of [
    ['{"run":', /^the call is not JSON$/],
    ['[]', /^the call: /],
    [JSON.stringify({ ...call(), lanes: -1 }), /^lanes: /],
    [Buffer.from([0xff, 0xfe, 0x00]), /^the call is not JSON$/],
  ] as const) {
    test(`refuses a call that is ${JSON.stringify(String(body)).slice(0, 30)}`, async () => {
      const { status, json } = await send({ body });
      assert.equal(status, 400);
      assert.match(String(json['error']), error);
    });
  }

  test('refuses a call of more than 8 MiB, and stays', async () => {
    const { status, json } = await send({ body: Buffer.alloc(8 * 1024 * 1024 + 1, 0x20) });
    assert.equal(status, 413);
    assert.match(String(json['error']), /8388608 bytes/);
    assert.equal((await send({ body: JSON.stringify(call()) })).status, 200);
  });

  test('answers in words when a call cannot be taken', async () => {
    const { status, json } = await send({ body: JSON.stringify(call({ problem: 'refuse' })) });
    assert.equal(status, 500);
    assert.match(String(json['error']), /a report of 3 entries/);
  });
});
