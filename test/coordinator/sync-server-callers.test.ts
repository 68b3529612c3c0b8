import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Caller } from '../../src/coordinator/caller.ts';
import { NotServing } from '../../src/coordinator/not-serving.ts';
import type { Finding } from '../../src/coordinator/protocol.ts';
import { SyncServer } from '../../src/coordinator/sync-server.ts';
import { certificate } from '../transport/http/harness.ts';
import { ANSWER, call } from './calls.ts';
import { send as sendTo } from './raw-call.ts';
import { CONTENT, scoutingOrder } from './run-spec.ts';

const ORDER = scoutingOrder('o1');

const findings: Finding[] = [];
const synced: string[] = [];
let serves = true;

/** Worker 0 of each run, who shows the name of its run. */
function callerOf(run: string): Caller {
  return {
    run,
    worker: { index: 0, replacement: 0 },
    sync: () => {
      synced.push(run);
      return Promise.resolve(ANSWER);
    },
    content: (digest) => (digest === CONTENT.digest && run === 'r-1' ? CONTENT : null),
    scouting: (digest) => (digest === 'o1' && run === 'r-1' ? ORDER : null),
    finding: (finding) => {
      if (!serves) throw new NotServing();
      findings.push(finding);
    },
  };
}

const server = new SyncServer({
  host: '127.0.0.1',
  port: 0,
  tls: { cert: certificate('loopback'), key: certificate('loopback.key') },
  callerOf: (authorization) => {
    if (!serves) return Promise.reject(new NotServing());
    const [, run] = /^Bearer (r-[12])$/.exec(authorization) ?? [];
    return Promise.resolve(run === undefined ? null : callerOf(run));
  },
});
let base = '';
before(async () => {
  base = await server.listen();
});
after(() => server.close());

function send(run: string, method: string, path: string, body: string | Buffer = '') {
  return sendTo(base, { method, path, authorization: `Bearer ${run}`, body, ca: certificate('ca') });
}

const WORKER = { index: 0, replacement: 0, incarnation: 'w0' };
const finding = (differences: object) =>
  JSON.stringify({ run: 'r-1', worker: WORKER, order: 'o1', ...differences });

describe('the server of many runs', () => {
  test('speaks TLS, and tells runs apart by what callers show', async () => {
    assert.match(base, /^https:/);
    for (const run of ['r-2', 'r-1']) {
      const { status, json } = await send(run, 'POST', '/v1/sync', JSON.stringify(call({ run })));
      assert.deepEqual([status, json], [200, ANSWER]);
      assert.equal(synced.at(-1), run);
    }
  });

  test('shows another certificate when it is given one', async () => {
    server.setSecureContext({ cert: certificate('named'), key: certificate('named.key') });
    // It is for another name than that of this address.
    await assert.rejects(send('r-1', 'GET', '/v1/content/d1'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    server.setSecureContext({ cert: certificate('loopback'), key: certificate('loopback.key') });
    assert.equal((await send('r-1', 'GET', '/v1/content/d1')).status, 200);
  });

  test('knows no others', async () => {
    assert.equal((await send('r-3', 'POST', '/v1/sync', JSON.stringify(call()))).status, 401);
  });

  for (const [what, said] of [
    ['another run', { run: 'r-2' }],
    ['another index', { worker: { ...WORKER, index: 1 } }],
    ['another replacement', { worker: { ...WORKER, replacement: 1 } }],
  ] as const) {
    test(`refuses a worker that says it is one of ${what}`, async () => {
      const before = [synced.length, findings.length];
      const calls = await send('r-1', 'POST', '/v1/sync', JSON.stringify(call(said)));
      const found = await send(
        'r-1',
        'POST',
        '/v1/finding',
        finding({ kind: 'refused', reason: 'x', ...said }),
      );
      for (const { status, json } of [calls, found]) {
        assert.deepEqual([status, json], [403, { error: 'the token is that of another worker' }]);
      }
      assert.deepEqual([synced.length, findings.length], before);
    });
  }

  test('gives each run what is its own, and no other', async () => {
    assert.deepEqual((await send('r-1', 'GET', '/v1/scouting/o1')).json, JSON.parse(JSON.stringify(ORDER)));
    assert.deepEqual(await send('r-2', 'GET', '/v1/scouting/o1'), {
      status: 404,
      json: { error: 'no order of that digest' },
    });
    assert.equal((await send('r-1', 'GET', '/v1/content/d1')).status, 200);
    assert.equal((await send('r-2', 'GET', '/v1/content/d1')).status, 404);
  });

  test('asks to try again where this process does not coordinate', async () => {
    serves = false;
    for (const [method, path] of [
      ['POST', '/v1/sync'],
      ['GET', '/v1/content/d1'],
    ] as const) {
      const { status, json } = await send(
        'r-1',
        method,
        path,
        method === 'GET' ? '' : JSON.stringify(call()),
      );
      assert.equal(status, 503);
      assert.match(String(json['error']), /try again/);
    }
    serves = true;
  });
});

describe('a finding', () => {
  for (const said of [
    { kind: 'offered', content: CONTENT },
    { kind: 'refused', reason: 'track.json:3: nonsense' },
    { kind: 'trouble', reason: 'no bucket' },
    { kind: 'trouble', reason: null },
  ]) {
    test(`that is ${said.kind} is handed on`, async () => {
      const body = finding(said);
      assert.equal((await send('r-1', 'POST', '/v1/finding', body)).status, 200);
      assert.deepEqual(findings.at(-1), JSON.parse(body));
    });
  }

  const canned = {
    kind: 'targets',
    digest: 'd',
    labels: ['t'],
    variables: {},
    secrets: [],
    count: 1,
    loop: true,
  };
  test('may be of canned targets, and hold more than is known here', async () => {
    const content = {
      ...canned,
      files: [
        { name: 'a', text: '{}' },
        { name: 'b', path: '/b' },
      ],
      more: { a: 1 },
    };
    assert.equal((await send('r-1', 'POST', '/v1/finding', finding({ kind: 'kept', content }))).status, 200);
    const heard = findings.at(-1)!;
    assert.deepEqual(heard.kind === 'kept' && heard.content, content);
  });

  for (const [what, body, error] of [
    ['no JSON', '{"kind":', /^the finding is not JSON$/],
    ['of no kind', finding({ kind: 'nonsense' }), /^kind: /],
    ['no content', finding({ kind: 'offered' }), /^content: /],
    [
      'content without a digest',
      finding({ kind: 'offered', content: { ...CONTENT, digest: '' } }),
      /^content\.digest: /,
    ],
    [
      'content without labels',
      finding({ kind: 'offered', content: { ...CONTENT, labels: [] } }),
      /^content\.labels: /,
    ],
    [
      'content of files that are none',
      finding({ kind: 'offered', content: { ...CONTENT, files: { a: 1 } } }),
      /^content\.files\.a: /,
    ],
    [
      'content of more than 5 MiB',
      finding({ kind: 'offered', content: { ...CONTENT, files: { a: 'x'.repeat(5.5 * 1024 * 1024) } } }),
      /^content: 5767168 bytes of text/,
    ],
  ] as const) {
    test(`that is ${what} is refused`, async () => {
      const before = findings.length;
      const { status, json } = await send('r-1', 'POST', '/v1/finding', body);
      assert.equal(status, 400);
      assert.match(String(json['error']), error);
      assert.equal(findings.length, before);
    });
  }

  test('of more than 16 MiB is not read', async () => {
    const { status } = await send('r-1', 'POST', '/v1/finding', Buffer.alloc(16 * 1024 * 1024 + 1, 0x20));
    assert.equal(status, 413);
  });
});
