import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { locationOf } from '../../../src/source/s3/location.ts';
import { signerFor } from '../../../src/source/s3/signer.ts';

const spec = { prefix: '', region: 'us-east-1', endpoint: null, pathStyle: false, secret: null };
const location = locationOf({ ...spec, bucket: 'examplebucket' }, {});
const keys = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
};
/** The bucket of the published example stands before a host without a region. */
const host = 'examplebucket.s3.amazonaws.com';
const example = { ...location, host, origin: `https://${host}` };

function at<T>(wallMs: number, work: () => Promise<T>): Promise<T> {
  mock.timers.enable({ apis: ['Date'], now: wallMs });
  return work().finally(() => mock.timers.reset());
}

test("as in the published example of a listing's signature", async () => {
  const headers = await at(Date.UTC(2013, 4, 24), () =>
    signerFor(example, async () => keys)('/', { 'max-keys': '2', prefix: 'J' }, {}),
  );
  assert.equal(headers['x-amz-date'], '20130524T000000Z');
  assert.match(
    headers['authorization']!,
    /Credential=AKIAIOSFODNN7EXAMPLE\/20130524\/us-east-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7$/,
  );
});

test('a session token goes along, signed', async () => {
  const headers = await signerFor(location, async () => ({ ...keys, sessionToken: 'token' }))('/', {}, {});
  assert.equal(headers['x-amz-security-token'], 'token');
  assert.match(headers['authorization']!, /SignedHeaders=[^,]*x-amz-security-token/);
});

test('conditions are signed too', async () => {
  const headers = await signerFor(location, async () => keys)('/a', {}, { 'if-match': '"e"' });
  assert.equal(headers['if-match'], '"e"');
  assert.match(headers['authorization']!, /SignedHeaders=[^,]*if-match/);
});
