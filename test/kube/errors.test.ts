import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOfAnswer, errorOfStatus, isKubeError, isTransient, KubeError } from '../../src/kube/errors.ts';

const status = (fields: object) => JSON.stringify({ kind: 'Status', status: 'Failure', ...fields });

test('reason, else code, says what kind of error it is', () => {
  const rows: [code: number, reason: string, kind: string][] = [
    [404, 'NotFound', 'NotFound'],
    [409, 'AlreadyExists', 'AlreadyExists'],
    [409, 'Conflict', 'Conflict'],
    [410, 'Expired', 'Expired'],
    [410, 'Gone', 'Expired'],
    [422, 'Invalid', 'Invalid'],
    [400, 'BadRequest', 'BadRequest'],
    [403, 'Forbidden', 'Forbidden'],
    [401, 'Unauthorized', 'Unauthorized'],
    [429, 'TooManyRequests', 'TooManyRequests'],
    [504, 'Timeout', 'Timeout'],
    [500, 'ServerTimeout', 'Unavailable'],
    [503, 'ServiceUnavailable', 'Unavailable'],
    [500, 'InternalError', 'Unavailable'],
    [409, '', 'Conflict'],
    [413, '', 'BadRequest'],
    [502, '', 'Unavailable'],
    [418, 'Teapot', 'Other'],
  ];
  for (const [code, reason, kind] of rows) {
    const error = errorOfAnswer('get pods a/b', code, status({ reason, code, message: 'words' }));
    assert.deepEqual([error.kind, error.code, error.reason], [kind, code, reason]);
    assert.equal(error.message, 'get pods a/b: words');
  }
});

test('an answer of a proxy on the way gives its first line', () => {
  const error = errorOfAnswer('list pods', 502, '<html>\n<body>Bad Gateway</body>');
  assert.equal(error.kind, 'Unavailable');
  assert.equal(error.message, 'list pods: <html>');
  assert.equal(errorOfAnswer('list pods', 502, '').message, 'list pods: status 502');
});

test('a message is one line of at most 1000 characters, whatever the answer holds', () => {
  const error = errorOfAnswer(
    'create pods',
    422,
    status({ reason: 'Invalid', message: `a\n  b${'x'.repeat(5000)}` }),
  );
  assert.equal(error.message.length, 1000);
  assert.match(error.message, /^create pods: a bx+…$/);
});

test('causes name the fields', () => {
  const causes = [
    { reason: 'FieldValueInvalid', field: 'spec.rate', message: 'is wrong' },
    { message: 'no field' },
    null,
    ...Array.from({ length: 30 }, () => ({ field: 'spec.x', message: 'y'.repeat(5000) })),
  ];
  const error = errorOfAnswer(
    'create',
    422,
    status({ reason: 'Invalid', message: 'm', details: { causes } }),
  );
  assert.equal(error.causes.length, 20);
  assert.deepEqual(error.causes.slice(0, 3), [
    { field: 'spec.rate', message: 'is wrong' },
    { field: '', message: 'no field' },
    { field: '', message: '' },
  ]);
  assert.equal(error.causes[19]!.message.length, 1000);
});

test('how long to wait is in the header, or in the status', () => {
  const tooMany = (details: object, header?: string) =>
    errorOfAnswer('list', 429, status({ reason: 'TooManyRequests', details }), header).retryAfterMs;
  assert.equal(tooMany({}, '3'), 3000);
  assert.equal(tooMany({ retryAfterSeconds: 2 }), 2000);
  assert.equal(tooMany({ retryAfterSeconds: 2 }, '5'), 5000);
  assert.equal(tooMany({ retryAfterSeconds: 2 }, 'soon'), 2000);
  assert.equal(tooMany({}), null);
});

test('an error in a watch is made of the status alone', () => {
  const error = errorOfStatus('watch pods', {
    kind: 'Status',
    code: 410,
    reason: 'Expired',
    message: 'too old',
  });
  assert.deepEqual([error.kind, error.code, error.message], ['Expired', 410, 'watch pods: too old']);
});

test('errors are told apart by kind', () => {
  const error: unknown = new KubeError('NotFound', 'm');
  assert.ok(isKubeError(error));
  assert.ok(isKubeError(error, 'Conflict', 'NotFound'));
  assert.ok(!isKubeError(error, 'Conflict'));
  assert.ok(!isKubeError(new Error('m')));
  assert.ok(!isTransient(error));
  for (const kind of ['TooManyRequests', 'Timeout', 'Unavailable', 'Unreachable', 'Expired'] as const)
    assert.ok(isTransient(new KubeError(kind, 'm')), kind);
});
