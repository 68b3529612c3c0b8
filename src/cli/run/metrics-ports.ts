import { createServer } from 'node:net';
import { systemErrorText } from '../../report/system-error.ts';
import { UsageError } from '../errors.ts';

/** Looks whether workers can listen on `first` and the ports after it. @throws UsageError that names the one in use */
export async function requireFreePorts(first: number, workers: number): Promise<void> {
  for (let port = first; port < first + workers; port++) await tryPort(port);
}

function tryPort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      reject(new UsageError(`--metrics-port: cannot listen on port ${port}: ${systemErrorText(error)}`));
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}
