import type { Clock } from '../../attack/clock.ts';
import {
  type PoolWorker,
  type WorkerEnd,
  type WorkerPool,
  workerName,
} from '../../coordinator/worker-pool.ts';
import { isKubeError } from '../../kube/errors.ts';
import { keyOf } from '../../kube/object.ts';
import { PODS, type Pod } from '../../kube/resources.ts';
import type { Store, StoreChange } from '../../kube/store.ts';
import { sleep } from '../../time/sleep.ts';
import { podName } from '../children/names.ts';
import { LABELS, ownerUidOf, type TestIdentity } from '../children/owner.ts';
import { type PodClient, PodProcess } from './pod-process.ts';
import { TEMPLATE_ANNOTATION, type WorkerTemplate, workerOf, workerPod } from './worker-pod.ts';

/** How long pods may take to go beyond their grace before nobody waits for them any more, in ms. */
const GOING_MS = 30_000;

/** What of a store of pods a pool reads. */
export type PodStore = Pick<Store<Pod>, 'get' | 'having' | 'onChange'>;

/** The shortest time that a pod is given to end by itself, in ms. */
const LEAST_GRACE_MS = 10_000;

export interface PodPoolOptions {
  client: PodClient;
  clock: Clock;
  /** The pods of all workers (`WORKER_SELECTOR`), by the uid of their owner (`ownerUidOf`). Must have been synced. */
  store: PodStore;
  test: TestIdentity;
  /** Id of the run. */
  run: string;
  /**
   * What a pod is made from at this moment, with the overlay in it.
   * @throws KubeError: tried again where that makes sense; any other error says what is wrong with the template
   */
  template: () => Promise<WorkerTemplate>;
  /** The namespace is being deleted: its pods go one by one, and no other can be made. */
  onNamespaceEnd: () => void;
}

/**
 * The workers of one run as pods that the LoadTest owns. A pod's name follows from run, index and replacement, so that a
 * leader which knows less than the one before makes nothing twice: what is there already is taken over.
 *
 * A pod that cannot be made (a used up quota, an API server that is away) is tried again for as long as somebody wants it,
 * and `trouble` says why; one that is refused for what it is has ended. A pod whose worker has ended is removed: what the
 * worker said last stands in the reason of its end.
 */
export class PodPool implements WorkerPool {
  readonly #options: PodPoolOptions;
  readonly #processes = new Map<string, PodProcess>();
  readonly #byKey = new Map<string, PodProcess>();
  readonly #forget: () => void;

  constructor(options: PodPoolOptions) {
    this.#options = options;
    this.#forget = options.store.onChange((change) => this.#see(change));
  }

  start(worker: PoolWorker, onEnd: (end: WorkerEnd) => void): void {
    void this.#enter(worker, onEnd).start();
  }

  adopt(worker: PoolWorker, onEnd: (end: WorkerEnd) => void): void {
    void this.#enter(worker, onEnd).adopt();
  }

  trouble(worker: PoolWorker): string {
    return this.#processes.get(workerName(worker))?.trouble ?? '';
  }

  /** Which worker the pod of that uid is; null: it is none of this pool that may still live. */
  podOf(uid: string): PoolWorker | null {
    for (const process of this.#processes.values()) if (process.liveUid === uid) return process.worker;
    return null;
  }

  /** From which template the pod of a worker was made, by its hash; null: it has none yet. */
  madeFrom({ index, replacement }: PoolWorker): string | null {
    const { store, test, run } = this.#options;
    const pod = store.get(`${test.namespace}/${podName(test.name, run, index, replacement)}`);
    if (pod === undefined || ownerUidOf(pod.metadata) !== test.uid) return null;
    return pod.metadata.annotations?.[TEMPLATE_ANNOTATION] ?? '';
  }

  /** What a container takes to end is not only the worker's: a grace, where there is one, is never a short one. */
  stop(worker: PoolWorker, graceMs: number): void {
    this.#processes.get(workerName(worker))?.leave(graceMs === 0 ? 0 : Math.max(graceMs, LEAST_GRACE_MS));
  }

  /**
   * Removes what is left, with the grace that was given before or none, and resolves when all pods are gone. Those whose
   * node does not answer are not waited for beyond 30 s: they are marked, and go when it does.
   */
  async close(): Promise<void> {
    const graces = [...this.#processes.values()].map(({ graceMs }) => graceMs).filter(Number.isFinite);
    for (const process of this.#processes.values()) {
      if (!Number.isFinite(process.graceMs)) process.leave(0);
    }
    const ended = new AbortController();
    const all = [...[...this.#processes.values()].map(({ gone }) => gone), this.#removeStrangers()];
    await Promise.race([Promise.all(all), sleep(Math.max(0, ...graces) + GOING_MS, ended.signal)]);
    ended.abort();
    for (const process of this.#processes.values()) process.abandon();
    this.#forget();
  }

  /** How many pods there are whose workers may still live. */
  get size(): number {
    return [...this.#processes.values()].filter(({ liveUid }) => liveUid !== null).length;
  }

  /** Lets go of the pods, which stay as they are: another process looks after them. */
  release(): void {
    for (const process of this.#processes.values()) process.abandon();
    this.#forget();
  }

  #enter(worker: PoolWorker, onEnd: (end: WorkerEnd) => void): PodProcess {
    const { client, clock, store, test, run, template, onNamespaceEnd } = this.#options;
    const { namespace } = test;
    const name = podName(test.name, run, worker.index, worker.replacement);
    const process = new PodProcess({
      client,
      clock,
      store,
      worker,
      place: { namespace, name },
      make: async () => workerPod(test, run, worker, await template()),
      isOurs: (pod) => this.#isOfRun(pod) && isSame(workerOf(pod), worker),
      onEnd,
      onNamespaceEnd,
    });
    this.#processes.set(workerName(worker), process);
    this.#byKey.set(process.key, process);
    return process;
  }

  #see({ key, before, now, unseen }: StoreChange<Pod>): void {
    const process = this.#byKey.get(key);
    if (process === undefined) return;
    if (now === undefined) process.lose(before?.metadata.uid, unseen);
    else process.see(now);
  }

  #isOfRun({ metadata }: Pod): boolean {
    const { test, run } = this.#options;
    return ownerUidOf(metadata) === test.uid && metadata.labels?.[LABELS.run] === run;
  }

  /** Pods of the run that an earlier leader made and nobody took over. */
  async #removeStrangers(): Promise<void> {
    const { client, store, test } = this.#options;
    const strangers = store
      .having(test.uid)
      .filter((pod) => this.#isOfRun(pod) && !this.#byKey.has(keyOf(pod)));
    await Promise.all(
      strangers.map(async ({ metadata: { namespace, name, uid } }) => {
        try {
          await client.delete(PODS, { namespace, name }, { uid, gracePeriodSeconds: 1 });
        } catch (error) {
          if (!isKubeError(error)) throw error;
        }
      }),
    );
  }
}

function isSame(a: PoolWorker | null, b: PoolWorker): boolean {
  return a !== null && a.index === b.index && a.replacement === b.replacement;
}
