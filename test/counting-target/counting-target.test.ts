import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  type CountingTarget,
  type CountingTargetOptions,
  startCountingTarget,
} from '../../src/counting-target/counting-target.ts';

async function start(t: TestContext, options: CountingTargetOptions = {}): Promise<CountingTarget> {
  const target = await startCountingTarget(options);
  t.after(() => target.close());
  return target;
}

/** Sends one request on a connection of its own. @returns the whole answer as text */
async function send(target: CountingTarget, text: string): Promise<string> {
  const socket = connect(target.port, '127.0.0.1');
  socket.setEncoding('utf8');
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk: string) => {
    answer += chunk;
  });
  await once(socket, 'close');
  return answer;
}

function post(target: CountingTarget, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${target.url}/v1/track`, { method: 'POST', body, headers });
}

/** Resolves when the target's counts satisfy a condition: some change only when a connection's end is noticed. */
async function until(
  target: CountingTarget,
  condition: (stats: ReturnType<CountingTarget['stats']>) => boolean,
) {
  const deadline = performance.now() + 10_000;
  while (!condition(target.stats())) {
    assert.ok(performance.now() < deadline, `still not so: ${JSON.stringify(target.stats())}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('it counts requests, paths, write keys, bytes, statuses and seconds', async (t) => {
  const before = Date.now();
  const target = await start(t);
  const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });
  const body = '{"type":"track","messageId":"ö"}';
  await (await post(target, body, basic('k1'))).text();
  await (await post(target, body, basic('k2'))).text();
  await (await fetch(`${target.url}/v1/page?x=1`, { headers: basic('k1') })).text();
  const stats = target.stats();

  assert.equal(stats.requests, 3);
  assert.equal(stats.started, 3);
  assert.deepEqual(stats.paths, { '/v1/track': 2, '/v1/page': 1 });
  assert.deepEqual(stats.writeKeys, { k1: 2, k2: 1 });
  assert.equal(stats.bytes.in, 2 * Buffer.byteLength(body));
  assert.equal(stats.bytes.out, 3 * '{"success":true}\n'.length);
  assert.deepEqual(stats.statuses, { 200: 3 });
  assert.deepEqual(stats.events.types, { track: 2 });
  assert.deepEqual(stats.events.duplicates, { identical: 0, different: 1 });
  const seconds = Object.entries(stats.perSecond);
  assert.equal(
    seconds.reduce((sum, [, count]) => sum + count, 0),
    3,
  );
  for (const [second] of seconds) {
    assert.ok(Number(second) >= Math.floor(before / 1000) && Number(second) <= Date.now() / 1000);
  }
  assert.ok(stats.firstAtMs! >= stats.sinceMs && stats.firstAtMs! <= stats.lastAtMs!);
});

