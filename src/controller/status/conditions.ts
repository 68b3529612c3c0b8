import type { Condition, ConditionType } from '../../api/status.ts';
import { MAX_CONDITION_MESSAGE } from '../../api/status.ts';
import type { TestKind, TestState } from './test-state.ts';

/** A condition without what is known only where it is written: when it last changed, and of which generation it speaks. */
export interface Finding {
  type: ConditionType;
  status: Condition['status'];
  reason: string;
  message: string;
}

/** What the run itself tells, besides the state of the test. */
export interface RunFindings {
  /** A window was void as this generator was too slow; null: no run has begun. */
  saturated: boolean | null;
  /** Why there is no newer set of templates or targets; empty: nothing is wrong. null: none was looked for. */
  templatesError: string | null;
  /** There is a set to send from. */
  templatesLoaded: boolean;
}

/**
 * The conditions of a test, as kstatus, Argo CD and `kubectl wait` read them: `Reconciling` and `Stalled` are there only
 * while they are True; a test that is as it should be, is running, held or has come to its end, is `Ready`.
 */
export function conditionsOf(state: TestState, test: TestKind, run: RunFindings): Finding[] {
  return [...progress(state, test), ...succeeded(state, test), ...stopped(state), ...health(run)];
}

/** The reason of the condition `Ready` in a state. */
export function readyReason(state: TestState): string {
  switch (state.kind) {
    case 'refused':
    case 'starting':
      return state.reason;
    case 'running':
      return 'Running';
    case 'held':
      return state.by;
    case 'ending':
      return 'Ending';
    case 'ended':
      return state.verdict;
  }
}

function progress(state: TestState, test: TestKind): Finding[] {
  const { message } = state;
  const reason = readyReason(state);
  const good: Finding[] = [{ type: 'Ready', status: 'True', reason, message }];
  const bad = (type: 'Reconciling' | 'Stalled'): Finding[] => [
    { type: 'Ready', status: 'False', reason, message },
    { type, status: 'True', reason, message },
  ];
  switch (state.kind) {
    case 'refused':
      return bad('Stalled');
    case 'starting':
      return bad(state.stalled ? 'Stalled' : 'Reconciling');
    case 'running':
    case 'held':
    case 'ending':
      return good;
    case 'ended':
      return isGood(state, test) ? good : bad('Stalled');
  }
}

/** Whether a test that has ended is as it should be. */
function isGood(state: TestState & { kind: 'ended' }, { persistent, onStop }: TestKind): boolean {
  switch (state.verdict) {
    case 'Completed':
      return true;
    case 'StoppedByVotes':
      return persistent && onStop === 'Ready';
    case 'StoppedByUser':
    case 'Failed':
      return false;
  }
}

/** Only of a test that has an end of its own. */
function succeeded(state: TestState, { persistent }: TestKind): Finding[] {
  const { message } = state;
  if (state.kind === 'ended') {
    if (persistent && state.verdict !== 'Completed') return [];
    const status = state.verdict === 'Completed' ? 'True' : 'False';
    return [{ type: 'Succeeded', status, reason: state.verdict, message }];
  }
  if (persistent || state.kind === 'refused') return [];
  return [{ type: 'Succeeded', status: 'Unknown', reason: 'NotEnded', message: 'the run has not ended' }];
}

function stopped(state: TestState): Finding[] {
  if (state.kind !== 'ended' || state.verdict !== 'StoppedByVotes') return [];
  return [{ type: 'Stopped', status: 'True', reason: 'StoppedByVotes', message: state.message }];
}

function health({ saturated, templatesError, templatesLoaded }: RunFindings): Finding[] {
  const found: Finding[] = [];
  if (saturated !== null) {
    found.push(
      saturated
        ? {
            type: 'GeneratorSaturated',
            status: 'True',
            reason: 'TooSlow',
            message:
              'the workers were too slow to judge the target by: give them more cores, or more workers',
          }
        : {
            type: 'GeneratorSaturated',
            status: 'False',
            reason: 'InTime',
            message: 'the workers send in time',
          },
    );
  }
  if (templatesLoaded || templatesError !== null) {
    const status = templatesError === null || templatesError === '' ? 'True' : 'False';
    const message = status === 'True' ? 'the newest set is in use' : templatesError!;
    found.push({
      type: 'TemplatesLoaded',
      status,
      reason: status === 'True' ? 'Loaded' : 'Refused',
      message,
    });
  }
  return found;
}

/** Dates the conditions: one whose status has not changed keeps its date. @param now as Kubernetes writes instants */
export function dated(
  findings: readonly Finding[],
  before: readonly Condition[],
  observedGeneration: number,
  now: string,
): Condition[] {
  return findings.map((finding) => {
    const last = before.find(({ type }) => type === finding.type);
    const lastTransitionTime = last?.status === finding.status ? last.lastTransitionTime : now;
    const message = finding.message.slice(0, MAX_CONDITION_MESSAGE);
    return { ...finding, message, observedGeneration, lastTransitionTime };
  });
}
