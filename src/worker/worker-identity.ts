import { randomUUID } from 'node:crypto';
import type { WorkerIdentity } from '../coordinator/protocol.ts';
import { type PoolWorker, workerName } from '../coordinator/worker-pool.ts';

/** Who a worker is from its start on: each process start is an incarnation of its own. */
export function newIdentity({ index, replacement }: PoolWorker): WorkerIdentity {
  return { index, replacement, incarnation: `${workerName({ index, replacement })}-${randomUUID()}` };
}
