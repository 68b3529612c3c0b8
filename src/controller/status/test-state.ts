import type { Verdict } from '../../stop/verdict.ts';

/** What has become of a LoadTest, as its conditions tell it. */
export type TestState =
  /** The spec cannot be carried out; what ran before it goes on. */
  | {
      kind: 'refused';
      reason: 'InvalidSpec' | 'RateNotAllowed' | 'PodTemplateRefused' | 'CannotFollow';
      message: string;
    }
  /** A run is about to start. @property stalled it will not, as far as is known, until somebody does something */
  | { kind: 'starting'; reason: StartReason; message: string; stalled: boolean }
  | { kind: 'running'; message: string }
  | { kind: 'held'; by: 'Suspended' | 'KillSwitch'; message: string }
  /** Nothing more is sent; last words are awaited. */
  | { kind: 'ending'; message: string }
  | { kind: 'ended'; verdict: Verdict; message: string };

export type StartReason =
  | 'Starting'
  | 'WaitingForWorkers'
  | 'TemplatesRefused'
  | 'WorkersCannotStart'
  | 'RateNotAllowed';

/** What of a test its conditions depend on besides its state. */
export interface TestKind {
  /** It has no end of its own. */
  persistent: boolean;
  /** What a persistent test that was stopped by votes says to tools. */
  onStop: 'Ready' | 'Stall';
}

/** A word for people, in the column `PHASE`. */
export function phaseOf(state: TestState): string {
  switch (state.kind) {
    case 'refused':
      return 'Refused';
    case 'starting':
      return state.stalled ? 'Stalled' : 'Starting';
    case 'running':
      return 'Running';
    case 'held':
      return 'Suspended';
    case 'ending':
      return 'Ending';
    case 'ended':
      return state.verdict === 'StoppedByVotes' || state.verdict === 'StoppedByUser'
        ? 'Stopped'
        : state.verdict;
  }
}
