import { createInterface } from 'node:readline';
import { systemClock } from '../attack/clock.ts';
import type { WorkerBootstrap } from '../coordinator/protocol.ts';
import { HealthServer } from '../metrics/health-server.ts';
import { NOTHING_BESIDE } from './beside.ts';
import { SyncClient } from './conversation/sync-client.ts';
import { healthOf } from './health.ts';
import { NO_LIMITS } from './limits.ts';
import { boundMemory } from './memory.ts';
import { Worker } from './worker.ts';
import { newIdentity } from './worker-identity.ts';

/** How long a first answer, and one to its last word, may take, in ms: the coordinator is on this machine. */
const FIRST_ANSWER_MS = 60_000;
const LAST_WORD_MS = 10_000;

/**
 * The process of a local worker. Its standard input brings one line, the bootstrap, and then stays open: when it ends,
 * the parent is gone.
 */
boundMemory();

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

async function work({
  coordinator,
  token,
  run,
  cores,
  metricsPort,
  ...which
}: WorkerBootstrap): Promise<number> {
  const worker = new Worker({
    run,
    worker: newIdentity(which),
    cores,
    clock: systemClock,
    client: new SyncClient(coordinator, async () => ({ token, ca: null })),
    beside: NOTHING_BESIDE,
    limits: NO_LIMITS,
    firstAnswerMs: FIRST_ANSWER_MS,
    lastWordMs: LAST_WORD_MS,
    graceMs: Number.POSITIVE_INFINITY,
    say: () => {},
  });
  process.on('SIGTERM', () => worker.leave());
  lines.once('close', () => worker.abandon('its parent is gone'));
  if (metricsPort !== null) await new HealthServer(healthOf(worker)).listen(metricsPort, '127.0.0.1');
  return (await worker.run()).code;
}

lines.once('close', () => setTimeout(() => process.exit(1), 3000).unref());
