import type net from 'node:net';

/** Resolves when all of these sockets are closed, which they are told to be. */
export async function closeAll(sockets: Iterable<net.Socket>): Promise<void> {
  await Promise.all(
    [...sockets].map((socket) => {
      const closed = Promise.withResolvers<void>();
      socket.once('close', () => closed.resolve());
      socket.destroy();
      return closed.promise;
    }),
  );
}
