import type { StopSpec } from '../api/run-spec.ts';

/** A live worker as it last reported. */
export interface VotingWorker {
  name: string;
  votes: number;
  /** 0: it does not vote. */
  limit: number;
}

export interface Decision {
  /** The worker that decided: of those at their limit, the first in the order given. */
  worker: string;
  /** All workers at their limit, in the order given. */
  atLimit: string[];
  /** How many live workers there were. */
  live: number;
}

/**
 * Whether the run stops: null goes on. Workers that died or left are not given, so that their absence neither decides
 * nor hinders; without any worker nothing is decided.
 */
export function decide(workers: readonly VotingWorker[], decidedBy: StopSpec['decidedBy']): Decision | null {
  const atLimit = workers.filter((worker) => worker.limit > 0 && worker.votes >= worker.limit);
  const first = atLimit[0];
  if (first === undefined || !isEnough(atLimit.length, workers.length, decidedBy)) return null;
  return { worker: first.name, atLimit: atLimit.map((worker) => worker.name), live: workers.length };
}

/** @param atLimit at least 1 */
function isEnough(atLimit: number, live: number, decidedBy: StopSpec['decidedBy']): boolean {
  switch (decidedBy) {
    case 'AnyWorker':
      return true;
    case 'MajorityOfWorkers':
      return atLimit > live / 2;
    case 'AllWorkers':
      return atLimit === live;
  }
}
