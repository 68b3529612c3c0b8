import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ObjectMeta } from '../../src/kube/object.ts';
import { Store, type StoreChange, withoutManagedFields } from '../../src/kube/store.ts';
import type { WatchChange } from '../../src/kube/watcher.ts';

interface Thing {
  metadata: ObjectMeta;
  color?: string;
}

const thing = (name: string, resourceVersion = '1', more: Partial<Thing> & { uid?: string } = {}): Thing => ({
  metadata: { namespace: 'n', name, uid: more.uid ?? `uid-${name}`, resourceVersion },
  ...(more.color === undefined ? {} : { color: more.color }),
});

/** A store, with what it told in short: `+a`, `-a`, `a 1→2`. */
function storeOf(options: { limit?: number } = {}) {
  const store = new Store<Thing>({
    keep: (object) => object,
    limit: options.limit ?? 100,
    index: (object) => object.color ?? null,
  });
  const told: string[] = [];
  const short = ({ key, before, now }: StoreChange<Thing>): string => {
    const version = (object: Thing) => object.metadata.resourceVersion;
    if (before === undefined) return `+${key}`;
    return now === undefined ? `-${key}` : `${key} ${version(before)}→${version(now)}`;
  };
  store.onChange((change) => told.push(short(change)));
  const take = (...changes: WatchChange<Thing>[]): string[] => {
    for (const change of changes) store.take(change);
    return told.splice(0);
  };
  const list = (...objects: Thing[]): WatchChange<Thing>[] => [
    { type: 'listBegun' },
    ...objects.map((object) => ({ type: 'item' as const, object })),
    { type: 'listEnded' },
  ];
  const names = () => [...store.values()].map(({ metadata }) => metadata.name).sort();
  return { store, take, list, names };
}

const set = (object: Thing): WatchChange<Thing> => ({ type: 'set', object });
const gone = (object: Thing): WatchChange<Thing> => ({ type: 'gone', object });

suite('a store', () => {
  test('holds what the list and the watch after it told', () => {
    const { store, take, list, names } = storeOf();
    assert.equal(store.synced, false);
    assert.deepEqual(take(...list(thing('a'), thing('b'))), ['+n/a', '+n/b']);
    assert.equal(store.synced, true);
    assert.deepEqual(take(set(thing('a', '2')), set(thing('c')), gone(thing('b', '3'))), [
      'n/a 1→2',
      '+n/c',
      '-n/b',
    ]);
    assert.deepEqual(names(), ['a', 'c']);
    assert.equal(store.get('n/a')!.metadata.resourceVersion, '2');
    assert.equal(store.get('n/b'), undefined);
    assert.equal(store.size, 2);
  });

  test('shows the objects of before while a list is read anew, and forgets what is not in it at its end', () => {
    const { take, list, names } = storeOf();
    take(...list(thing('a'), thing('b'), thing('c')));
    const [begun, ...rest] = list(thing('a'), thing('c', '2'));
    assert.deepEqual(take(begun!), []);
    assert.deepEqual(names(), ['a', 'b', 'c']);
    assert.deepEqual(take(...rest), ['n/c 1→2', '-n/b']);
    assert.deepEqual(names(), ['a', 'c']);
  });

  test('a list that is broken off removes nothing', () => {
    const { take, list, names } = storeOf();
    take(...list(thing('a'), thing('b')));
    take({ type: 'listBegun' }, { type: 'item', object: thing('a') });
    assert.deepEqual(take(...list(thing('a'), thing('b'))), []);
    assert.deepEqual(names(), ['a', 'b']);
  });

  test('another object of the same name is the end of the first', () => {
    const { take, list } = storeOf();
    take(...list(thing('a')));
    assert.deepEqual(take(...list(thing('a', '7', { uid: 'other' }))), ['-n/a', '+n/a']);
  });

  test('says nothing of what it knows, nor of the end of what it does not', () => {
    const { take, list } = storeOf();
    take(...list(thing('a')));
    assert.deepEqual(take(set(thing('a')), gone(thing('x'))), []);
  });

  test('finds objects by their index', () => {
    const { store, take, list } = storeOf();
    const found = (word: string) => store.having(word).map(({ metadata }) => metadata.name);
    take(...list(thing('a', '1', { color: 'red' }), thing('b', '1', { color: 'red' }), thing('c')));
    assert.deepEqual(found('red'), ['a', 'b']);
    take(set(thing('a', '2', { color: 'blue' })), gone(thing('b')));
    assert.deepEqual([found('red'), found('blue'), found('none')], [[], ['a'], []]);
  });

  test('holds no more than its limit, and says how much it left', () => {
    const { store, take, list, names } = storeOf({ limit: 2 });
    assert.deepEqual(take(...list(thing('a'), thing('b'), thing('c'), thing('d'))), ['+n/a', '+n/b']);
    assert.deepEqual([store.size, store.left], [2, 2]);
    assert.deepEqual(take(set(thing('a', '2')), gone(thing('c')), gone(thing('b'))), ['n/a 1→2', '-n/b']);
    assert.equal(store.left, 1);
    assert.deepEqual(take(set(thing('d', '2'))), ['+n/d']);
    assert.equal(store.left, 0);
    assert.deepEqual(names(), ['a', 'd']);
    take(...list(thing('a', '2')));
    assert.deepEqual([store.size, store.left], [1, 0]);
  });

  test('keeps of an object only what it is told to', () => {
    const store = new Store<Thing, { metadata: ObjectMeta; name: string }>({
      keep: ({ metadata }) => ({ metadata, name: metadata.name }),
      limit: 1,
    });
    store.take(set(thing('a', '1', { color: 'red' })));
    assert.deepEqual(Object.keys(store.get('n/a')!), ['metadata', 'name']);
  });

  test('can be waited for', async () => {
    const { store, take, list } = storeOf();
    const stop = new AbortController();
    const gaveUp = store.whenSynced(stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(gaveUp, /enough/);
    const waited = store.whenSynced(new AbortController().signal);
    take(...list());
    await waited;
    await store.whenSynced(new AbortController().signal);
  });

  test('tells nobody who does not listen any more', () => {
    const { store, take } = storeOf();
    const heard: string[] = [];
    const end = store.onChange(({ key }) => heard.push(key));
    take(set(thing('a')));
    end();
    take(set(thing('b')));
    assert.deepEqual(heard, ['n/a']);
  });
});

test('who wrote which field can be left out', () => {
  const object = { metadata: { name: 'a', managedFields: [{ manager: 'x' }] }, spec: 1 };
  assert.deepEqual(withoutManagedFields(object), { metadata: { name: 'a' }, spec: 1 });
});
