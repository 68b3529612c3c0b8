import net from 'node:net';

/** As large as a stream's own reads. */
const LARGEST_READ = 64 * 1024;
/** One for all sockets of a lane: what is read is passed on before anything else is. */
const buffer = Buffer.allocUnsafeSlow(LARGEST_READ);

/**
 * Connects in plain text. What comes in goes to whoever listens for `readable` at once and without the queue of a stream,
 * for which the system's buffers would be allocated, trimmed and queued anew for each read: for an answer of 100 bytes
 * that takes 2 µs more. Who listens takes all there is in `read()`, as undici does; what it leaves is lost.
 */
export function connectPlain(options: net.TcpNetConnectOpts): net.Socket {
  let arrived: Buffer | null = null;
  const socket = net.connect({
    ...options,
    onread: {
      buffer,
      callback: (length) => {
        arrived = Buffer.allocUnsafe(length);
        buffer.copy(arrived, 0, 0, length);
        socket.emit('readable');
        arrived = null;
        return true;
      },
    },
  });
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    // The socket itself asks for 0 bytes to go on reading, and to end.
    if (size === 0) return read(0);
    const all = arrived;
    arrived = null;
    return all;
  };
  return socket;
}
