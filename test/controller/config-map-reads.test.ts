import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigMapReads } from '../../src/controller/config-map-reads.ts';

function world() {
  const calls: string[] = [];
  const state: { data: Record<string, string> | null; error: Error | null } = {
    data: { a: '1' },
    error: null,
  };
  const reads = new ConfigMapReads((namespace, name) => {
    calls.push(`${namespace}/${name}`);
    return state.error === null
      ? Promise.resolve(state.data === null ? null : { ...state.data })
      : Promise.reject(state.error);
  });
  return { calls, state, reads };
}

test('a version is read once, whoever asks at the same time or later', async () => {
  const { calls, reads } = world();
  const both = await Promise.all([reads.of('ns', 'a', '1'), reads.of('ns', 'a', '1')]);
  const later = await reads.of('ns', 'a', '1');
  assert.deepEqual(later, { a: '1' });
  assert.ok(both.every((data) => data === later));
  assert.deepEqual(calls, ['ns/a']);
});

test('another version, another name and another namespace are read for themselves', async () => {
  const { calls, state, reads } = world();
  const first = await reads.of('ns', 'a', '1');
  state.data = { a: '2' };
  assert.deepEqual(await reads.of('ns', 'a', '2'), { a: '2' });
  await reads.of('ns', 'b', '1');
  await reads.of('other', 'a', '1');
  assert.deepEqual(first, { a: '1' });
  assert.deepEqual(calls, ['ns/a', 'ns/a', 'ns/b', 'other/a']);
});

test('one that is gone or could not be read is read again', async () => {
  const { calls, state, reads } = world();
  state.error = new Error('away');
  await assert.rejects(reads.of('ns', 'a', '1'), /away/);
  [state.error, state.data] = [null, null];
  assert.equal(await reads.of('ns', 'a', '1'), null);
  state.data = { a: '1' };
  assert.deepEqual(await reads.of('ns', 'a', '1'), { a: '1' });
  assert.equal(calls.length, 3);
});
