import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, placeOf } from '../../src/kube/object.ts';
import { apiVersionOf, describePlace, pathOf } from '../../src/kube/resource.ts';
import { LOAD_TESTS, NAMESPACES, PODS } from '../../src/kube/resources.ts';

test('paths', () => {
  assert.equal(pathOf(PODS, { namespace: 'ingest', name: 'a' }), '/api/v1/namespaces/ingest/pods/a');
  assert.equal(pathOf(PODS, { namespace: 'ingest' }), '/api/v1/namespaces/ingest/pods');
  assert.equal(pathOf(PODS, {}), '/api/v1/pods');
  assert.equal(pathOf(NAMESPACES, { name: 'a' }), '/api/v1/namespaces/a');
  assert.equal(
    pathOf(LOAD_TESTS, { namespace: 'n', name: 'a.b' }, 'status'),
    '/apis/taz.dev/v1alpha1/namespaces/n/loadtests/a.b/status',
  );
});

test('no name leads elsewhere', () => {
  assert.equal(pathOf(PODS, { namespace: 'a/b', name: '?x' }), '/api/v1/namespaces/a%2Fb/pods/%3Fx');
  for (const name of ['', '.', '..']) assert.throws(() => pathOf(PODS, { namespace: 'n', name }), RangeError);
  assert.throws(() => pathOf(PODS, { name: 'a' }), /pods a: needs a namespace/);
});

test('words', () => {
  assert.equal(apiVersionOf(PODS), 'v1');
  assert.equal(apiVersionOf(LOAD_TESTS), 'taz.dev/v1alpha1');
  assert.equal(describePlace(PODS, { namespace: 'n', name: 'a' }), 'pods n/a');
  assert.equal(describePlace(PODS, { namespace: 'n' }), 'pods in n');
  assert.equal(describePlace(NAMESPACES, { name: 'a' }), 'namespaces a');
  assert.equal(describePlace(PODS, {}), 'pods');
});

test('keys go both ways', () => {
  for (const place of [{ namespace: 'n', name: 'a.b' }, { name: 'a' }]) {
    assert.deepEqual(placeOf(keyOf({ metadata: place })), place);
  }
});
