import type { Client } from '../../kube/client.ts';
import { isKubeError, KubeError } from '../../kube/errors.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kube/resources.ts';
import { childName } from './names.ts';
import { childLabels, ownedBy, ownerUidOf, type TestIdentity } from './owner.ts';

/** Which leader writes to it: an epoch that only grows. */
export const EPOCH_ANNOTATION = 'taz.dev/epoch';

/** The most bytes that the API server takes of a ConfigMap's data. */
export const MAX_BYTES = 1_048_576;

/** How many versions are remembered that a watch may still show. */
const VERSIONS = 16;

/** How often a write is tried that others get in the way of. */
const MAX_TRIES = 5;

/** What is written: keys to set, null to remove. */
export type RunData = Readonly<Record<string, string | null>>;

/** What of a client the ConfigMap needs. */
export type ConfigMapClient = Pick<Client, 'find' | 'create' | 'merge'>;

export interface RunConfigMapOptions {
  client: ConfigMapClient;
  test: TestIdentity;
  /** The leader's own (`Term.epoch`). */
  epoch: number;
  /** Whether the lead is sure at this moment (`Term.held`). */
  held: () => boolean;
}

/** A key is too large, or all are together: says how large. */
export class RunDataError extends Error {
  override readonly name = 'RunDataError';
}

/**
 * The ConfigMap of a test, in which its run outlives the controller. One leader writes to it: taking it over marks it with
 * an epoch above all before, and each write is for the state that was last seen, so that what a leader that was deposed
 * still writes fails as `Conflict`. A change by hand, or a removal, is written over.
 */
export class RunConfigMap {
  readonly #options: RunConfigMapOptions;
  #epoch: number;
  /** As it was last read or written; null: there is none. */
  #seen: ConfigMap | null = null;
  /** The last versions of it that this leader has written or looked at: a watch may be behind. */
  #versions: string[] = [];
  /** What it has to hold. */
  #data: Record<string, string> = {};
  /** The write that was asked for last: one waits for the other. */
  #last: Promise<unknown> = Promise.resolve();
  #taken = false;

  constructor(options: RunConfigMapOptions) {
    this.#options = options;
    this.#epoch = options.epoch;
  }

  /** What it holds, as far as this leader knows: empty before `open`. */
  get data(): Readonly<Record<string, string>> {
    return this.#data;
  }

