import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLoadTest } from '../../src/api/parse.ts';
import { toRunSpec } from '../../src/api/to-run-spec.ts';
import { FILES_HELP } from '../../src/cli/manifest/surroundings.ts';
import { resolveProtocol } from '../../src/source/protocol-secrets.ts';
import { manifestWith } from '../api/load-test-manifest.ts';

const SECRETS = new Map<string, Record<string, string>>([
  ['login', { username: 'taz', password: 'hunter2' }],
  ['half', { username: 'taz' }],
  ['token', { secret: 'hunter2' }],
]);

function resolved(spec: Record<string, unknown>) {
  return resolveProtocol(toRunSpec(parseLoadTest(manifestWith(spec))).protocol, {
    secrets: SECRETS,
    help: FILES_HELP,
  });
}

const sasl = (secretName: string) => ({ sasl: { credentials: { secretName } } });
const auth = (name: string, key: string) => ({ auth: { secretKeyRef: { name, key } } });

test('a login stands under username and password of the Secret', () => {
  const kafka = resolved({ kafka: sasl('login') });
  assert.ok(kafka.kind === 'kafka');
  assert.deepEqual(kafka.sasl?.login, { username: 'taz', password: 'hunter2' });
});

test('the secret of nsqd stands under a key of its own', () => {
  const nsq = resolved({ nsq: auth('token', 'secret') });
  assert.ok(nsq.kind === 'nsq');
  assert.equal(nsq.auth?.value, 'hunter2');
});

test('without a login nothing is looked up', () => {
  for (const spec of [{}, { http: {} }, { kafka: {} }, { nsq: {} }]) {
    const { protocol } = toRunSpec(parseLoadTest(manifestWith(spec)));
    assert.deepEqual(resolveProtocol(protocol, { secrets: new Map(), help: FILES_HELP }), protocol);
  }
});

test('what is missing is named, and no value is repeated', () => {
  const rows: [spec: Record<string, unknown>, message: RegExp][] = [
    [
      { kafka: sasl('none') },
      /^spec\.kafka\.sasl\.credentials: Secret none \(key username\) is not in the files given: add its file with -f\n/,
    ],
    [
      { kafka: sasl('half') },
      /^spec\.kafka\.sasl\.credentials: Secret half has no key password with a text, only username/,
    ],
    [
      { nsq: auth('token', 'key') },
      /^spec\.nsq\.auth\.secretKeyRef: Secret token has no key key with a text/,
    ],
  ];
  for (const [spec, message] of rows) {
    assert.throws(
      () => resolved(spec),
      (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  }
});
