import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ScopedStore } from '../../src/controller/scoped-store.ts';
import type { ObjectMeta } from '../../src/kube/object.ts';
import type { StoreChange } from '../../src/kube/store.ts';
import type { WatchEvent, WatchSource } from '../../src/kube/watch-source.ts';
import { FakeClock } from '../attack/fake-clock.ts';

type Thing = { metadata: ObjectMeta };

const thing = (namespace: string, name: string, version = '1', owner = ''): Thing => ({
  metadata: { namespace, name, uid: `${namespace}-${name}`, resourceVersion: version, labels: { owner } },
});

/** A namespace's things, and what becomes of them. */
class Things implements WatchSource<Thing> {
  readonly what = 'things';
  readonly listed = Promise.withResolvers<Thing[]>();
  tell: (event: WatchEvent<Thing>) => void = () => {};

  async list() {
    return { items: await this.listed.promise, resourceVersion: '1', next: '' };
  }

  async *watch({ signal }: { signal: AbortSignal }): AsyncGenerator<WatchEvent<Thing>> {
    for (;;) {
      const { promise, resolve, reject } = Promise.withResolvers<WatchEvent<Thing>>();
      this.tell = resolve;
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      yield await promise;
    }
  }
}

function storeOf(namespaces: string[], limit = 10) {
  const sources = new Map<string | undefined, Things>();
  const end = new AbortController();
  const store = new ScopedStore<Thing>({
    clock: new FakeClock(),
    namespaces,
    source: (namespace) => {
      sources.set(namespace, new Things());
      return sources.get(namespace)!;
    },
    failed: () => {},
    keep: (object) => object,
    limit,
    index: ({ metadata }) => metadata.labels!['owner']!,
  });
  const running = store.run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort(new Error('over'));
    await running;
  };
  return { store, sources, signal: end.signal, stop };
}

const turn = () => new Promise(setImmediate);

suite('what the controller knows of all namespaces that it looks after', () => {
  test('comes from one watch where it looks after all', async () => {
    const { store, sources, signal, stop } = storeOf([]);
    assert.deepEqual([...sources.keys()], [undefined]);
    sources.get(undefined)!.listed.resolve([thing('a', 'x'), thing('b', 'x')]);
    await store.whenSynced(signal);
    assert.equal(store.get('b/x')!.metadata.uid, 'b-x');
    assert.equal(store.size, 2);
    await stop();
  });

  test('comes from one watch for each where it looks after some, and is whole when all are', async () => {
    const { store, sources, signal, stop } = storeOf(['a', 'b']);
    let isWhole = false;
    const whole = store.whenSynced(signal).then(() => (isWhole = true));
    sources.get('a')!.listed.resolve([thing('a', 'x', '1', 'o')]);
    await turn();
    assert.equal(isWhole, false);
    sources.get('b')!.listed.resolve([thing('b', 'x', '1', 'o'), thing('b', 'y')]);
    await whole;
    assert.deepEqual(
      [...store.values()].map(({ metadata }) => metadata.uid),
      ['a-x', 'b-x', 'b-y'],
    );
    assert.deepEqual(
      store.having('o').map(({ metadata }) => metadata.uid),
      ['a-x', 'b-x'],
    );
    assert.equal(store.get('c/x'), undefined);
    await stop();
  });

  test('is told as it changes, whichever watch tells', async () => {
    const { store, sources, signal, stop } = storeOf(['a', 'b']);
    for (const source of sources.values()) source.listed.resolve([]);
    await store.whenSynced(signal);
    const told: string[] = [];
    const end = store.onChange(({ key, now }: StoreChange<Thing>) =>
      told.push(`${key} ${now !== undefined}`),
    );
    await turn();
    sources.get('b')!.tell({ type: 'set', object: thing('b', 'x'), resourceVersion: '2' });
    await turn();
    sources.get('b')!.tell({ type: 'gone', object: thing('b', 'x'), resourceVersion: '3' });
    await turn();
    end();
    sources.get('a')!.tell({ type: 'set', object: thing('a', 'x'), resourceVersion: '4' });
    await turn();
    assert.deepEqual(told, ['b/x true', 'b/x false']);
    await stop();
  });

  test('has a bound, and says how much is beyond it', async () => {
    const { store, sources, signal, stop } = storeOf(['a', 'b'], 1);
    for (const [namespace, source] of sources)
      source.listed.resolve([thing(namespace!, 'x'), thing(namespace!, 'y'), thing(namespace!, 'z')]);
    await store.whenSynced(signal);
    assert.deepEqual([store.size, store.left], [2, 4]);
    await stop();
  });

  test('is not waited for any longer than it is wanted', async () => {
    const { store, signal, stop, sources } = storeOf(['a']);
    const whole = store.whenSynced(signal);
    const failed = assert.rejects(whole, /over/);
    sources.get('a')!.listed.reject(new Error('down'));
    await stop();
    await failed;
  });
});
