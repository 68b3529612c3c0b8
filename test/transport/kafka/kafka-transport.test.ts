import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { murmur2 } from '../../../src/transport/kafka/murmur2.ts';
import { consume, createTopics, type KafkaServer } from '../../services/kafka-tools.ts';
import { useServer } from '../../services/servers.ts';
import { listen } from '../http/harness.ts';
import type { Told } from '../messages/sender.ts';
import { login, message, openKafka, tlsWith } from './harness.ts';

const kafka = await useServer('kafka', {
  set: ['auto.create.topics.enable=false', 'message.max.bytes=100000'],
});
const broker = kafka.at['KAFKA']!;
const server: KafkaServer = { broker, libs: kafka.at['KAFKA_LIBS']! };
after(kafka.stop);

function succeeded(all: Told[]): number {
  return all.filter(({ outcome }) => outcome === 'succeeded').length;
}

describe('messages to a real broker', { skip: kafka.missing }, () => {
  before(() => createTopics(server, ['arrive', 'squeezed', 'given-up']));

  test('arrive with key, headers, value, time, in the partition of their key or the one they name', async (t) => {
    const sender = openKafka(t);
    const keys = Array.from({ length: 60 }, (_, n) => `key-${n}`);
    const sent = [
      ...keys.map((key) => message(broker, 'arrive', `value of ${key}`, { key: Buffer.from(key) })),
      message(broker, 'arrive', 'named', { partition: 2, timestamp: 1_700_000_000_000 }),
      message(broker, 'arrive', 'Grüße', { headers: ['type', 'track', 'trace', 'ä'] }),
    ];
    const told = await Promise.all(sent.map((each) => sender.send(each)));
    assert.equal(
      succeeded(told),
      sent.length,
      JSON.stringify(told.find(({ outcome }) => outcome !== 'succeeded')),
    );
    assert.deepEqual(
      told.map(({ bytesOut }) => bytesOut),
      sent.map(({ value }) => value.length),
    );
    const found = await consume(server, 'arrive', sent.length);
    assert.deepEqual(
      found.map(({ value }) => value).sort(),
      sent.map(({ value }) => value.toString()).sort(),
    );
    for (const { key, partition, value } of found) {
      if (key === 'null') continue;
      assert.equal(value, `value of ${key}`);
      assert.equal(partition, (murmur2(Buffer.from(key)) & 0x7fffffff) % 3, key);
    }
    const named = found.find(({ value }) => value === 'named')!;
    assert.deepEqual([named.partition, named.timestamp, named.key], [2, 1_700_000_000_000, 'null']);
    assert.equal(found.find(({ value }) => value === 'Grüße')!.headers, 'type:track,trace:ä');
    assert.deepEqual(sender.topics.read(sender.topicNames), [
      { topic: 'arrive', succeeded: sent.length, failed: 0, unanswered: 0 },
    ]);
  });

  test('arrive whatever the batches are like', async (t) => {
    const ways = [
      { compression: 'Gzip', acks: 'Leader' },
      { compression: 'Zstd', idempotent: true },
      { lingerMs: 0, batchMessages: 1 },
      { batchBytes: 1000 },
    ] as const;
    const sent: string[] = [];
    for (const [way, options] of ways.entries()) {
      const sender = openKafka(t, options);
      for (let round = 0; round < 3; round++) {
        const values = Array.from({ length: 400 }, (_, n) => `${way} ${round} ${n}`);
        const told = await Promise.all(
          values.map((value) => sender.send(message(broker, 'squeezed', value))),
        );
        const failed = told.find(({ error }) => error !== '');
        assert.equal(succeeded(told), 400, `${JSON.stringify(options)}: ${failed?.error}`);
        sent.push(...values);
      }
    }
    const found = await consume(server, 'squeezed', sent.length);
    assert.deepEqual(found.map(({ value }) => value).sort(), sent.sort());
  });

  test('a login by each mechanism, TLS with the authority of the certificate, both refused otherwise', async (t) => {
    const {
      KAFKA_SASL: sasl,
      KAFKA_TLS: tls,
      KAFKA_USER: user,
      KAFKA_PASSWORD: password,
      KAFKA_CA: ca,
    } = kafka.at;
    const outcome = async (addr: string, options: Parameters<typeof openKafka>[1]) => {
      const told = await openKafka(t, options).send(message(addr, 'squeezed'));
      return [told.outcome, told.error];
    };
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
      const good = await outcome(sasl!, { sasl: login(mechanism, user!, password!) });
      assert.deepEqual(good, ['succeeded', ''], mechanism);
      const [bad, error] = await outcome(sasl!, { sasl: login(mechanism, user!, 'wrong') });
      assert.equal(bad, 'auth', `${mechanism}: ${error}`);
      assert.doesNotMatch(error!, /wrong|taz-secret/);
    }
    assert.equal((await outcome(broker, { sasl: login('PLAIN', user!, password!) }))[0], 'auth');
    assert.equal((await outcome(sasl!, {}))[0], 'closed', 'no login where one is asked for');
    assert.deepEqual(await outcome(tls!, { tls: tlsWith(ca!) }), ['succeeded', '']);
    assert.deepEqual(await outcome(tls!, { tls: tlsWith(null, true) }), ['succeeded', '']);
    assert.equal(
      (await outcome(tls!, { tls: tlsWith(null) }))[0],
      'tls',
      'a certificate that is not trusted',
    );
    assert.equal((await outcome(tls!, {}))[0], 'tls', 'no TLS where it is spoken');
    assert.equal(
      (await outcome(broker, { tls: tlsWith(null, true) }))[0],
      'tls',
      'TLS where it is not spoken',
    );
  });

  test('each failure has its class, and others go on', async (t) => {
    const sender = openKafka(t, { timeoutMs: 3000 });
    const unused = await unusedAddress(t);
    const rows: [what: string, told: Promise<Told>, outcome: string, error: RegExp][] = [
      ['nobody listens', sender.send(message(unused, 'squeezed')), 'refused', /ECONNREFUSED/],
      ['no such name', sender.send(message('no-such-host.invalid:9092', 'squeezed')), 'dns', /no-such-host/],
      ['no such topic', sender.send(message(broker, 'none')), 'unknown_topic', /topic none does not exist/],
      [
        'no such partition',
        sender.send(message(broker, 'squeezed', 'x', { partition: 7 })),
        'unknown_topic',
        /topic squeezed has 3 partitions, 0 to 2: there is no 7/,
      ],
      [
        'too large',
        sender.send(message(broker, 'squeezed', Buffer.alloc(200_000), { partition: 0 })),
        'message_too_large',
        /MESSAGE_TOO_LARGE/,
      ],
      ['a good one', sender.send(message(broker, 'squeezed', 'x', { partition: 1 })), 'succeeded', /^$/],
      [
        'a good one by way of the second address',
        sender.send(message(`${unused},${broker}`, 'squeezed')),
        'succeeded',
        /^$/,
      ],
    ];
    for (const [what, telling, outcome, error] of rows) {
      const told = await telling;
      assert.equal(told.outcome, outcome, `${what}: ${told.error}`);
      assert.match(told.error, error, what);
      if (/refused|dns|unknown_topic/.test(outcome)) assert.equal(told.bytesOut, 0, what);
    }
    // Until it is tried again, the next fails at once for the same reason.
    const started = performance.now();
    assert.equal((await sender.send(message(unused, 'squeezed'))).outcome, 'refused');
    assert.ok(performance.now() - started < 40);
  });

  test('one that was given up before it went out never arrives, and is not reported', async (t) => {
    const sender = openKafka(t, { lingerMs: 200 });
    assert.equal((await sender.send(message(broker, 'given-up', 'first'))).outcome, 'succeeded');
    void sender.send(message(broker, 'given-up', 'given up'), 2);
    const third = sender.send(message(broker, 'given-up', 'third'), 3);
    await sleep(20);
    sender.abort(2);
    // The slot is free again at once.
    const again = sender.send(message(broker, 'given-up', 'again'), 2);
    assert.deepEqual([(await third).outcome, (await again).outcome], ['succeeded', 'succeeded']);
    // A fourth would be there, as it is told how many to read at most.
    const found = await consume(server, 'given-up', 4, 2000);
    assert.deepEqual(found.map(({ value }) => value).sort(), ['again', 'first', 'third']);
  });

  test('a late acknowledgement is not reported for the next message of the slot', async (t) => {
    const sender = openKafka(t, { lingerMs: 0 });
    assert.equal((await sender.send(message(broker, 'given-up'))).outcome, 'succeeded');
    for (let round = 0; round < 50; round++) {
      void sender.send(message(broker, 'given-up', 'late'), 1);
      // It goes out in this turn, and is answered in a later one.
      await new Promise((resolve) => setImmediate(resolve));
      sender.abort(1);
      const { outcome, bytesOut } = await sender.send(message(broker, 'given-up', 'the next'), 1);
      assert.deepEqual([outcome, bytesOut], ['succeeded', 'the next'.length]);
    }
  });

  test('an idle producer sets next to no timers', async (t) => {
    const sender = openKafka(t);
    assert.equal((await sender.send(message(broker, 'squeezed'))).outcome, 'succeeded');
    await sleep(100);
    const { setTimeout: original } = globalThis;
    let timers = 0;
    globalThis.setTimeout = ((...args: Parameters<typeof original>) => {
      timers++;
      return original(...args);
    }) as typeof original;
    try {
      await sleep(1000);
    } finally {
      globalThis.setTimeout = original;
    }
    assert.ok(timers < 20, `${timers} timers in a second`);
    assert.equal((await sender.send(message(broker, 'squeezed'))).outcome, 'succeeded');
  });
});

/** An address on loopback where nobody listens. */
async function unusedAddress(t: TestContext): Promise<string> {
  const server = net.createServer();
  const origin = await listen(t, server, 'tcp');
  await new Promise((resolve) => server.close(resolve));
  return origin.slice('tcp://'.length);
}
