import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLoadTest } from '../../src/api/parse.ts';
import { secretsOf } from '../../src/api/secrets.ts';
import { toRunSpec } from '../../src/api/to-run-spec.ts';
import { manifestWith } from './load-test-manifest.ts';

const secretsIn = (spec: Record<string, unknown>) => secretsOf(toRunSpec(parseLoadTest(manifestWith(spec))));

test('a test that refers to no Secret needs none', () => {
  assert.deepEqual(secretsIn({ variables: [{ name: 'A', value: 'b' }] }), []);
});

test('variables, buckets, Kafka and NSQ name Secrets; each is told once', () => {
  const secretKeyRef = (name: string) => ({ secretKeyRef: { name, key: 'token' } });
  const s3 = { s3: { bucket: 'bucket', credentials: { secretName: 'of-bucket' } } };
  const spec = {
    variables: [
      { name: 'A', valueFrom: secretKeyRef('of-variable') },
      { name: 'B', valueFrom: secretKeyRef('of-variable') },
      { name: 'C', valueFrom: { configMapKeyRef: { name: 'map', key: 'c' } } },
    ],
    templates: { entry: 'a.json', from: [s3, { s3: { bucket: 'open' } }] },
  };
  assert.deepEqual(secretsIn(spec), ['of-bucket', 'of-variable']);
  const sasl = { credentials: { secretName: 'of-kafka' } };
  assert.deepEqual(secretsIn({ ...spec, kafka: { sasl } }), ['of-bucket', 'of-kafka', 'of-variable']);
  assert.deepEqual(secretsIn({ nsq: { auth: secretKeyRef('of-nsq') } }), ['of-nsq']);
});
