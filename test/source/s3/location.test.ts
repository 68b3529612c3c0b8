import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { S3Spec } from '../../../src/api/run-spec.ts';
import { locationOf } from '../../../src/source/s3/location.ts';

const spec = (differences: Partial<S3Spec>): S3Spec => ({
  bucket: 'bkt',
  prefix: '',
  region: null,
  endpoint: null,
  pathStyle: false,
  secret: null,
  ...differences,
});

const rows: [what: string, differences: Partial<S3Spec>, origin: string, path: string, region: string][] = [
  ['the cloud', { region: 'eu-west-1' }, 'https://bkt.s3.eu-west-1.amazonaws.com', '/', 'eu-west-1'],
  [
    'the cloud in China',
    { region: 'cn-north-1' },
    'https://bkt.s3.cn-north-1.amazonaws.com.cn',
    '/',
    'cn-north-1',
  ],
  ['a bucket with dots', { region: 'r', bucket: 'a.b' }, 'https://s3.r.amazonaws.com', '/a.b/', 'r'],
  [
    'a store with path style',
    { endpoint: 'http://h:9000', pathStyle: true },
    'http://h:9000',
    '/bkt/',
    'us-east-1',
  ],
  [
    'a store with its bucket in the host',
    { endpoint: 'https://s.example/' },
    'https://bkt.s.example',
    '/',
    'us-east-1',
  ],
  [
    'a store below a path',
    { endpoint: 'http://h/s3/', pathStyle: true, region: 'r' },
    'http://h',
    '/s3/bkt/',
    'r',
  ],
  ['a usual port', { endpoint: 'https://h:443', pathStyle: true }, 'https://h', '/bkt/', 'us-east-1'],
];
for (const [what, differences, origin, path, region] of rows) {
  test(what, () => {
    const location = locationOf(spec(differences), {});
    assert.deepEqual([location.origin, location.basePath, location.region], [origin, path, region]);
    assert.equal(location.host, origin.replace(/^https?:\/\//, ''));
  });
}

test('a region is taken from the environment where the test names none', () => {
  const regionOf = (env: NodeJS.ProcessEnv, region: string | null = null) =>
    locationOf(spec({ region }), env).region;
  assert.equal(regionOf({ AWS_REGION: 'a', AWS_DEFAULT_REGION: 'b' }), 'a');
  assert.equal(regionOf({ AWS_REGION: '', AWS_DEFAULT_REGION: 'b' }), 'b');
  assert.equal(regionOf({ AWS_REGION: 'a' }, 'c'), 'c');
  assert.throws(() => regionOf({}), { message: /^has no region: give the one of the bucket/ });
});

test('an endpoint that is none', () => {
  for (const endpoint of ['http://', 'http://h/?x', 'https://user:pass@h', 'http://h#x']) {
    assert.throws(
      () => locationOf(spec({ endpoint }), {}),
      (error: Error) => {
        assert.match(error.message, /^endpoint ".*" is not a plain URL such as https/);
        assert.doesNotMatch(error.message, /pass/);
        return true;
      },
    );
  }
  for (const endpoint of ['http://127.0.0.1:9000', 'http://[::1]:9000']) {
    assert.throws(() => locationOf(spec({ endpoint }), {}), { message: /set pathStyle: true$/ });
  }
});
