import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { joinWrites } from '../../../src/transport/http/join-writes.ts';

/** What a server receives of what `use` writes, and how many writes the socket itself was given. */
async function received(use: (socket: net.Socket) => void): Promise<{ bytes: Buffer; writes: number }> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bytes = once(server, 'connection').then(([socket]) => buffer(socket as net.Socket));
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  let writes = 0;
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
  socket.write = (...given: unknown[]) => {
    writes++;
    return write(...given);
  };
  joinWrites(socket);
  use(socket);
  socket.end();
  const all = await bytes;
  server.close();
  return { bytes: all, writes };
}

test('a head and a body become one write, in their order and encoding', async () => {
  const { bytes, writes } = await received((socket) => {
    socket.cork();
    socket.write('h\u00e9ad:', 'latin1');
    socket.write(Buffer.from([0, 255]));
    socket.write('b\u00e9');
    socket.uncork();
  });
  assert.deepEqual(bytes, Buffer.from([0x68, 0xe9, 0x61, 0x64, 0x3a, 0, 255, 0x62, 0xc3, 0xa9]));
  assert.equal(writes, 1);
});

test('what is not corked goes out at once, corks count, and a large body is not copied', async () => {
  const large = Buffer.alloc(1 << 20, 'x');
  const { bytes, writes } = await received((socket) => {
    socket.write('a');
    socket.cork();
    socket.cork();
    socket.write('b');
    socket.uncork();
    socket.write(large);
    socket.uncork();
    socket.uncork();
    socket.write('c');
  });
  assert.equal(bytes.length, 3 + large.length);
  assert.equal(bytes.subarray(0, 3).toString(), 'abx');
  assert.equal(bytes.at(-1), 0x63);
  assert.equal(writes, 4, 'the two corked ones each by itself');
});

test('every piece is told when it is written', async () => {
  let told = 0;
  await received((socket) => {
    socket.cork();
    socket.write('a', () => told++);
    socket.write('b', 'utf8', () => told++);
    socket.uncork();
  });
  assert.equal(told, 2);
});
