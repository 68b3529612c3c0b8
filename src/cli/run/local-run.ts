import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { systemClock } from '../../attack/clock.ts';
import { Coordinator } from '../../coordinator/coordinator.ts';
import { LocalWorkerPool } from '../../coordinator/local-pool.ts';
import type { RecordOptions } from '../../coordinator/protocol.ts';
import type { RunSnapshot } from '../../coordinator/snapshot.ts';
import { SyncServer } from '../../coordinator/sync-server.ts';
import { workerCount } from '../../coordinator/worker-count.ts';
import { createDisplay, type Display } from '../display/display.ts';
import type { PreparedRun } from '../manifest/prepare.ts';
import { scoutFor } from './scouting.ts';

export interface LocalRunOptions {
  lanes: number | null;
  records: RecordOptions | null;
  metricsPort: number | null;
  /** Where progress is shown; null: nowhere. */
  progress: { stream: NodeJS.WriteStream; colour: boolean } | null;
}

/** How long a local worker goes on without an answer, in ms. A closed pipe to its parent stops it at once. */
const LEASE_MS = 5000;
const SHOW_EVERY_MS = 200;

/**
 * Runs a prepared test on this machine: coordinator here, workers as child processes. The first SIGINT or SIGTERM ends
 * it gracefully, the second one at once. @returns the final snapshot
 */
export async function runLocally(test: PreparedRun, options: LocalRunOptions): Promise<RunSnapshot> {
  const token = randomBytes(32).toString('base64url');
  const run = `${test.spec.name}-${Date.now().toString(36)}${randomBytes(2).toString('hex')}`;
  const display = options.progress === null ? null : createDisplay(options.progress);
  const note = (text: string): void => display?.note(text);
  const server = new SyncServer({
    host: '127.0.0.1',
    token,
    sync: (request) => coordinator.sync(request),
    content: (digest) => coordinator.contentOf(digest),
  });
  const address = await server.listen();
  const cores = Math.max(1, Math.floor(availableParallelism() / workerCount(test.spec)));
  const coordinator = new Coordinator({
    clock: systemClock,
    pool: new LocalWorkerPool({
      bootstrap: { coordinator: address, run, token, cores },
      metricsPort: options.metricsPort,
    }),
    run,
    spec: test.spec,
    content: test.content,
    lanes: options.lanes,
    leaseMs: LEASE_MS,
    records: options.records,
    note,
  });
  const scout = scoutFor(test, coordinator, note);
  const scouting = new AbortController();
  const scouted = scout.run(scouting.signal);
  const forget = endOnSignals(coordinator);
  const timer = setInterval(() => display?.update(coordinator.snapshot()), SHOW_EVERY_MS);
  try {
    coordinator.start();
    return await coordinator.ended;
  } finally {
    scouting.abort();
    await scouted;
    clearInterval(timer);
    finish(display, coordinator);
    forget();
    await server.close();
  }
}

function finish(display: Display | null, coordinator: Coordinator): void {
  display?.update(coordinator.snapshot());
  display?.end();
}

/** @returns what takes the handlers away again */
function endOnSignals(coordinator: Coordinator): () => void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(130);
    asked = true;
    coordinator.stop('StoppedByUser', `interrupted by ${signal}`);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}
