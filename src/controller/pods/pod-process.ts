import type { Clock } from '../../attack/clock.ts';
import type { PoolWorker, WorkerEnd } from '../../coordinator/worker-pool.ts';
import { Backoff } from '../../kube/backoff.ts';
import type { Client, NewObject } from '../../kube/client.ts';
import { isKubeError } from '../../kube/errors.ts';
import { PODS, type Pod } from '../../kube/resources.ts';
import { sleep } from '../../time/sleep.ts';
import { endOf, wasPlaced } from './pod-end.ts';
import type { PodStore } from './pod-pool.ts';
import { podTrouble } from './pod-trouble.ts';
import { startFailure } from './start-failure.ts';

/** A pod that was made and that the watch has not shown after so long, in ms, is looked up. */
const SHOWN_WITHIN_MS = 15_000;

/** What of a client pods need. */
export type PodClient = Pick<Client, 'create' | 'find' | 'delete'>;

export interface PodProcessOptions {
  client: PodClient;
  clock: Clock;
  /** Where the state of pods comes from. Must have been synced. */
  store: PodStore;
  worker: PoolWorker;
  place: { namespace: string; name: string };
  /** Makes the pod as it should be now. @throws KubeError, or any error that says what is wrong with its template */
  make: () => Promise<NewObject<Pod>>;
  /** Whether a pod of that name is this worker's, and not somebody else's. */
  isOurs: (pod: Pod) => boolean;
  /** Takes the proof that the worker sends no more, once. */
  onEnd: (end: WorkerEnd) => void;
  /** Its namespace is being deleted: no pod can be made there any more. */
  onNamespaceEnd: () => void;
}

/** One worker's pod, from its making to its removal. */
export class PodProcess {
  readonly worker: PoolWorker;
  /** As the store's keys. */
  readonly key: string;
  /** Resolves when there is no pod (any more). */
  readonly gone: Promise<void>;
  readonly #options: PodProcessOptions;
  readonly #backoff: Backoff;
  /** Aborted when the process is asked to leave. */
  readonly #leaving = new AbortController();
  readonly #over = new AbortController();
  #settle!: () => void;
  /** As it was last seen; null: not yet. */
  #pod: Pod | null = null;
  #ended = false;
  #graceMs = Number.POSITIVE_INFINITY;
  /** Why it cannot be made or removed; empty: it can. */
  #trouble = '';
  #shown: NodeJS.Timeout | undefined;

