import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { consume, messageCount } from '../../services/nsq-tools.ts';
import { useServer } from '../../services/servers.ts';
import { listen } from '../http/harness.ts';
import type { Told } from '../messages/sender.ts';
import { message, openNsq, secret, tlsWith } from './harness.ts';

const nsq = await useServer('nsq', { set: ['max-msg-size=100000', 'max-req-timeout=10s'] });
const nsqd = nsq.at['NSQD_TCP']!;
const http = nsq.at['NSQD_HTTP']!;
after(nsq.stop);

function succeeded(all: Told[]): number {
  return all.filter(({ outcome }) => outcome === 'succeeded').length;
}

describe('messages to a real nsqd', { skip: nsq.missing }, () => {
  for (const [how, options] of [
    ['many at once', {}],
    ['each alone', { batchMessages: 1, lingerMs: 0 }],
    ['a few at a time', { batchMessages: 7, lingerMs: 20 }],
  ] as const) {
    test(`arrive, ${how}, to the byte`, async (t) => {
      const sender = openNsq(t, options);
      const topic = `arrive-${how.replaceAll(' ', '-')}`;
      const values = Array.from({ length: 1000 }, (_, n) => `${n} ${'ä'.repeat(n % 50)}`);
      const told = await Promise.all(values.map((value) => sender.send(message(nsqd, topic, value))));
      assert.equal(succeeded(told), 1000, told.find(({ error }) => error !== '')?.error);
      assert.deepEqual(
        told.map(({ bytesOut }) => bytesOut),
        values.map((value) => Buffer.byteLength(value)),
      );
      assert.equal(await messageCount(http, topic), 1000);
      assert.deepEqual((await consume(nsq.at['NSQ_BIN']!, nsqd, topic, 1000)).sort(), values.sort());
      assert.deepEqual(sender.topics.read(sender.topicNames), [
        { topic, succeeded: 1000, failed: 0, unanswered: 0 },
      ]);
    });
  }

  test('a deferred one is delivered later, others beside it at once', async (t) => {
    const sender = openNsq(t);
    const started = performance.now();
    const told = await Promise.all([
      sender.send(message(nsqd, 'defer', 'later', 700)),
      sender.send(message(nsqd, 'defer', 'now')),
    ]);
    assert.equal(succeeded(told), 2);
    assert.deepEqual(await consume(nsq.at['NSQ_BIN']!, nsqd, 'defer', 1), ['now']);
    assert.deepEqual(await consume(nsq.at['NSQ_BIN']!, nsqd, 'defer', 1), ['later']);
    assert.ok(performance.now() - started > 650);
  });

  test('TLS with the authority of the certificate, refused otherwise', async (t) => {
    const ca = nsq.at['NSQ_CA']!;
    const outcome = async (tls: ReturnType<typeof tlsWith>) => {
      const { outcome, error } = await openNsq(t, { tls }).send(message(nsqd, 'tls'));
      return `${outcome} ${error}`.trim();
    };
    assert.equal(await outcome(tlsWith(ca)), 'succeeded');
    assert.equal(await outcome(tlsWith(null, true)), 'succeeded');
    assert.match(await outcome(tlsWith(null)), /^tls .*self.signed/);
    assert.equal(await messageCount(http, 'tls'), 2);
  });

  test('each failure has its class, and others go on', async (t) => {
    const sender = openNsq(t, { timeoutMs: 3000 });
    const unused = await unusedAddress(t);
    const rows: [what: string, told: Promise<Told>, outcome: RegExp, error: RegExp][] = [
      ['nobody listens', sender.send(message(unused, 'x')), /^refused$/, /ECONNREFUSED/],
      ['no such name', sender.send(message('no-such-host.invalid:1', 'x')), /^dns$/, /no-such-host/],
      ['not nsqd', sender.send(message(http, 'x')), /^(protocol|closed)$/, /./],
    ];
    for (const [what, telling, outcome, error] of rows) {
      const told = await telling;
      assert.match(told.outcome, outcome, `${what}: ${told.error}`);
      assert.match(told.error, error, what);
      assert.equal(told.bytesOut, 0, what);
    }
    const large = await sender.send(message(nsqd, 'x', Buffer.alloc(200_000)));
    assert.equal(large.outcome, 'message_too_large', large.error);
    const deferred = await sender.send(message(nsqd, 'x', 'x', 20_000));
    assert.equal(deferred.outcome, 'e_invalid', deferred.error);
    // nsqd closes the connection after each error: the next message makes another.
    assert.equal((await sender.send(message(nsqd, 'x'))).outcome, 'succeeded');
  });

  test('one that was given up before it went out never arrives, and is not reported', async (t) => {
    const sender = openNsq(t, { lingerMs: 100 });
    const first = sender.send(message(nsqd, 'given-up', 'first'), 1);
    void sender.send(message(nsqd, 'given-up', 'given up'), 2);
    sender.abort(2);
    const again = sender.send(message(nsqd, 'given-up', 'again'), 2);
    assert.deepEqual([(await first).outcome, (await again).outcome], ['succeeded', 'succeeded']);
    assert.equal(await messageCount(http, 'given-up'), 2);
  });

  test('a late answer is not reported for the next message of the slot', async (t) => {
    const sender = openNsq(t, { lingerMs: 0 });
    assert.equal((await sender.send(message(nsqd, 'late'))).outcome, 'succeeded');
    for (let round = 0; round < 50; round++) {
      void sender.send(message(nsqd, 'late', 'late'), 1);
      await new Promise((resolve) => setImmediate(resolve));
      sender.abort(1);
      const { outcome, bytesOut } = await sender.send(message(nsqd, 'late', 'the next'), 1);
      assert.deepEqual([outcome, bytesOut], ['succeeded', 'the next'.length]);
    }
  });
});

