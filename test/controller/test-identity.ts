import { randomUUID } from 'node:crypto';
import { parseLoadTest } from '../../src/api/parse.ts';
import type { RunSpec } from '../../src/api/run-spec.ts';
import { toRunSpec } from '../../src/api/to-run-spec.ts';
import type { TestIdentity } from '../../src/controller/children/owner.ts';
import {
  type WorkerDefaults,
  type WorkerTemplate,
  workerTemplate,
} from '../../src/controller/pods/worker-pod.ts';
import { manifestWith } from '../api/load-test-manifest.ts';

export const DEFAULTS: WorkerDefaults = {
  image: 'taz:1',
  imagePullPolicy: null,
  imagePullSecrets: [],
  coordinatorUrl: 'https://taz-coordinator.taz-system.svc:8443',
  resources: null,
  maxRate: null,
  allowedHosts: [],
};

export const RUN = 'run-1';

/** A test that no API server has to know. */
export function identity(namespace: string, name = 'tracking-api'): TestIdentity {
  return { namespace, name, uid: randomUUID() };
}

export function specWith(spec: Record<string, unknown> = {}): RunSpec {
  return toRunSpec(parseLoadTest(manifestWith(spec)));
}

export function templateOf(test: TestIdentity, more: { spec?: RunSpec; run?: string } = {}): WorkerTemplate {
  const { spec = specWith(), run = RUN } = more;
  return workerTemplate({ test, run, spec, beside: null, defaults: DEFAULTS });
}

/** Waits for something that happens by itself. */
export async function until(what: string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${withinMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
