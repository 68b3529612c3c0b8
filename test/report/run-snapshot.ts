import type { RunSnapshot, WorkerSnapshot } from '../../src/coordinator/snapshot.ts';
import { type Counts, Tally } from '../../src/metrics/tally.ts';

export const NO_COUNTS: Counts = {
  sent: 0,
  succeeded: 0,
  failed: 0,
  interrupted: 0,
  inFlight: 0,
  drops: { busy: 0, late: 0, local: 0, template: 0 },
};

/** A run of two labels that has not begun to send; say what differs. */
export function runSnapshot(differences: Partial<RunSnapshot> = {}): RunSnapshot {
  return {
    name: 'tracking-api',
    run: 'r-1',
    phase: 'Running',
    verdict: null,
    reason: '',
    startedAt: Date.UTC(2026, 10, 23, 19, 0, 0),
    finishedAt: null,
    elapsedMs: 0,
    scheduleMs: 0,
    warmupMs: 0,
    durationMs: 20_000,
    suspended: false,
    warmingUp: false,
    targetRate: 100,
    scheduled: 0,
    unreported: 0,
    tally: new Tally(2),
    warmup: { scheduled: 0, unreported: 0, counts: NO_COUNTS },
    labels: ['track.json', 'identify.json'],
    generatorSaturated: false,
    votes: { highest: 0, limit: 0, workers: [] },
    templates: { digest: 'd1', updated: 1, of: 1, applied: 0, refused: 0, lastError: '' },
    samples: [],
    workers: [worker()],
    ...differences,
  };
}

export function worker(differences: Partial<WorkerSnapshot> = {}): WorkerSnapshot {
  return {
    name: 'worker-0',
    index: 0,
    replacement: 0,
    state: 'running',
    lanes: 1,
    sent: 0,
    dropped: 0,
    unreported: 0,
    problem: '',
    ...differences,
  };
}
