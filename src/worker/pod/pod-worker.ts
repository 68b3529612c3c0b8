import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../attack/clock.ts';
import { workerName } from '../../coordinator/worker-pool.ts';
import { HealthServer } from '../../metrics/health-server.ts';
import { SyncClient } from '../conversation/sync-client.ts';
import { healthOf } from '../health.ts';
import { boundMemory } from '../memory.ts';
import { Worker } from '../worker.ts';
import { newIdentity } from '../worker-identity.ts';
import { coresOf } from './cores.ts';
import { PodBeside } from './pod-beside.ts';
import { podCredentials } from './pod-credentials.ts';
import type { PodSettings } from './pod-settings.ts';
import { SecretMounts } from './secret-mounts.ts';

/** How long a first answer may take, in ms: a controller may be away for a while, and the pods are its to delete. */
const FIRST_ANSWER_MS = 600_000;
/** How long the last word may take, in ms. */
const LAST_WORD_MS = 120_000;
/** What the pod is given from SIGTERM to SIGKILL, in ms: its `terminationGracePeriodSeconds`. */
const GRACE_MS = 30_000;
/** The most that Kubernetes keeps of why a container has ended, in bytes. */
const MOST_TERMINATION_BYTES = 4096;

/**
 * Works as a worker in a pod, until its last word is saved. What happens is said on standard error, a line each.
 * @returns the exit code
 * @throws Error when it cannot begin
 */
export async function workInPod(settings: PodSettings): Promise<number> {
  // 0 where the system knows of no limit.
  boundMemory(process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const say = (line: string): void => console.error(line);
  const worker = newIdentity(settings);
  const { run, limits, coordinator } = settings;
  const folder = join(settings.files, 'coordinator');
  const client = new SyncClient(coordinator, podCredentials(join(folder, 'token'), join(folder, 'ca.crt')));
  const cores = coresOf();
  const mounts = new SecretMounts(join(settings.files, 'secrets'));
  const work = new Worker({
    run,
    worker,
    cores,
    clock: systemClock,
    client,
    beside: new PodBeside({
      run,
      worker,
      clock: systemClock,
      client,
      mounts,
      allowedHosts: limits.allowedHosts,
      say,
    }),
    limits,
    firstAnswerMs: FIRST_ANSWER_MS,
    lastWordMs: LAST_WORD_MS,
    graceMs: GRACE_MS,
    say,
  });
  const who = settings.pod === '' ? '' : ` (pod ${settings.pod})`;
  const howMany = cores === 1 ? '1 core' : `${cores} cores`;
  say(
    `${workerName(settings)}${who} of run ${run} starts with ${howMany}; its coordinator is ${coordinator}`,
  );
  handleSignals(work, say);
  const health = new HealthServer(healthOf(work));
  await health.listen(settings.metricsPort, null);
  const { code, reason } = await work.run();
  client.close();
  await health.close();
  say(code === 0 ? `has ended: ${reason}; its last counts are saved` : `has failed: ${reason}`);
  if (code !== 0) await tellKubernetes(settings.terminationLog, reason);
  return code;
}

function handleSignals(worker: Worker, say: (line: string) => void): void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) {
      say(`${signal} again: stops at once`);
      return worker.abandon(`was ended by a second ${signal}`);
    }
    asked = true;
    say(`${signal}: leaves as soon as another has taken over`);
    worker.leave();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** Why it has failed, where `kubectl describe pod` and the controller show it. Elsewhere there is no such file. */
export async function tellKubernetes(file: string, reason: string): Promise<void> {
  try {
    const log = await open(file, 'r+');
    await log.write(Buffer.from(reason).subarray(0, MOST_TERMINATION_BYTES));
    await log.close();
  } catch {
    // Standard error has it.
  }
}
