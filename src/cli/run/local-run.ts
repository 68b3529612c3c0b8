import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { systemClock } from '../../attack/clock.ts';
import { callerWith } from '../../coordinator/caller.ts';
import { Coordinator } from '../../coordinator/coordinator.ts';
import { LocalWorkerPool } from '../../coordinator/local-pool.ts';
import type { RecordOptions } from '../../coordinator/protocol.ts';
import type { RunSnapshot } from '../../coordinator/snapshot.ts';
import { SyncServer } from '../../coordinator/sync-server.ts';
import { workerCount } from '../../coordinator/worker-count.ts';
import type { LookEnd } from '../../source/scout.ts';
import { createDisplay } from '../display/display.ts';
import type { KeySource } from '../display/keyboard.ts';
import type { PreparedRun } from '../manifest/prepare.ts';
import { FileWatch } from '../watch/file-watch.ts';
import { LiveControl } from './live-control.ts';
import { ManifestFollower, type ReadManifest } from './manifest-follower.ts';
import { scoutFor, unchangedText } from './scouting.ts';
import { Steering } from './steering.ts';

export interface LocalRunOptions {
  lanes: number | null;
  records: RecordOptions | null;
  metricsPort: number | null;
  /** Where progress is shown; null: nowhere. */
  progress: Progress | null;
  /** Manifest files whose saves are applied while the run goes on; null: they are not looked at again. */
  watch: ManifestWatch | null;
}

export interface Progress {
  stream: NodeJS.WriteStream;
  colour: boolean;
  /** Where keys come from; null: there are none. */
  keys: KeySource | null;
}

export interface ManifestWatch {
  files: readonly string[];
  read: () => Promise<ReadManifest>;
}

/** How long a local worker goes on without an answer, in ms. A closed pipe to its parent stops it at once. */
const LEASE_MS = 5000;
const SHOW_EVERY_MS = 200;

/**
 * Runs a prepared test on this machine: coordinator here, workers as child processes. It can be steered while it goes on,
 * see `LiveControl`. @returns the final snapshot
 */
export async function runLocally(test: PreparedRun, options: LocalRunOptions): Promise<RunSnapshot> {
  const { progress, watch } = options;
  const token = randomBytes(32).toString('base64url');
  const run = `${test.spec.name}-${Date.now().toString(36)}${randomBytes(2).toString('hex')}`;
  const note = (text: string): void => display?.note(text);
  const server = new SyncServer({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    callerOf: callerWith(token, {
      run,
      worker: null,
      sync: (request) => coordinator.sync(request),
      content: (digest) => coordinator.contentOf(digest),
      scouting: (digest) => coordinator.scoutingOf(digest),
      finding: (finding) => coordinator.finding(finding),
    }),
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
  const scout = scoutFor(test, coordinator, note, watch !== null);
  const scouting = new AbortController();
  const scouted = scout.run(scouting.signal);
  const steering = new Steering(test.spec, {
    run: coordinator,
    note,
    show: (text) => display?.steered(text),
  });
  const follower =
    watch &&
    new ManifestFollower(test, { read: watch.read, scout, note, follow: (spec) => steering.follow(spec) });
  const files =
    watch && follower && (await FileWatch.start(watch.files, { changed: () => void follower.look() }));
  // It may have been saved since it was read at first.
  void follower?.look();
  const tellUnchanged = (end: LookEnd): void => {
    if (end === 'unchanged') note(unchangedText(test.spec, watch !== null));
  };
  const reload = (): void =>
    void (follower === null ? scout.lookNow().then(tellUnchanged) : follower.look(tellUnchanged));
  const display = progress && createDisplay({ ...progress, pressed: (command) => control.press(command) });
  const control = new LiveControl({ steering, reload, display, snapshot: () => coordinator.snapshot() });
  const forget = control.handleSignals();
  const timer = setInterval(() => display?.update(coordinator.snapshot()), SHOW_EVERY_MS);
  try {
    coordinator.start();
    return await coordinator.ended;
  } finally {
    files?.close();
    scouting.abort();
    await scouted;
    clearInterval(timer);
    display?.update(coordinator.snapshot());
    display?.end();
    forget();
    await server.close();
  }
}
