import type { Clock } from '../attack/clock.ts';
import type { Client } from '../kube/client.ts';
import { isKubeError } from '../kube/errors.ts';
import { type LoadTestObject, PODS, type Pod } from '../kube/resources.ts';
import { LABELS } from './children/owner.ts';
import { endOf } from './pods/pod-end.ts';
import type { ScopedStore } from './scoped-store.ts';

/** How long the worker of a pod that no run knows has to end by itself, in s. */
const GRACE_SECONDS = 10;

export interface StrangersOptions {
  client: Pick<Client, 'delete'>;
  clock: Clock;
  /** By the uid of their owner. */
  pods: Pick<ScopedStore<Pod>, 'having'>;
  /** How long a worker goes on without an answer, in ms. */
  leaseMs: number;
}

/** Pods of a test that are of none or another run than the one that goes on: nobody tells them what to do. */
export class Strangers {
  readonly #options: StrangersOptions;

  constructor(options: StrangersOptions) {
    this.#options = options;
  }

  /**
   * Ends them.
   * @param run id of the run that goes on; null: none does
   * @returns how many may still send
   * @throws KubeError
   */
  async remove({ metadata: { uid = '' } }: LoadTestObject, run: string | null): Promise<number> {
    const { client, pods } = this.#options;
    const strangers = pods
      .having(uid)
      .filter((pod) => pod.metadata.labels?.[LABELS.run] !== run && this.#maySend(pod));
    for (const { metadata } of strangers) {
      const { namespace, name, uid, deletionTimestamp } = metadata;
      if (deletionTimestamp !== undefined) continue;
      try {
        await client.delete(PODS, { namespace, name }, { uid, gracePeriodSeconds: GRACE_SECONDS });
      } catch (error) {
        if (!isKubeError(error, 'NotFound', 'Conflict')) throw error;
      }
    }
    return strangers.length;
  }

  /** Whether its worker may live: one that is gone from sight does for its lease at most. */
  #maySend(pod: Pod): boolean {
    if (endOf(pod) !== null) return false;
    const { deletionTimestamp } = pod.metadata;
    const { clock, leaseMs } = this.#options;
    return deletionTimestamp === undefined || clock.wall() < Date.parse(deletionTimestamp) + leaseMs;
  }
}
