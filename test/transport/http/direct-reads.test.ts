import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { connectPlain } from '../../../src/transport/http/direct-reads.ts';

// undici reads this when it is loaded: with its other parser answers in pieces would be lost.
process.env.UNDICI_USE_MILO = '1';
const { listen, openSender, target } = await import('./harness.ts');

/** A socket to a server that does this with each connection. */
async function connected(t: TestContext, serve: (socket: net.Socket) => void): Promise<net.Socket> {
  const { hostname, port } = new URL(await listen(t, net.createServer(serve)));
  return connectPlain({ host: hostname, port: Number(port) });
}

test('what comes in is there in `readable`, whole and in its order, and the end after it', async (t) => {
  const sent = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => i % 251));
  const socket = await connected(t, (server) => server.end(sent));
  const pieces: Buffer[] = [];
  socket.on('readable', () => {
    const piece = socket.read() as Buffer | null;
    if (piece !== null) pieces.push(piece);
    assert.equal(socket.read(), null);
  });
  await once(socket, 'end');
  assert.ok(Buffer.concat(pieces).equals(sent));
  await once(socket, 'close');
});

test('a server that closes without a word ends the socket', async (t) => {
  const socket = await connected(t, (server) => server.end());
  socket.on('readable', () => assert.equal(socket.read(), null));
  await once(socket, 'end');
  await once(socket, 'close');
});

test('answers that come byte by byte on many connections at once stay apart', async (t) => {
  const paths: string[] = [];
  const write = async (socket: net.Socket, answer: string): Promise<void> => {
    for (const byte of Buffer.from(answer)) {
      socket.write(Buffer.of(byte));
      await turn();
    }
  };
  const server = net.createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      const path = /^GET (\S+) /.exec(chunk.toString('latin1'))![1]!;
      paths.push(path);
      const answer = path.startsWith('/from')
        ? `302 Found\r\nlocation: ${path.replace('from', 'to')}\r\ncontent-length: 0\r\n\r\n`
        : '200 OK\r\ncontent-length: 2\r\n\r\nok';
      void write(socket, `HTTP/1.1 ${answer}`);
    });
  });
  const origin = await listen(t, server);
  const slots = Array.from({ length: 16 }, (_, slot) => slot);
  const sender = openSender(t, slots.length, { redirects: 1 });
  const told = await Promise.all(
    slots.map((slot) => sender.send(target(origin, { path: `/from/${slot}` }), slot)),
  );
  assert.deepEqual(
    told.map(({ status, bytesIn }) => [status, bytesIn]),
    slots.map(() => [200, 2]),
  );
  assert.deepEqual(
    paths.toSorted(),
    [...slots.map((slot) => `/from/${slot}`), ...slots.map((slot) => `/to/${slot}`)].toSorted(),
  );
});
