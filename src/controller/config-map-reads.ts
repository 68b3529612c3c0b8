import type { Data } from './config-maps.ts';

/** How many ConfigMaps are remembered, in whatever version they were read. */
const MOST_KNOWN = 1000;

interface Read {
  version: string;
  data: Promise<Data | null>;
}

/**
 * Reads ConfigMaps, each version once as long as a run holds it: tests that are made from the same one share it, in calls
 * and in memory.
 */
export class ConfigMapReads {
  readonly #read: (namespace: string, name: string) => Promise<Data | null>;
  /** By `namespace/name`: what is being read, and what was read and somebody still holds. */
  readonly #reading = new Map<string, Read>();
  readonly #known = new Map<string, { version: string; data: WeakRef<Data> }>();

  constructor(read: (namespace: string, name: string) => Promise<Data | null>) {
    this.#read = read;
  }

  /**
   * @param version that is known to be there: what comes may be newer
   * @returns null: there is none. @throws KubeError
   */
  of(namespace: string, name: string, version: string): Promise<Data | null> {
    const key = `${namespace}/${name}`;
    const known = this.#known.get(key);
    const data = known?.version === version ? known.data.deref() : undefined;
    if (data !== undefined) return Promise.resolve(data);
    const reading = this.#reading.get(key);
    if (reading?.version === version) return reading.data;
    const now = this.#read(namespace, name).finally(() => {
      if (this.#reading.get(key)?.data === now) this.#reading.delete(key);
    });
    this.#reading.set(key, { version, data: now });
    return this.#kept(key, version, now);
  }

  async #kept(key: string, version: string, reading: Promise<Data | null>): Promise<Data | null> {
    const data = await reading;
    this.#known.delete(key);
    if (data === null) return null;
    if (this.#known.size >= MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, { version, data: new WeakRef(data) });
    return data;
  }
}