test('the secret of nsqd: right, wrong, missing, and one that may not write there', {
  skip: nsq.missing,
}, async (t) => {
  const authority = createServer((request, response) => {
    const secretGiven = new URL(request.url!, 'http://a').searchParams.get('secret');
    const authorizations = [{ topic: '^mine$', channels: ['.*'], permissions: ['publish', 'subscribe'] }];
    if (secretGiven !== 'open-sesame') response.statusCode = 403;
    response.end(JSON.stringify({ ttl: 60, identity: 'taz', authorizations }));
  });
  await new Promise<void>((resolve) => authority.listen(0, '127.0.0.1', resolve));
  t.after(() => authority.close());
  const address = `127.0.0.1:${(authority.address() as AddressInfo).port}`;
  const guarded = await useServer('nsq', { set: [`auth-http-address=${address}`] });
  t.after(guarded.stop);
  const outcome = async (auth: ReturnType<typeof secret>, topic: string) => {
    const told = await openNsq(t, { auth }).send(message(guarded.at['NSQD_TCP']!, topic));
    assert.doesNotMatch(told.error, /sesame|wrong-one/);
    return `${told.outcome} ${told.error}`.trim();
  };
  assert.equal(await outcome(secret('open-sesame'), 'mine'), 'succeeded');
  assert.match(await outcome(secret('wrong-one'), 'mine'), /^auth E_AUTH_FAILED/);
  assert.match(await outcome(null, 'mine'), /^auth nsqd asks for a secret: give nsq\.auth$/);
  assert.match(await outcome(secret('open-sesame'), 'theirs'), /^auth E_UNAUTHORIZED/);
});

test('an nsqd that falls silent: its connection is given up, what was on it fails, and another is made', async (t) => {
  // As a stopped process does, it takes what the kernel holds for it, and says nothing.
  let silent = false;
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      if (silent) {
        socket.pause();
        return;
      }
      const text = chunk.toString('latin1');
      if (text.includes('IDENTIFY')) socket.write(frame('{}'));
      for (const _ of text.matchAll(/^(?:M|D)?PUB /gm)) socket.write(frame('OK'));
    });
  });
  const addr = (await listen(t, server, 'tcp')).slice('tcp://'.length);
  const sender = openNsq(t, { timeoutMs: 200 });
  assert.equal((await sender.send(message(addr, 'x'))).outcome, 'succeeded');
  silent = true;
  const lost = sender.send(message(addr, 'x'), 50);
  // As the lane does: each message is given up at its timeout, and others take its place.
  for (let round = 0; round < 10; round++) {
    for (let slot = 100; slot < 300; slot++) void sender.send(message(addr, 'x', Buffer.alloc(1000)), slot);
    await sleep(50);
    for (let slot = 100; slot < 300; slot++) sender.abort(slot);
  }
  assert.equal((await lost).outcome, 'stalled');
  silent = false;
  let told: Told;
  const deadline = performance.now() + 5000;
  do {
    told = await sender.send(message(addr, 'x'), 60);
    await sleep(20);
  } while (told.outcome !== 'succeeded' && performance.now() < deadline);
  assert.equal(told.outcome, 'succeeded', told.error);
  assert.ok(connections >= 2);
});

function frame(text: string): Buffer {
  const bytes = Buffer.alloc(8 + text.length);
  bytes.writeInt32BE(4 + text.length, 0);
  bytes.write(text, 8);
  return bytes;
}

/** An address on loopback where nobody listens. */
async function unusedAddress(t: TestContext): Promise<string> {
  const server = net.createServer();
  const origin = await listen(t, server, 'tcp');
  await new Promise((resolve) => server.close(resolve));
  return origin.slice('tcp://'.length);
}
