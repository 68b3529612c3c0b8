import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSnapshot } from '../../src/coordinator/snapshot.ts';
import { freePort, metric, startRun } from './harness.ts';

/** By how much a worker may grow while nobody takes its messages, in bytes. */
const MOST_GROWTH = 64e6;

/** A server that is stopped in the middle of a run, and goes on some time later. */
export interface Outage {
  /** Where the server is. */
  url: string;
  /** Of the server's process. */
  pid: number;
  stoppedMs: number;
  /** How long the run takes, in ms: some seconds more. */
  durationMs: number;
  /** The protocol with its options, in the manifest's words. */
  protocol: Record<string, unknown>;
  templates: Record<string, string>;
}

/** A run of 2,000/s goes through an outage with drops, votes and bounded memory, and goes on. @returns its end */
export async function goThrough(outage: Outage): Promise<RunSnapshot> {
  const { url, pid, stoppedMs, durationMs, protocol, templates } = outage;
  const metricsPort = await freePort();
  const run = await startRun(
    url,
    {
      rate: '2000/s',
      duration: `${durationMs}ms`,
      maxLag: '200ms',
      ...protocol,
      stopWhen: { successBelow: '90%', window: '1s', votes: 60 },
    },
    { templates, metricsPort },
  );
  await run.until((snapshot) => snapshot.elapsedMs > 3000);
  const memory = await metric(metricsPort, 'process_resident_memory_bytes');
  process.kill(pid, 'SIGSTOP');
  try {
    await sleep(stoppedMs);
    const grown = (await metric(metricsPort, 'process_resident_memory_bytes')) - memory;
    assert.ok(grown < MOST_GROWTH, `memory has grown by ${grown} bytes`);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const { tally, votes } = run.coordinator.snapshot();
  assert.ok(tally.counts.drops.busy > 1000, JSON.stringify(tally.counts));
  // Windows in which this machine was too busy are no votes.
  const tooBusy = run.notes.filter((note) => note.includes(' is void')).length;
  assert.ok(votes.highest + tooBusy >= 3, `${votes.highest} votes; ${run.notes.join('; ')}`);
  const { succeeded } = tally.counts;
  await run.until((snapshot) => snapshot.tally.counts.succeeded > succeeded + 100, 5000);
  const last = await run.ended;
  assert.deepEqual(run.brokenLaws, []);
  return last;
}

/** What has succeeded is there, and nothing that was not sent. @param found how many the server has counted */
export function assertFound({ tally }: RunSnapshot, found: number): void {
  const { succeeded, sent } = tally.counts;
  assert.ok(succeeded <= found && found <= sent, `${found} of ${succeeded} to ${sent}`);
}
