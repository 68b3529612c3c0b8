import assert from 'node:assert/strict';
import { once } from 'node:events';
import type net from 'node:net';
import { test } from 'node:test';
import { ConnectionPool } from '../../../src/transport/http/connection-pool.ts';
import { Connector } from '../../../src/transport/http/connector.ts';
import { heapInUse } from '../../support/heap.ts';
import { openSender, serve, target } from './harness.ts';

const connector = new Connector({ ca: null, serverName: null, insecure: false });

test('the connection given back last is taken first; new ones only when none is idle', () => {
  const pool = new ConnectionPool(connector, 3);
  const [a, b, c] = [pool.take('http://h'), pool.take('http://h'), pool.take('http://h')];
  assert.equal(new Set([a, b, c]).size, 3);
  for (const one of [b, c, a]) pool.release(one);
  assert.deepEqual([pool.take('http://h'), pool.take('http://h'), pool.take('http://h')], [a, c, b]);
});

test('at the limit, the coldest connection of the origin used least recently is closed', () => {
  const pool = new ConnectionPool(connector, 3);
  const b = pool.take('http://b');
  const [a1, a2] = [pool.take('http://a'), pool.take('http://a')];
  for (const one of [b, a1, a2]) pool.release(one);
  pool.release(pool.take('http://b')); // now a is the one used least recently
  const c = pool.take('http://c');
  assert.deepEqual([a1.client.destroyed, a2.client.destroyed, b.client.destroyed], [true, false, false]);
  pool.release(c);
  assert.equal(pool.take('http://a'), a2);
  assert.equal(pool.take('http://b'), b);
  assert.equal(pool.take('http://c'), c);
});

test('a connection that was discarded makes room and is never given again', () => {
  const pool = new ConnectionPool(connector, 1);
  const a = pool.take('http://a');
  pool.discard(a);
  assert.ok(a.client.destroyed);
  const b = pool.take('http://a');
  assert.notEqual(a, b);
  assert.ok(!b.client.destroyed);
});

test('origins without end need no memory', async () => {
  const pool = new ConnectionPool(connector, 8);
  const use = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) {
      pool.release(pool.take(`http://host-${i}.example`));
      if (i % 100 === 0) await new Promise(setImmediate);
    }
  };
  await use(0, 2_000);
  const before = heapInUse();
  await use(2_000, 20_000);
  const grown = heapInUse() - before;
  assert.ok(grown < 3_000_000, `${grown} bytes`);
});

test('over all servers no more connections stay open than there are slots', {
  timeout: 20_000,
}, async (t) => {
  const open = new Set<net.Socket>();
  const origins: string[] = [];
  for (let i = 0; i < 8; i++) {
    const { origin, server } = await serve(t, (_request, response) => response.end());
    origins.push(origin);
    server.on('connection', (socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    });
  }
  const sender = openSender(t, 2);
  for (let i = 0; i < 100; i++) {
    const first = sender.send(target(origins[i % 8]!), 0);
    const second = sender.send(target(origins[(i * 3) % 8]!), 1);
    for (const told of await Promise.all([first, second])) assert.equal(told.outcome, 'succeeded');
  }
  // The servers see the closing a little later; without it this would wait for ever.
  while (open.size > 2) await once([...open][0]!, 'close');
});