test('its controls are not counted, and answer in JSON', async (t) => {
  const target = await start(t);
  const call = async (method: string, path: string, body?: string) => {
    const response = await fetch(`${target.url}${path}`, { method, body: body ?? null });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
  await (await post(target, '{}')).text();
  assert.equal((await call('GET', '/stats')).json['requests'], 1);
  assert.equal((await call('DELETE', '/stats')).json['requests'], 0);
  assert.equal((await call('GET', '/stats')).json['started'], 0);

  const changed = await call('PUT', '/behaviour', '{"latency":"1ms","fail":"100%","status":500}');
  assert.equal(changed.status, 200);
  assert.deepEqual(
    [changed.json['latency'], changed.json['fail'], changed.json['status'], changed.json['hang']],
    ['1ms', '100%', '500', '0%'],
  );
  assert.equal((await post(target, '{}')).status, 500);
  await call('PUT', '/behaviour', '{"fail":"0%"}');
  assert.equal((await call('GET', '/behaviour')).json['latency'], '1ms');
  assert.equal((await post(target, '{}')).status, 200);
  assert.equal((await call('DELETE', '/behaviour')).json['latency'], '0s');
  assert.deepEqual(target.stats().statuses, { 500: 1, 200: 1 });
});

test('a wrong change of behaviour changes nothing and says what is wrong', async (t) => {
  const target = await start(t, { behaviour: { latencyMs: 3 } });
  const bodies = [
    '',
    'text',
    '[]',
    'null',
    '5',
    '{"latency":"20"}',
    '{"latency":"9ms","fail":"101%"}',
    '{"x":1}',
  ];
  for (const body of bodies) {
    const response = await fetch(`${target.url}/behaviour`, { method: 'PUT', body });
    const { problems } = (await response.json()) as { problems: string[] };
    assert.equal(response.status, 400, body);
    assert.equal(problems.length, 1, body);
    assert.equal(target.behaviour().latencyMs, 3);
  }
  const wrongMethod = await fetch(`${target.url}/stats`, { method: 'POST', body: '{}' });
  assert.equal(wrongMethod.status, 405);
  assert.equal(wrongMethod.headers.get('allow'), 'GET, DELETE');
});

test('failures come in their share, with their status, repeatably for a seed', async (t) => {
  const statuses: number[][] = [];
  for (let run = 0; run < 2; run++) {
    const target = await start(t, {
      seed: 11,
      behaviour: { failShare: 0.5, failStatus: 429, okStatus: 202 },
    });
    const row: number[] = [];
    for (let i = 0; i < 60; i++) {
      const response = await post(target, '');
      await response.text();
      row.push(response.status);
    }
    statuses.push(row);
    const failed = row.filter((status) => status === 429).length;
    assert.ok(failed > 10 && failed < 50, `${failed} of 60`);
    assert.deepEqual(target.stats().statuses, { 202: 60 - failed, 429: failed });
  }
  assert.deepEqual(statuses[0], statuses[1]);
});

test('latency and jitter hold the answer back, never less than the latency', async (t) => {
  const target = await start(t, { behaviour: { latencyMs: 40, jitterMs: 5 } });
  const startedAt = performance.now();
  await (await post(target, '')).text();
  // Timers are in whole milliseconds.
  assert.ok(performance.now() - startedAt >= 39);
});

test('a request that hangs is never answered, is in flight until its client leaves, and is then abandoned', async (t) => {
  const target = await start(t, { behaviour: { hangShare: 1 } });
  const client = httpRequest(`${target.url}/`, { agent: false }).on('error', () => {});
  client.end();
  await until(target, (stats) => stats.hung === 1);
  assert.deepEqual(target.stats().inFlight, { now: 1, highest: 1 });
  client.destroy();
  await until(target, (stats) => stats.inFlight.now === 0);
  const { requests, abandoned, statuses, inFlight } = target.stats();
  assert.deepEqual(
    { requests, abandoned, statuses, inFlight },
    {
      requests: 1,
      abandoned: 1,
      statuses: {},
      inFlight: { now: 0, highest: 1 },
    },
  );
});

test('a closed request has arrived and gets not a byte', async (t) => {
  const target = await start(t, { behaviour: { closeShare: 1 } });
  assert.equal(await send(target, 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}'), '');
  const { requests, closed, abandoned, statuses } = target.stats();
  assert.deepEqual(
    { requests, closed, abandoned, statuses },
    { requests: 1, closed: 1, abandoned: 0, statuses: {} },
  );
});

test('a truncated answer announces more than it sends and ends its connection', async (t) => {
  const target = await start(t, { behaviour: { truncateShare: 1 } });
  const answer = await send(target, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  assert.equal(body, '{"success":true}\n');
  assert.ok(Number(/content-length: (\d+)/i.exec(head)?.[1]) > body.length, head);
  await assert.rejects(async () => (await fetch(target.url)).text());
  assert.equal(target.stats().truncated, 2);
  assert.equal(target.stats().abandoned, 0);
});

test('a slow body trickles over the time and arrives whole', async (t) => {
  const target = await start(t, { behaviour: { slowBodyMs: 60 } });
  const client = httpRequest(`${target.url}/`, { agent: false }).end();
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  const headAt = performance.now();
  let chunks = 0;
  let body = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    chunks++;
    body += chunk;
  });
  await once(response, 'end');
  assert.equal(body, '{"success":true}\n');
  assert.ok(chunks > 1, 'in more than one piece');
  assert.ok(performance.now() - headAt >= 30, 'after the head');
});

test('a status without a body sends none, and keeps its connection', async (t) => {
  const target = await start(t, { behaviour: { okStatus: 204 } });
  const answer = await send(
    target,
    'GET /a HTTP/1.1\r\nhost: x\r\n\r\nGET /b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
  );
  assert.equal(answer.match(/HTTP\/1.1 204/g)?.length, 2);
  assert.ok(!answer.includes('success'));
});

test('a change of behaviour leaves requests under way as they are', async (t) => {
  const target = await start(t, { behaviour: { latencyMs: 30, okStatus: 201 } });
  const first = post(target, '');
  await until(target, (stats) => stats.requests === 1);
  target.setBehaviour({ latencyMs: 0, okStatus: 202 });
  assert.equal((await post(target, '')).status, 202);
  assert.equal((await first).status, 201);
});

test('chunked bodies count as the others do, and long ones are counted without being read', async (t) => {
  const target = await start(t);
  const event = '{"type":"track","messageId":"m1"}';
  const chunked = event
    .match(/.{1,5}/g)!
    .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    .join('');
  await send(
    target,
    `POST /c HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunked}0\r\n\r\n`,
  );
  assert.equal(target.stats().bytes.in, event.length);
  assert.deepEqual(target.stats().events.types, { track: 1 });

  const atTheLimit = `{"type":"page","pad":"${'x'.repeat(2 ** 20 - 24)}"}`;
  assert.equal(atTheLimit.length, 2 ** 20);
  await (await post(target, atTheLimit)).text();
  await (await post(target, `${atTheLimit} `)).text();
  const long = 50 * 2 ** 20;
  await (await post(target, ' '.repeat(long - event.length) + event)).text();
  const { requests, events, bytes } = target.stats();
  assert.equal(requests, 4);
  assert.deepEqual(events.types, { track: 1, page: 1 });
  assert.equal(bytes.in, event.length + 2 ** 20 + 2 ** 20 + 1 + long);
});

test('a request given up before it has arrived is started and aborted, not a request', async (t) => {
  const target = await start(t);
  const socket = await open(target);
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"type"');
  await until(target, (stats) => stats.started === 1);
  assert.equal(target.stats().arriving, 1);
  target.resetStats();
  assert.equal(target.stats().started, 1, 'what is arriving stays started over a reset');
  socket.destroy();
  await until(target, (stats) => stats.aborted === 1);
  const { requests, started, arriving, inFlight } = target.stats();
  assert.deepEqual([requests, started, arriving, inFlight.now], [0, 1, 0, 0]);
});

test('open connections and requests in flight have a count and a highest', async (t) => {
  const target = await start(t, { behaviour: { hangShare: 1 } });
  const sockets = await Promise.all([open(target), open(target), open(target)]);
  for (const socket of sockets.slice(0, 2)) socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await until(target, (stats) => stats.connections.now === 3 && stats.inFlight.now === 2);
  for (const socket of sockets) socket.destroy();
  await until(target, (stats) => stats.connections.now === 0 && stats.inFlight.now === 0);
  assert.deepEqual(target.stats().connections, { now: 0, highest: 3, opened: 3 });
  assert.deepEqual(target.stats().inFlight, { now: 0, highest: 2 });
});

test('write keys are the user name of basic authorization, whatever else comes', async (t) => {
  const target = await start(t);
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  const headers = [
    `Basic ${encoded('k1:')}`,
    `basic ${encoded('k1:secret')}`,
    `Basic: ${encoded('k1:')}`,
    `Basic ${encoded('k2')}`,
    'Bearer abc',
    'Basic',
    `Basic ${encoded(':')}`,
  ];
  for (const authorization of headers) await (await post(target, '', { authorization })).text();
  assert.deepEqual(target.stats().writeKeys, { k1: 3, k2: 1 });
});

test('at most 1000 paths are kept apart', async (t) => {
  const target = await start(t);
  const paths = Array.from({ length: 1003 }, (_, i) => `GET /${i} HTTP/1.1\r\nhost: x\r\n\r\n`).join('');
  await send(target, `${paths}GET /${'x'.repeat(5000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  const stats = target.stats();
  assert.equal(stats.requests, 1004);
  assert.equal(Object.keys(stats.paths).length, 1001);
  assert.equal(stats.paths['(others)'], 4);
});

test('closing ends what hangs and frees the port', async () => {
  const target = await startCountingTarget({ behaviour: { hangShare: 1 } });
  const socket = await open(target);
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await until(target, (stats) => stats.hung === 1);
  await Promise.all([once(socket, 'close'), target.close()]);
  const again = await startCountingTarget({ port: target.port });
  await again.close();
});

async function open(target: CountingTarget): Promise<Socket> {
  const socket = connect(target.port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
