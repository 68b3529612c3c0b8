import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Client } from '../../src/kube/client.ts';
import type { ApiCall } from '../../src/kube/connection.ts';
import { isKubeError } from '../../src/kube/errors.ts';
import { CONFIG_MAPS, NAMESPACES, POD_TEMPLATES, PODS } from '../../src/kube/resources.ts';
import { useApiServer } from '../cluster/api-server.ts';

const api = await useApiServer();
after(api.stop);

suite('the calls of an operator, to a real API server', { skip: api.missing }, () => {
  const calls: ApiCall[] = [];
  let namespace: string;
  let client: Client;

  before(async () => {
    namespace = await api.namespace();
    client = new Client(api.connect({ observe: (call) => calls.push(call) }), 'taz-controller');
  });

  const at = (name: string) => ({ namespace, name });
  const map = (name: string, data: Record<string, string> = {}) => ({ metadata: at(name), data });

  test('an object is made, read, changed and removed', async () => {
    const made = await client.create(CONFIG_MAPS, map('a', { k: 'v' }));
    assert.deepEqual(
      [made.apiVersion, made.kind, made.metadata.name, made.data],
      ['v1', 'ConfigMap', 'a', { k: 'v' }],
    );
    assert.equal(typeof made.metadata.creationTimestamp, 'string');
    assert.deepEqual(await client.get(CONFIG_MAPS, at('a')), made);

    const replaced = await client.replace(CONFIG_MAPS, { ...made, data: { k: 'w' } });
    assert.deepEqual(replaced.data, { k: 'w' });
    const merged = await client.merge(CONFIG_MAPS, at('a'), { data: { k: null, l: 'x' } });
    assert.deepEqual(merged.data, { l: 'x' });

    await client.delete(CONFIG_MAPS, at('a'));
    assert.equal(await client.find(CONFIG_MAPS, at('a')), null);
  });

  test('errors say what kind they are', async () => {
    const made = await client.create(CONFIG_MAPS, map('e'));
    const rows: [what: string, call: () => Promise<unknown>, kind: string, message: RegExp][] = [
      [
        'none',
        () => client.get(CONFIG_MAPS, at('x')),
        'NotFound',
        /^get configmaps taz-test-\w+\/x: .*not found$/,
      ],
      ['one', () => client.create(CONFIG_MAPS, map('e')), 'AlreadyExists', /^create configmaps in taz-test-/],
      [
        'changed',
        () => client.replace(CONFIG_MAPS, { ...made, metadata: { ...made.metadata, resourceVersion: '1' } }),
        'Conflict',
        /the object has been modified/,
      ],
      ['wrong name', () => client.create(CONFIG_MAPS, map('UPPER')), 'Invalid', /metadata\.name/],
      [
        'unknown field',
        () =>
          client.create(CONFIG_MAPS, { ...map('u'), colour: 'red' } as never, { fieldValidation: 'Strict' }),
        'BadRequest',
        /unknown field "colour"/,
      ],
      [
        'unknown kind',
        () => client.list({ ...CONFIG_MAPS, plural: 'maps' }, { namespace }),
        'NotFound',
        /could not find the requested resource/,
      ],
      [
        'too old',
        () => client.list(CONFIG_MAPS, { namespace }, { continue: 'nonsense' }),
        'BadRequest',
        /continue key is not valid/,
      ],
    ];
    for (const [what, call, kind, message] of rows) {
      await assert.rejects(call, (error) => {
        assert.ok(isKubeError(error), what);
        assert.deepEqual(
          [error.kind, message.test(error.message)],
          [kind, true],
          `${what}: ${error.message}`,
        );
        return true;
      });
    }
  });

  test('apply is repeated without an effect, and takes back only what it gave', async () => {
    const apply = (data: Record<string, string>, fieldManager?: string) =>
      client.apply(CONFIG_MAPS, map('ssa', data), fieldManager === undefined ? {} : { fieldManager });
    const first = await apply({ a: '1', b: '1' });
    const again = await apply({ a: '1', b: '1' });
    assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
    await apply({ c: '1' }, 'another');
    assert.deepEqual((await apply({ a: '2' })).data, { a: '2', c: '1' });
    await assert.rejects(client.apply(CONFIG_MAPS, map('ssa', { c: '2' }), { force: false }), {
      kind: 'Conflict',
    });
    assert.deepEqual((await apply({ c: '2' })).data, { c: '2' });
  });

  test('a dry run does nothing', async () => {
    const made = await client.create(CONFIG_MAPS, map('dry'), { dryRun: true });
    assert.equal(made.metadata.name, 'dry');
    assert.equal(await client.find(CONFIG_MAPS, at('dry')), null);
  });

  test('a pod template takes an overlay by a dry run, which names wrong fields', async () => {
    const spec = { containers: [{ name: 'taz', image: 'taz:1', env: [{ name: 'A', value: '1' }] }] };
    await client.apply(POD_TEMPLATES, { metadata: at('overlay'), template: { spec } });
    const laid = (overlay: object) =>
      client.apply(
        POD_TEMPLATES,
        { metadata: at('overlay'), template: overlay },
        { fieldManager: 'overlay', dryRun: true },
      );
    const merged = await laid({
      spec: {
        containers: [
          { name: 'taz', env: [{ name: 'B', value: '2' }] },
          { name: 'side', image: 'side:1' },
        ],
      },
    });
    const [taz, side] = merged.template!.spec!.containers;
    assert.deepEqual(
      [taz!.image, taz!.env!.map(({ name }) => name), side!.name],
      ['taz:1', ['A', 'B'], 'side'],
    );
    await assert.rejects(laid({ spec: { containres: [] } }), (error) => {
      assert.ok(isKubeError(error));
      assert.match(error.message, /\.template\.spec\.containres: field not declared in schema/);
      return true;
    });
  });

  test('a delete may ask for the very object that was seen', async () => {
    const made = await client.create(CONFIG_MAPS, map('pre'));
    const { uid, resourceVersion } = made.metadata;
    const wrong = '00000000-0000-0000-0000-000000000000';
    await assert.rejects(client.delete(CONFIG_MAPS, at('pre'), { uid: wrong }), { kind: 'Conflict' });
    await client.merge(CONFIG_MAPS, at('pre'), { data: { a: '1' } });
    await assert.rejects(client.delete(CONFIG_MAPS, at('pre'), { uid, resourceVersion }), {
      kind: 'Conflict',
    });
    await client.delete(CONFIG_MAPS, at('pre'), { uid });
    await assert.rejects(client.delete(CONFIG_MAPS, at('pre')), { kind: 'NotFound' });
  });

  test('a pod is removed at once where it is given no time', async () => {
    const spec = { containers: [{ name: 'a', image: 'a:1' }] };
    await client.create(PODS, { metadata: at('pod'), spec });
    await client.delete(PODS, at('pod'), { gracePeriodSeconds: 0, propagation: 'Background' });
    assert.equal(await client.find(PODS, at('pod')), null);
  });

  test('lists come in pages, and by labels, and as metadata alone', async () => {
    const labels = { app: 'pages' };
    for (const name of ['p1', 'p2', 'p3'])
      await client.create(CONFIG_MAPS, {
        metadata: { ...at(name), labels },
        data: { large: 'x'.repeat(1000) },
      });
    const select = { labelSelector: 'app=pages', limit: 2 };
    const first = await client.list(CONFIG_MAPS, { namespace }, select);
    assert.deepEqual(
      first.items.map(({ metadata }) => metadata.name),
      ['p1', 'p2'],
    );
    const second = await client.list(CONFIG_MAPS, { namespace }, { ...select, continue: first.continue });
    assert.deepEqual(
      second.items.map(({ metadata, kind }) => [metadata.name, kind]),
      [['p3', 'ConfigMap']],
    );
    assert.deepEqual([second.continue, second.resourceVersion], ['', first.resourceVersion]);
    const bare = await client.listMetadata(CONFIG_MAPS, { namespace }, { fieldSelector: 'metadata.name=p1' });
    assert.deepEqual(
      bare.items.map((item) => Object.keys(item).sort()),
      [['apiVersion', 'kind', 'metadata']],
    );
    assert.deepEqual(bare.items[0]!.metadata.labels, labels);
    assert.ok((await client.list(NAMESPACES, {})).items.some(({ metadata }) => metadata.name === namespace));
  });

  test('every call is told by its verb', () => {
    const verbs = new Set(calls.map(({ verb }) => verb));
    assert.deepEqual([...verbs].sort(), ['apply', 'create', 'delete', 'get', 'list', 'patch', 'update']);
    assert.ok(calls.some(({ outcome }) => outcome === '409'));
  });
});
