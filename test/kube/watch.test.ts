import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { systemClock } from '../../src/attack/clock.ts';
import { Client } from '../../src/kube/client.ts';
import { isKubeError } from '../../src/kube/errors.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import { CONFIG_MAPS, type ConfigMap, LOAD_TESTS, type LoadTestObject } from '../../src/kube/resources.ts';
import { Store } from '../../src/kube/store.ts';
import { metadataSource, objectSource, type WatchSource } from '../../src/kube/watch-source.ts';
import { step, Watcher } from '../../src/kube/watcher.ts';
import { useApiServer } from '../cluster/api-server.ts';

const api = await useApiServer();
after(api.stop);

suite('watching a real API server', { skip: api.missing }, () => {
  let namespace: string;
  before(async () => {
    namespace = await api.namespace();
  });

  const at = (name: string) => ({ namespace, name });
  const make = (name: string, data: Record<string, string> = {}) =>
    api.client.create(CONFIG_MAPS, { metadata: { ...at(name), labels: { app: 'w' } }, data });

  async function until(what: string, holds: () => boolean): Promise<void> {
    const end = Date.now() + 10_000;
    while (!holds()) {
      assert.ok(Date.now() < end, `${what} did not happen within 10 s`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  test('a store holds what is there, and follows what happens', async () => {
    await make('a', { v: '1' });
    const store = new Store<ConfigMap>({ keep: (object) => object, limit: 1000 });
    const heard: string[] = [];
    store.onChange(({ key, before: was, now }) => {
      heard.push(`${key.split('/')[1]} ${was?.data?.['v'] ?? '-'} ${now?.data?.['v'] ?? '-'}`);
    });
    const stop = new AbortController();
    const source = objectSource(api.client, CONFIG_MAPS, { namespace, labelSelector: 'app=w' });
    const watcher = new Watcher({ source, take: (change) => store.take(change), clock: systemClock });
    const ended = watcher.run(stop.signal);
    await store.whenSynced(stop.signal);
    await make('b', { v: '1' });
    await api.client.merge(CONFIG_MAPS, at('b'), { data: { v: '2' } });
    await api.client.delete(CONFIG_MAPS, at('a'));
    await until('the end of a', () => store.get(`${namespace}/a`) === undefined);
    assert.deepEqual(heard, ['a - 1', 'b - 1', 'b 1 2', 'a 1 -']);
    const { apiVersion, kind } = store.get(`${namespace}/b`)!;
    assert.deepEqual([apiVersion, kind], ['v1', 'ConfigMap']);
    assert.ok(watcher.ageMs < 5000);
    stop.abort(new Error('the test ends'));
    await ended;
  });

  test('goes on where it was when its connection is lost, and misses nothing', async () => {
    const store = new Store<ConfigMap>({ keep: (object) => object, limit: 1000 });
    const failures: unknown[] = [];
    let connection = api.connect();
    const now = () => objectSource(new Client(connection, 'taz-tests'), CONFIG_MAPS, { namespace });
    const source: WatchSource<ConfigMap> = {
      what: 'configmaps',
      list: (...options) => now().list(...options),
      watch: (options) => now().watch(options),
    };
    let lists = 0;
    const stop = new AbortController();
    const watcher = new Watcher({
      source,
      take: (change) => {
        if (change.type === 'listBegun') lists++;
        store.take(change);
      },
      clock: systemClock,
      failed: (error) => failures.push(error),
      random: () => 0,
    });
    const ended = watcher.run(stop.signal);
    await store.whenSynced(stop.signal);
    const broken = connection;
    connection = api.connect();
    await broken.close();
    await make('while-away');
    await until('the object made meanwhile', () => store.get(`${namespace}/while-away`) !== undefined);
    assert.equal(lists, 1);
    assert.ok(failures.length >= 1);
    stop.abort(new Error('the test ends'));
    await ended;
  });

  test('begins anew where the state that it knows is too old for the server', async () => {
    // The server knows nothing of objects from before their kind was there.
    await api.installLoadTests();
    const stop = new AbortController();
    const context = {
      source: objectSource(api.client, LOAD_TESTS, { namespace }),
      clock: systemClock,
      random: () => 0,
      signal: stop.signal,
    };
    const watching = await step<LoadTestObject>({ at: 'listed', resourceVersion: '1' }, context);
    const giveUp = setTimeout(() => stop.abort(new Error('nothing is told within 5 s')), 5000);
    const { state, error } = await step(watching.state, context);
    clearTimeout(giveUp);
    assert.deepEqual([state.at, isKubeError(error, 'Expired')], ['unlisted', true], String(error));
  });

  test('reads a long list in pages', async () => {
    const names = Array.from({ length: 501 }, (_, i) => `many-${String(i).padStart(3, '0')}`);
    await Promise.all(names.map((name) => make(name)));
    const context = {
      source: objectSource(api.client, CONFIG_MAPS, { namespace }),
      clock: systemClock,
      random: () => 0,
      signal: new AbortController().signal,
    };
    const first = await step<ConfigMap>({ at: 'unlisted' }, context);
    assert.deepEqual([first.state.at, first.changes.length], ['listing', 501]);
    const second = await step(first.state, context);
    assert.equal(second.state.at, 'listed');
    const found = [...first.changes, ...second.changes].flatMap((change) =>
      change.type === 'item' ? [change.object.metadata.name] : [],
    );
    assert.deepEqual(
      found.filter((name) => name.startsWith('many-')),
      names,
    );
  });

  test('metadata alone is watched too', async () => {
    const store = new Store<KubeObject>({ keep: (object) => object, limit: 1000 });
    const stop = new AbortController();
    const source = metadataSource(api.client, CONFIG_MAPS, {
      namespace,
      fieldSelector: 'metadata.name=bare',
    });
    const ended = new Watcher({ source, take: (change) => store.take(change), clock: systemClock }).run(
      stop.signal,
    );
    await store.whenSynced(stop.signal);
    await make('bare', { large: 'x'.repeat(10_000) });
    await until('bare', () => store.size === 1);
    const bare = store.get(`${namespace}/bare`)!;
    assert.deepEqual(Object.keys(bare).sort(), ['apiVersion', 'kind', 'metadata']);
    assert.equal(bare.kind, 'ConfigMap');
    stop.abort(new Error('the test ends'));
    await ended;
  });
});
