import type { Clock } from '../attack/clock.ts';
import type { ObjectMeta } from '../kube/object.ts';
import { Store, type StoreChange, type StoreOptions } from '../kube/store.ts';
import type { WatchSource } from '../kube/watch-source.ts';
import { Watcher } from '../kube/watcher.ts';

export interface ScopedStoreOptions<T, K> extends StoreOptions<T, K> {
  clock: Clock;
  /** Where objects come from. @param namespace undefined: all namespaces */
  source: (namespace: string | undefined) => WatchSource<T>;
  /** Empty: all namespaces, with one watch. Else one watch for each. */
  namespaces: readonly string[];
  /** Takes each failure of a watch, with how long it waits, in ms. */
  failed: (error: unknown, waitMs: number) => void;
}

/** The objects of one kind in all namespaces that the controller looks after, kept up to date. */
export class ScopedStore<T extends { metadata: ObjectMeta }, K extends { metadata: ObjectMeta } = T> {
  readonly #parts = new Map<string, { store: Store<T, K>; watcher: Watcher<T> }>();

  constructor(options: ScopedStoreOptions<T, K>) {
    const { clock, source, namespaces, failed } = options;
    for (const namespace of namespaces.length === 0 ? [''] : namespaces) {
      const store = new Store<T, K>(options);
      const take = store.take.bind(store);
      const from = source(namespace === '' ? undefined : namespace);
      this.#parts.set(namespace, { store, watcher: new Watcher({ source: from, take, clock, failed }) });
    }
  }

  /** Watches until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#parts.values()].map(({ watcher }) => watcher.run(signal)));
  }

  /** Resolves when everything that there is is known, or `signal` is aborted. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#parts.values()].map(({ store }) => store.whenSynced(signal)));
  }

  /** How long ago the API server was last heard of, in ms: the oldest of all watches. */
  get ageMs(): number {
    return Math.max(...[...this.#parts.values()].map(({ watcher }) => watcher.ageMs));
  }

  get size(): number {
    return this.#sum((store) => store.size);
  }

  /** How many objects exist that there is no place for. */
  get left(): number {
    return this.#sum((store) => store.left);
  }

  /** @param key as `keyOf` gives it */
  get(key: string): K | undefined {
    return this.#storeOf(key)?.get(key);
  }

  *values(): Generator<K> {
    for (const { store } of this.#parts.values()) yield* store.values();
  }

  /** Those that the index has under `word`. */
  having(word: string): K[] {
    return [...this.#parts.values()].flatMap(({ store }) => store.having(word));
  }

  /** @returns what ends it */
  onChange(listener: (change: StoreChange<K>) => void): () => void {
    const ends = [...this.#parts.values()].map(({ store }) => store.onChange(listener));
    return () => {
      for (const end of ends) end();
    };
  }

  #storeOf(key: string): Store<T, K> | undefined {
    const all = this.#parts.get('');
    return (all ?? this.#parts.get(key.slice(0, key.indexOf('/'))))?.store;
  }

  #sum(count: (store: Store<T, K>) => number): number {
    return [...this.#parts.values()].reduce((sum, { store }) => sum + count(store), 0);
  }
}
