import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { systemClock } from '../attack/clock.ts';
import type { WorkerBootstrap } from '../coordinator/protocol.ts';
import { Probes } from './probes.ts';
import { Worker } from './worker.ts';

// V8 would keep the code of each template that was ever compiled, in case that it is compiled again.
setFlagsFromString('--no-compilation-cache');

/**
 * The process of a local worker. Its standard input brings one line, the bootstrap, and then stays open: when it ends,
 * the parent is gone.
 */
const lines = createInterface({ input: process.stdin });

process.on('SIGINT', () => {
  // Ctrl-C is the parent's business, which then ends its workers in order.
});

lines.once('line', (line) => {
  work(JSON.parse(line) as WorkerBootstrap).then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
});

async function work(bootstrap: WorkerBootstrap): Promise<number> {
  const worker = new Worker(bootstrap, systemClock);
  process.on('SIGTERM', () => worker.leave());
  lines.once('close', () => worker.abandon());
  const { metricsPort } = bootstrap;
  if (metricsPort !== null) await new Probes(worker).listen(metricsPort, '127.0.0.1');
  return worker.run();
}

lines.once('close', () => setTimeout(() => process.exit(1), 3000).unref());