  constructor(options: PodProcessOptions) {
    const { worker, place, clock } = options;
    this.worker = worker;
    this.key = `${place.namespace}/${place.name}`;
    this.#options = options;
    this.#backoff = new Backoff({ clock, firstMs: 500, mostMs: 15_000, forgetMs: 60_000 });
    this.gone = new Promise((resolve) => (this.#settle = resolve));
  }

  /** The uid of its pod as long as its process may live; null: it does not. */
  get liveUid(): string | null {
    return this.#ended ? null : (this.#pod?.metadata.uid ?? null);
  }

  /** The shortest grace that it was asked to leave within, in ms; infinite: it was not asked. */
  get graceMs(): number {
    return this.#graceMs;
  }

  /** What keeps it from coming up; empty: nothing that is known. */
  get trouble(): string {
    if (this.#trouble !== '' || this.#pod === null) return this.#trouble;
    return podTrouble(this.#pod, this.#options.clock.wall());
  }

  /** Makes the pod, or takes over the one that an earlier leader made. Tries until it is there, or is asked to leave. */
  async start(): Promise<void> {
    let unsure = false;
    while (!this.#leaving.signal.aborted) {
      try {
        this.#take(await this.#make());
        return;
      } catch (error) {
        const failure = startFailure(error);
        if (failure.namespaceEnds) this.#options.onNamespaceEnd();
        if (failure.permanent) return this.#never(`cannot be made: ${failure.words}`);
        unsure ||= failure.unsure;
        this.#trouble = `cannot be made: ${failure.words}`;
        await sleep(this.#waitMs(error), this.#leaving.signal);
      }
    }
    if (unsure) await this.adopt();
    else this.#never('was not started');
  }

  /** Takes over a pod that was made before. */
  async adopt(): Promise<void> {
    for (;;) {
      try {
        const pod = await this.#find();
        if (pod === null) this.#never('its pod is gone');
        else this.#take(pod);
        return;
      } catch (error) {
        this.#trouble = `cannot be looked up: ${startFailure(error).words}`;
        await sleep(this.#waitMs(error), this.#over.signal);
        if (this.#over.signal.aborted) return;
      }
    }
  }

  /** Takes what the store has of its pod. */
  see(pod: Pod): void {
    if (this.#pod === null || pod.metadata.uid !== this.#pod.metadata.uid) return;
    clearTimeout(this.#shown);
    this.#pod = pod;
    this.#judge();
  }

  /**
   * Its pod is there no more. The kubelet reports a container's end before it lets the pod go, so a pod that goes without
   * such a report was deleted by force, and its process may live on: then there is no proof, and the worker's lease has
   * to run out. A pod that no node has ever had, or whose going nobody could see, counts as ended.
   * @param unseen it was missing in a list: what happened before has not been told
   */
  lose(uid: string | undefined, unseen: boolean): void {
    if (this.#pod === null || uid !== this.#pod.metadata.uid) return;
    if (unseen || !wasPlaced(this.#pod)) this.#end('its pod was deleted');
    else if (!this.#ended) this.#trouble = 'its pod was deleted by force: nobody saw its process end';
    this.#finish();
  }

  /** Asks it to leave; with a shorter grace than before, to hurry. */
  leave(graceMs: number): void {
    if (this.#over.signal.aborted || graceMs >= this.#graceMs) return;
    this.#graceMs = graceMs;
    this.#leaving.abort();
    if (this.#pod !== null) void this.#remove(graceSecondsOf(graceMs));
  }

  /** Nothing more is done. */
  abandon(): void {
    this.#finish();
  }

  async #make(): Promise<Pod> {
    const { client, make, isOurs, place } = this.#options;
    try {
      const pod = await make();
      if (this.#over.signal.aborted) throw new Error('nobody looks after it any more');
      return await client.create(PODS, pod);
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists')) throw error;
      const pod = await client.find(PODS, place);
      if (pod === null) throw error;
      if (!isOurs(pod)) {
        throw new Error(`there is a pod ${place.name} that is not the worker's`, { cause: error });
      }
      return pod;
    }
  }

  async #find(): Promise<Pod | null> {
    const { client, store, place, isOurs } = this.#options;
    const pod = store.get(this.key) ?? (await client.find(PODS, place));
    return pod !== null && isOurs(pod) ? pod : null;
  }

  #take(pod: Pod): void {
    const { store } = this.#options;
    this.#trouble = '';
    this.#pod = pod;
    const shown = store.get(this.key);
    if (shown?.metadata.uid === pod.metadata.uid) this.see(shown!);
    else this.#shown = setTimeout(() => void this.#lookUp(), SHOWN_WITHIN_MS);
    this.#judge();
    if (this.#leaving.signal.aborted) void this.#remove(graceSecondsOf(this.#graceMs));
  }

  /** The watch has not shown the pod: it may have come and gone while the watch was away. */
  async #lookUp(): Promise<void> {
    const { client, place } = this.#options;
    const found = await client.find(PODS, place).catch(() => undefined);
    if (this.#over.signal.aborted) return;
    const uid = this.#pod?.metadata.uid;
    if (found === null) this.lose(uid, true);
    else if (found !== undefined && found.metadata.uid !== uid) this.lose(uid, true);
    else this.#shown = setTimeout(() => void this.#lookUp(), SHOWN_WITHIN_MS);
  }

  #judge(): void {
    if (this.#ended || this.#pod === null) return;
    const end = endOf(this.#pod);
    if (end === null) return;
    this.#end(end.reason);
    // One that was asked to leave is being removed already.
    if (!this.#leaving.signal.aborted) void this.#remove(undefined);
  }

  /** @param graceSeconds undefined: as the pod says */
  async #remove(graceSeconds: number | undefined): Promise<void> {
    const { client, place } = this.#options;
    const uid = this.#pod?.metadata.uid;
    while (!this.#over.signal.aborted) {
      try {
        const grace = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
        await client.delete(PODS, place, { uid, ...grace });
        return;
      } catch (error) {
        // It is gone, or another has its name: the watch will say so.
        if (isKubeError(error, 'NotFound', 'Conflict')) return;
        this.#trouble = `cannot be removed: ${startFailure(error).words}`;
        await sleep(this.#waitMs(error), this.#over.signal);
      }
    }
  }

  /** There is no pod, and there will be none. */
  #never(reason: string): void {
    this.#trouble = reason;
    this.#end(reason);
    this.#finish();
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd({ reason });
  }

  #finish(): void {
    clearTimeout(this.#shown);
    this.#over.abort();
    this.#leaving.abort();
    this.#settle();
  }

  #waitMs(error: unknown): number {
    return Math.max(this.#backoff.next(), isKubeError(error) ? (error.retryAfterMs ?? 0) : 0);
  }
}

/** With a grace of 0 the API server forgets a pod at once, and nobody would see its process end. */
function graceSecondsOf(graceMs: number): number {
  return Math.max(1, Math.ceil(graceMs / 1000));
}
