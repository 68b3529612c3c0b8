import type { Condition, ConditionType, LoadTestStatus } from '../../src/api/status.ts';
import { manifestWith } from '../api/load-test-manifest.ts';

/** What a tool may take a LoadTest for. */
export interface Verdicts {
  kstatus: 'Current' | 'InProgress' | 'Failed';
  argocd: 'Healthy' | 'Progressing' | 'Degraded';
  /** Of deploy/flux/smoke-test.yaml, which waits for a bounded test's end. */
  gate: 'Current' | 'InProgress' | 'Failed';
}

/** A state of a LoadTest, as its conditions say it, and what tools have to take it for. */
export interface State extends Verdicts {
  name: string;
  object: Record<string, unknown>;
}

const persistent = {};
const bounded = { duration: '10m' };

const RUNS: Verdicts = { kstatus: 'Current', argocd: 'Healthy', gate: 'InProgress' };
const WAITS: Verdicts = { kstatus: 'InProgress', argocd: 'Progressing', gate: 'InProgress' };
const FAILED: Verdicts = { kstatus: 'Failed', argocd: 'Degraded', gate: 'Failed' };
const DONE: Verdicts = { kstatus: 'Current', argocd: 'Healthy', gate: 'Current' };

export const STATES: readonly State[] = [
  state('accepted, waiting for pods', bounded, WAITS, [
    ['Ready', 'False', 'Starting'],
    ['Reconciling', 'True', 'Starting'],
    ['Succeeded', 'Unknown', 'Starting'],
  ]),
  state('bounded, running', bounded, RUNS, [
    ['Ready', 'True', 'Running'],
    ['Succeeded', 'Unknown', 'Running'],
    ['TemplatesLoaded', 'True', 'Loaded'],
  ]),
  state('bounded, completed', bounded, DONE, [
    ['Ready', 'True', 'Completed'],
    ['Succeeded', 'True', 'Completed'],
  ]),
  state('bounded, stopped by votes', bounded, FAILED, [
    ['Ready', 'False', 'StoppedByVotes'],
    ['Stalled', 'True', 'StoppedByVotes'],
    ['Succeeded', 'False', 'StoppedByVotes'],
    ['Stopped', 'True', 'StoppedByVotes'],
  ]),
  state('bounded, failed', bounded, FAILED, [
    ['Ready', 'False', 'Failed'],
    ['Stalled', 'True', 'Failed'],
    ['Succeeded', 'False', 'Failed'],
  ]),
  state('persistent, running', persistent, RUNS, [['Ready', 'True', 'Running']]),
  state('persistent, stopped by votes', persistent, RUNS, [
    ['Ready', 'True', 'StoppedByVotes'],
    ['Stopped', 'True', 'StoppedByVotes'],
  ]),
  state('persistent, stopped by votes, with onStop: Stall', persistent, FAILED, [
    ['Ready', 'False', 'StoppedByVotes'],
    ['Stalled', 'True', 'StoppedByVotes'],
    ['Stopped', 'True', 'StoppedByVotes'],
  ]),
  state('suspended', persistent, RUNS, [['Ready', 'True', 'Suspended']]),
  state('held by the kill switch', persistent, RUNS, [['Ready', 'True', 'KillSwitch']]),
  state('cannot start', bounded, FAILED, [
    ['Ready', 'False', 'QuotaExceeded'],
    ['Stalled', 'True', 'QuotaExceeded'],
  ]),
  state('running, generator saturated', persistent, RUNS, [
    ['GeneratorSaturated', 'True', 'Late'],
    ['Ready', 'True', 'Running'],
  ]),
  state(
    'changed, and not seen yet',
    bounded,
    WAITS,
    [
      ['Ready', 'True', 'Completed'],
      ['Succeeded', 'True', 'Completed'],
    ],
    2,
  ),
];

/** @param generation of the object; the status speaks of the first */
function state(
  name: string,
  spec: Record<string, unknown>,
  verdicts: Verdicts,
  conditions: [type: ConditionType, status: Condition['status'], reason: string][],
  generation = 1,
): State {
  const status: LoadTestStatus = {
    observedGeneration: 1,
    conditions: conditions.map(([type, status, reason]) => ({
      type,
      status,
      reason,
      message: `${name}: ${type}`,
      observedGeneration: 1,
      lastTransitionTime: '2026-11-26T11:30:00Z',
    })),
  };
  const metadata = { name: 'smoke', namespace: 'load-tests', generation };
  return { name, ...verdicts, object: { ...manifestWith(spec), metadata, status } };
}
