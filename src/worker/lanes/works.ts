import type { Assignment, WorkerIdentity } from '../../coordinator/protocol.ts';
import type { Protocol } from '../../transport/protocol.ts';
import type { LaneWork } from './lane-handle.ts';
import type { LaneSet } from './lane-messages.ts';

/** What the lanes of a worker begin with besides their assignment. */
export interface Start {
  set: LaneSet;
  /** With its logins. */
  protocol: Protocol;
  /** Patterns of the hosts that may be sent to; none: all. */
  allowedHosts: readonly string[];
}

/** The work of each of a worker's lanes: lane l of worker i is the run's lane `i · lanes + l`. */
export function worksFor(
  { index, replacement, incarnation }: WorkerIdentity,
  { lanes, workers, content, records, samples = 0 }: Assignment,
  start: Start,
): LaneWork[] {
  return Array.from({ length: lanes }, (_, lane) => ({
    ...start,
    owner: incarnation,
    index: lane,
    identity: { lane: index * lanes + lane, lanes: workers * lanes, replacement },
    labels: content.mostLabels,
    records,
    samples,
  }));
}
