import { keyOf, type ObjectMeta } from './object.ts';
import type { WatchChange } from './watcher.ts';

/** Two states of one object. A new object of the same name as one that was removed comes as two changes. */
export interface StoreChange<K> {
  /** As `keyOf` gives it. */
  key: string;
  /** Absent: it was not there. */
  before: K | undefined;
  /** Absent: it is gone. */
  now: K | undefined;
  /** It was found missing in a list: what happened to it last has not been told. */
  unseen: boolean;
}

export interface StoreOptions<T, K> {
  /** What of an object is kept; the rest is thrown away, to save memory. */
  keep: (object: T) => K;
  /** The most objects that are kept; what is beyond is not there for readers, and counted in `left`. */
  limit: number;
  /** A word that objects can be found by with `having`, such as the uid of the owner; null: none. */
  index?: (object: K) => string | null;
}

/**
 * The objects that a watcher knows of, to be read at any time. While the watcher begins a list anew, readers see the
 * objects of before. Objects are shared: never change one.
 */
export class Store<T extends { metadata: ObjectMeta }, K extends { metadata: ObjectMeta } = T> {
  readonly #options: StoreOptions<T, K>;
  readonly #objects = new Map<string, K>();
  readonly #index = new Map<string, Set<string>>();
  readonly #listeners = new Set<(change: StoreChange<K>) => void>();
  readonly #waiting = new Set<() => void>();
  /** Keys of the list that is being read; null: none is. */
  #listed: Set<string> | null = null;
  /** Keys that there was no place for. */
  readonly #left = new Set<string>();
  #synced = false;

  constructor(options: StoreOptions<T, K>) {
    this.#options = options;
  }

  /** Whether a whole list has been read: before, an object that is not here may well exist. */
  get synced(): boolean {
    return this.#synced;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** How many objects exist that there is no place for. */
  get left(): number {
    return this.#left.size;
  }

  get(key: string): K | undefined {
    return this.#objects.get(key);
  }

  values(): IterableIterator<K> {
    return this.#objects.values();
  }

  /** The objects whose index is that word. */
  having(word: string): K[] {
    return [...(this.#index.get(word) ?? [])].map((key) => this.#objects.get(key)!);
  }

  /** Hears of every change from now on, after it is made. @returns what ends it */
  onChange(listener: (change: StoreChange<K>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when a whole list has been read. @throws the signal's reason when it is aborted before */
  async whenSynced(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#synced) return;
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(done);
        reject(signal.reason as Error);
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Takes what a watcher tells. */
  take(change: WatchChange<T>): void {
    switch (change.type) {
      case 'listBegun':
        this.#listed = new Set();
        break;
      case 'item':
        this.#listed?.add(keyOf(change.object));
        this.#set(change.object);
        break;
      case 'listEnded':
        this.#endList();
        break;
      case 'set':
        this.#set(change.object);
        break;
      case 'gone':
        this.#remove(keyOf(change.object));
        break;
    }
  }

  #endList(): void {
    const listed = this.#listed ?? new Set();
    this.#listed = null;
    for (const key of [...this.#objects.keys(), ...this.#left]) if (!listed.has(key)) this.#remove(key, true);
    this.#synced = true;
    for (const done of this.#waiting) done();
    this.#waiting.clear();
  }

  #set(object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before === undefined && this.#objects.size >= this.#options.limit) {
      this.#left.add(key);
      return;
    }
    if (before !== undefined && before.metadata.uid !== object.metadata.uid) {
      this.#remove(key, this.#listed !== null);
      return this.#set(object);
    }
    const { resourceVersion } = object.metadata;
    if (before !== undefined && before.metadata.resourceVersion === resourceVersion) return;
    this.#left.delete(key);
    this.#unindex(key, before);
    const now = this.#options.keep(object);
    this.#objects.set(key, now);
    this.#enter(key, now);
    this.#tell({ key, before, now, unseen: false });
  }

  #remove(key: string, unseen = false): void {
    this.#left.delete(key);
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#objects.delete(key);
    this.#unindex(key, before);
    this.#tell({ key, before, now: undefined, unseen });
  }

  #enter(key: string, object: K): void {
    const word = this.#options.index?.(object) ?? null;
    if (word === null) return;
    const keys = this.#index.get(word);
    if (keys === undefined) this.#index.set(word, new Set([key]));
    else keys.add(key);
  }

  #unindex(key: string, object: K | undefined): void {
    const word = object === undefined ? null : (this.#options.index?.(object) ?? null);
    if (word === null) return;
    const keys = this.#index.get(word);
    keys?.delete(key);
    if (keys?.size === 0) this.#index.delete(word);
  }

  #tell(change: StoreChange<K>): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** Keeps all of an object but who wrote which field, which is often half of it. */
export function withoutManagedFields<T extends { metadata: ObjectMeta }>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as ObjectMeta & { managedFields?: unknown };
  return { ...object, metadata };
}
