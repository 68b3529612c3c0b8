import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import type { TestIdentity } from '../../../src/controller/children/owner.ts';
import { RunConfigMap, RunDataError } from '../../../src/controller/children/run-config-map.ts';
import { Client } from '../../../src/kube/client.ts';
import { isKubeError } from '../../../src/kube/errors.ts';
import { CONFIG_MAPS } from '../../../src/kube/resources.ts';
import { useApiServer } from '../../cluster/api-server.ts';
import { identity } from '../test-identity.ts';

const api = await useApiServer();
after(api.stop);

suite('the memory of a run in a real ConfigMap', { skip: api.missing }, () => {
  let namespace: string;
  let owner: TestIdentity;
  let calls = 0;
  let client: Client;
  let count = 0;

  before(async () => {
    namespace = await api.namespace();
    client = new Client(api.connect({ observe: () => calls++ }), 'taz-controller');
  });
  beforeEach(() => {
    owner = identity(namespace, `test-${count++}`);
  });

  const mapOf = (epoch: number, held = true) =>
    new RunConfigMap({ client, test: owner, epoch, held: () => held });
  const place = () => ({ namespace, name: `${owner.name}-run` });
  const stored = async () => (await api.client.get(CONFIG_MAPS, place())).data ?? {};
  const conflict = (error: unknown) => isKubeError(error, 'Conflict');

  test('is made, written key by key, and read by the next leader', async () => {
    const first = mapOf(1);
    await first.open();
    await Promise.all([first.save({ 'run.json': '1' }), first.save({ 'ca.crt': 'a', 'test.json': 't' })]);
    await first.save({ 'test.json': null });
    assert.deepEqual(await stored(), { 'run.json': '1', 'ca.crt': 'a' });
    const second = mapOf(2);
    await second.open();
    assert.deepEqual(second.data, { 'run.json': '1', 'ca.crt': 'a' });
    const { metadata } = await api.client.get(CONFIG_MAPS, place());
    assert.equal(metadata.ownerReferences![0]!.uid, owner.uid);
    assert.equal(metadata.annotations!['taz.dev/epoch'], '2');
  });

  test('is made in one call where there is none, and left alone where there is one', async () => {
    const first = mapOf(1);
    calls = 0;
    assert.equal(await first.make({ 'test.json': 't' }), true);
    assert.equal(calls, 1);
    await first.save({ 'run.json': '1' });
    const second = mapOf(2);
    assert.equal(await second.make({ 'test.json': 'other' }), false);
    await assert.rejects(second.save({ 'test.json': 'other' }), /has to be opened first/);
    await second.open();
    assert.deepEqual(second.data, { 'test.json': 't', 'run.json': '1' });
    assert.deepEqual(await stored(), { 'test.json': 't', 'run.json': '1' });
    await assert.rejects(mapOf(3, false).make({}), conflict);
  });

  test('costs one call for a change, and none for what it holds already', async () => {
    const map = mapOf(1);
    await map.open();
    calls = 0;
    await map.save({ 'run.json': '1' });
    await map.save({ 'run.json': '1' });
    await map.save({ 'none.json': null });
    assert.equal(calls, 1);
  });

  test('takes nothing of a leader that was deposed', async () => {
    const old = mapOf(1);
    await old.open();
    await old.save({ 'run.json': 'old' });
    const next = mapOf(2);
    await next.open();
    await assert.rejects(old.save({ 'run.json': 'late' }), conflict);
    await next.save({ 'run.json': 'new' });
    await assert.rejects(old.save({ 'run.json': 'later' }), conflict);
    await assert.rejects(old.restore(undefined), conflict);
    await assert.rejects(old.save({ 'run.json': 'latest' }), conflict);
    await assert.rejects(mapOf(1, false).open(), conflict);
    assert.deepEqual(await stored(), { 'run.json': 'new' });
  });

  test('goes on above the epoch that stands there, where the Lease began anew', async () => {
    await mapOf(7).open();
    const map = mapOf(1);
    await map.open();
    assert.equal(map.epoch, 8);
  });

  test('is written over what was changed or removed by hand', async () => {
    const map = mapOf(1);
    await map.open();
    await map.save({ 'run.json': '1', 'ca.crt': 'a' });
    await api.client.merge(CONFIG_MAPS, place(), { data: { 'run.json': 'by hand' } });
    await map.save({ 'result.json': 'r' });
    assert.deepEqual(await stored(), { 'run.json': '1', 'ca.crt': 'a', 'result.json': 'r' });
    await api.client.delete(CONFIG_MAPS, place());
    await map.restore(undefined);
    assert.deepEqual(await stored(), { 'run.json': '1', 'ca.crt': 'a', 'result.json': 'r' });
    await api.client.delete(CONFIG_MAPS, place());
    await map.save({ 'run.json': '2' });
    assert.deepEqual(await stored(), { 'run.json': '2', 'ca.crt': 'a', 'result.json': 'r' });
    calls = 0;
    await map.restore(undefined);
    assert.equal(calls, 1, 'what is as it should be is only read');
    const { metadata } = await api.client.get(CONFIG_MAPS, place());
    await map.restore(metadata.resourceVersion);
    assert.equal(calls, 1, 'what is known to be as it was written is not even that');
  });

  test('of an earlier test of the same name is left alone', async () => {
    await mapOf(1).open();
    const map = new RunConfigMap({
      client,
      test: identity(namespace, owner.name),
      epoch: 2,
      held: () => true,
    });
    await assert.rejects(map.open(), conflict);
  });

  test('that would be too large is refused with the sizes, before anything is written', async () => {
    const map = mapOf(1);
    await map.open();
    await map.save({ 'run.json': '1' });
    await assert.rejects(map.save({ 'result.json': 'ü'.repeat(524_280) }), (error) => {
      assert.ok(error instanceof RunDataError);
      assert.match(
        error.message,
        /has 1048580 bytes \(run\.json 9, result\.json 1048571\).* at most 1048576/,
      );
      return true;
    });
    const most = 1_048_576 - 'run.json'.length - 1 - 'result.json'.length;
    await map.save({ 'result.json': 'x'.repeat(most) });
    assert.equal((await stored())['result.json']!.length, most);
  });
});
