import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locationOf } from '../../../src/source/s3/location.ts';
import { brokenCallError, PassingError, refusalError } from '../../../src/source/s3/s3-error.ts';
import { MovedError } from '../../../src/source/source-error.ts';
import { DeadlineError } from '../../../src/time/deadline.ts';

const location = locationOf(
  {
    bucket: 'bkt',
    prefix: '',
    region: 'eu-west-1',
    endpoint: 'https://s.example',
    pathStyle: true,
    secret: null,
  },
  {},
);
const listing = { location, key: null, origin: 'of Secret s3-keys' };
const reading = { ...listing, key: 't/a.json' };
const NOW = Date.UTC(2026, 10, 26, 12);

function refusal(status: number, code: string, headers = {}, more = '') {
  const message = '<Message>In its own\n words.</Message>';
  return { status, headers, body: `<Error><Code>${code}</Code>${message}${more}</Error>` };
}

const refusals: [said: string | RegExp, ...Parameters<typeof refusal>][] = [
  ['there is no bucket "bkt" at https://s.example: check bucket, region and endpoint', 404, 'NoSuchBucket'],
  [
    'the access key id of Secret s3-keys is wrong: s.example answers InvalidAccessKeyId',
    403,
    'InvalidAccessKeyId',
  ],
  [
    'the secret access key of Secret s3-keys is wrong: s.example answers SignatureDoesNotMatch',
    403,
    'SignatureDoesNotMatch',
  ],
  [
    'the session token of Secret s3-keys is not or no longer valid (ExpiredToken): give a new one',
    400,
    'ExpiredToken',
  ],
  [
    'the credentials of Secret s3-keys may not list bucket "bkt" (s3:ListBucket): allow it, or use others',
    403,
    'AccessDenied',
  ],
  [
    "the clock of this machine is about 20 min ahead of the service's: set it right",
    403,
    'RequestTimeTooSkewed',
    { date: 'Thu, 26 Nov 2026 11:40:10 GMT' },
  ],
  [
    "the clock of this machine is about 30 min behind the service's: set it right",
    403,
    'RequestTimeTooSkewed',
    { date: 'Thu, 26 Nov 2026 12:30:10 GMT' },
  ],
  ["the clock of this machine is too far from the service's: set it right", 403, 'RequestTimeTooSkewed'],
  [
    'bucket "bkt" is in region us-west-2, not eu-west-1: set region: us-west-2',
    301,
    'PermanentRedirect',
    { 'x-amz-bucket-region': 'us-west-2' },
  ],
  [
    'bucket "bkt" is in region us-west-2, not eu-west-1: set region: us-west-2',
    400,
    'AuthorizationHeaderMalformed',
    {},
    '<Region>us-west-2</Region>',
  ],
  [
    's.example answers 400 (InvalidBucketName: In its own  words.): check bucket, region, endpoint and pathStyle',
    400,
    'InvalidBucketName',
  ],
  [
    's.example answers 403 (Strange: In its own  words.): check the credentials of Secret s3-keys and their rights',
    403,
    'Strange',
  ],
];
for (const [said, ...given] of refusals) {
  test(`a listing is refused: ${given[1]} ${String(said).slice(0, 40)}`, () => {
    const error = refusalError(refusal(...given), listing, NOW);
    assert.equal(error.message, said);
    assert.ok(!(error instanceof PassingError) && !(error instanceof MovedError));
  });
}

test('an object may not be read', () => {
  assert.equal(
    refusalError(refusal(403, 'AccessDenied'), reading, NOW).message,
    'the credentials of Secret s3-keys may not read "t/a.json" (s3:GetObject): allow it, or use others',
  );
});

test('an object that is gone or another is to be listed again', () => {
  for (const given of [refusal(404, 'NoSuchKey'), refusal(412, 'PreconditionFailed')]) {
    const error = refusalError(given, reading, NOW);
    assert.ok(error instanceof MovedError);
    assert.equal(error.message, 'object "t/a.json" was changed or deleted while it was being read');
  }
  assert.ok(!(refusalError(refusal(404, 'NoSuchBucket'), reading, NOW) instanceof MovedError));
});

test('what the service cannot do just now may pass', () => {
  for (const status of [429, 500, 503]) {
    const error = refusalError(refusal(status, 'SlowDown'), listing, NOW);
    assert.ok(error instanceof PassingError);
    assert.equal(error.message, `s.example answers ${status} (SlowDown: In its own  words.)`);
  }
  assert.equal(
    refusalError({ status: 502, headers: {}, body: '<html>' }, listing, NOW).message,
    's.example answers 502',
  );
});

const coded = (code: string, message = code) => Object.assign(new Error(message), { code });
const breaks: [error: Error, passing: boolean, said: RegExp][] = [
  [new DeadlineError(10_000), true, /^s\.example gives no whole answer within 10 s$/],
  [coded('ECONNREFUSED'), true, /^nobody listens at https:\/\/s\.example \(ECONNREFUSED\): check endpoint$/],
  [
    coded('ENOTFOUND'),
    true,
    /^there is no host s\.example \(ENOTFOUND\): check bucket, region and endpoint$/,
  ],
  [coded('UND_ERR_HEADERS_TIMEOUT'), true, /^s\.example does not answer in time/],
  [
    coded('UND_ERR_SOCKET'),
    true,
    /^the answer of s\.example broke off in the middle of object "t\/a\.json"$/,
  ],
  [coded('SELF_SIGNED_CERT_IN_CHAIN'), false, /^TLS with s\.example fails .* set NODE_EXTRA_CA_CERTS$/],
  [coded('EHOSTUNREACH', 'no route'), true, /^s\.example cannot be reached: no route$/],
];
for (const [error, passing, said] of breaks) {
  test(`a call breaks: ${(error as NodeJS.ErrnoException).code ?? error.name}`, () => {
    const found = brokenCallError(error, reading);
    assert.match(found.message, said);
    assert.equal(found instanceof PassingError, passing);
  });
}

test('a host that has the bucket before it may need path style', () => {
  const { message } = brokenCallError(coded('ENOTFOUND'), {
    ...listing,
    location: { ...location, pathStyle: false },
  });
  assert.match(message, /\(for a compatible store you may need pathStyle: true\)$/);
});