  /**
   * The epoch that it was taken over with: the leader's own, or one above that which stands there, where the Lease began
   * anew. Assignments have to carry it.
   */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * Makes it, in one call, where there is none: nothing has to be taken over then.
   * @returns false: there is one, and nothing was done. @throws KubeError, RunDataError
   */
  make(data: Readonly<Record<string, string>>): Promise<boolean> {
    return this.#inTurn(async () => {
      this.#requireLead();
      try {
        await this.#write(data, 1);
      } catch (error) {
        if (isKubeError(error, 'AlreadyExists')) return false;
        throw error;
      }
      this.#taken = true;
      return true;
    });
  }

  /**
   * Takes it over, and makes it where there is none.
   * @throws KubeError `Conflict`: another leader has it; RunDataError
   */
  open(): Promise<void> {
    return this.#inTurn(async () => {
      const found = await this.#find();
      this.#seen = found;
      this.#data = { ...found?.data };
      if (found !== null) this.#remember();
      const recorded = epochOf(found);
      if (recorded >= this.#epoch) {
        this.#requireLead();
        this.#epoch = recorded + 1;
      }
      await this.#write({});
      this.#taken = true;
    });
  }

  /**
   * Sets keys, and removes those that are null. Resolves when it is written; where nothing would change, at once.
   * @throws RunDataError when it would be too large: nothing is written
   * @throws KubeError; `Conflict`: another leader has it, and nothing that this one does counts any more
   */
  save(changes: RunData): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#taken) throw new Error('the ConfigMap has to be opened first');
      const changed = Object.entries(changes).filter(([key, value]) => (this.#data[key] ?? null) !== value);
      if (changed.length > 0) await this.#write(Object.fromEntries(changed));
    });
  }

  /**
   * It may have been changed or removed by somebody else: writes what it has to hold, where it does not.
   * @param shown the version that there is, by what is known; undefined: none @throws as `save`
   */
  restore(shown: string | undefined): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#taken || (shown !== undefined && this.#versions.includes(shown))) return;
      await this.#lookAgain();
      if (this.#seen === null || !holds(this.#seen, this.#data)) await this.#write({});
      this.#remember();
    });
  }

  /** @param changes to what it holds; when the write has failed, it may hold them or not */
  async #write(changes: RunData, mostTries = MAX_TRIES): Promise<void> {
    const wanted: Record<string, string> = { ...this.#data };
    for (const [key, value] of Object.entries(changes)) {
      if (value === null) delete wanted[key];
      else wanted[key] = value;
    }
    checkSize(wanted);
    for (let tries = 1; ; tries++) {
      try {
        const seen = await (this.#seen === null ? this.#create(wanted) : this.#patch(this.#seen, wanted));
        // The same texts again would take as much memory once more.
        this.#seen = { ...seen, data: wanted };
        this.#data = wanted;
        this.#remember();
        return;
      } catch (error) {
        if (!isKubeError(error, 'Conflict', 'NotFound', 'AlreadyExists') || tries === mostTries) throw error;
        // The namespace is gone.
        if (isKubeError(error, 'NotFound') && this.#seen === null) throw error;
        await this.#lookAgain(error);
      }
    }
  }

  #remember(): void {
    this.#versions = [...this.#versions, this.#seen!.metadata.resourceVersion!].slice(-VERSIONS);
  }

  /** Somebody else has written. @throws KubeError `Conflict` when that is another leader */
  async #lookAgain(cause?: KubeError): Promise<void> {
    const found = await this.#find();
    const recorded = epochOf(found);
    if (recorded > this.#epoch) {
      const words = `another controller leads the run (epoch ${recorded}, here ${this.#epoch})`;
      throw new KubeError('Conflict', words, { cause });
    }
    if (recorded < this.#epoch) this.#requireLead(cause);
    this.#seen = found;
  }

  #create(data: Record<string, string>): Promise<ConfigMap> {
    const { client, test } = this.#options;
    const metadata = {
      ...this.#place,
      labels: childLabels(test),
      annotations: { [EPOCH_ANNOTATION]: String(this.#epoch) },
      ownerReferences: ownedBy(test),
    };
    return client.create(CONFIG_MAPS, { metadata, data });
  }

  #patch({ metadata, data = {} }: ConfigMap, wanted: Record<string, string>): Promise<ConfigMap> {
    const { client, test } = this.#options;
    const changes: Record<string, string | null> = {};
    for (const key of Object.keys(data)) if (!(key in wanted)) changes[key] = null;
    for (const [key, value] of Object.entries(wanted)) if (data[key] !== value) changes[key] = value;
    const own = {
      resourceVersion: metadata.resourceVersion!,
      labels: childLabels(test),
      annotations: { [EPOCH_ANNOTATION]: String(this.#epoch) },
    };
    return client.merge(CONFIG_MAPS, this.#place, { metadata: own, data: changes });
  }

  /** @throws KubeError `Conflict` where one of that name is not this test's: it goes when its owner's end is noticed */
  async #find(): Promise<ConfigMap | null> {
    const { client, test } = this.#options;
    const found = await client.find(CONFIG_MAPS, this.#place);
    if (found === null || ownerUidOf(found.metadata) === test.uid) return found;
    throw new KubeError('Conflict', `the ConfigMap ${this.#place.name} belongs to something else`);
  }

  get #place() {
    const { namespace, name } = this.#options.test;
    return { namespace, name: childName(name, 'run') };
  }

  #requireLead(cause?: unknown): void {
    if (this.#options.held()) return;
    throw new KubeError('Conflict', 'this controller does not lead any more', { cause });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function epochOf(map: ConfigMap | null): number {
  const epoch = Number(map?.metadata.annotations?.[EPOCH_ANNOTATION] ?? 0);
  return Number.isSafeInteger(epoch) ? epoch : 0;
}

function holds({ data = {} }: ConfigMap, wanted: Record<string, string>): boolean {
  const keys = Object.keys(wanted);
  return keys.length === Object.keys(data).length && keys.every((key) => data[key] === wanted[key]);
}

function checkSize(data: Record<string, string>): void {
  const sizes = Object.entries(data).map(([key, value]) => ({
    key,
    bytes: key.length + Buffer.byteLength(value),
  }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= MAX_BYTES) return;
  const parts = sizes.map(({ key, bytes }) => `${key} ${bytes}`).join(', ');
  throw new RunDataError(
    `what is to be kept of the run has ${total} bytes (${parts}); a ConfigMap holds at most ${MAX_BYTES}`,
  );
}
