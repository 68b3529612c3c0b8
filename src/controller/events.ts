import type { EventInput } from '../kube/event-recorder.ts';
import type { TestState } from './status/test-state.ts';

/** What is told of a transition, besides what it happened to. */
export type Told = Pick<EventInput, 'type' | 'reason' | 'action' | 'note'>;

/** What people are told when a test goes from one state to another; null: nothing. @param before null: it is new */
export function eventOf(before: TestState | null, now: TestState): Told | null {
  if (before !== null && same(before, now)) return null;
  const { message: note } = now;
  switch (now.kind) {
    case 'refused':
      return { type: 'Warning', reason: now.reason, action: 'Check', note };
    case 'starting':
      if (now.stalled) return { type: 'Warning', reason: now.reason, action: 'Start', note };
      return before?.kind === 'starting'
        ? null
        : { type: 'Normal', reason: 'Starting', action: 'Start', note };
    case 'running':
      if (before?.kind === 'held') return { type: 'Normal', reason: 'RunResumed', action: 'Resume', note };
      // After a restart of the controller, or once a refused change is put right, the run has gone on all the while.
      return before?.kind === 'starting'
        ? { type: 'Normal', reason: 'RunStarted', action: 'Start', note }
        : null;
    case 'held':
      return {
        type: 'Normal',
        reason: now.by === 'Suspended' ? 'RunSuspended' : 'RunHeld',
        action: 'Suspend',
        note,
      };
    case 'ending':
      return null;
    case 'ended':
      return {
        type: now.verdict === 'Completed' || now.verdict === 'StoppedByUser' ? 'Normal' : 'Warning',
        reason: `Run${now.verdict}`,
        action: 'End',
        note,
      };
  }
}

/** States of one kind are one state, but for a refusal or a hold for another reason. */
function same(a: TestState, b: TestState): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'refused' && b.kind === 'refused') return a.reason === b.reason && a.message === b.message;
  if (a.kind === 'starting' && b.kind === 'starting') return a.stalled === b.stalled && a.reason === b.reason;
  if (a.kind === 'held' && b.kind === 'held') return a.by === b.by;
  return true;
}
