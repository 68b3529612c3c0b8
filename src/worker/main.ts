import { createInterface } from 'node:readline';
import { systemClock } from '../attack/clock.ts';
import type { WorkerBootstrap } from '../coordinator/protocol.ts';
import { Worker } from './worker.ts';

/**
 * The process of a local worker. Its standard input brings one line, the bootstrap, and then stays open: when it ends,
 * the parent is gone.
 */
const lines = createInterface({ input: process.stdin });

process.on('SIGINT', () => {
  // Ctrl-C is the parent's business, which then ends its workers in order.
});

lines.once('line', (line) => {
  const worker = new Worker(JSON.parse(line) as WorkerBootstrap, systemClock);
  process.on('SIGTERM', () => worker.leave());
  lines.once('close', () => worker.abandon());
  worker.run().then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

lines.once('close', () => setTimeout(() => process.exit(1), 3000).unref());
