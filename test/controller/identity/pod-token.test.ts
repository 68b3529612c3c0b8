import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { systemClock } from '../../../src/attack/clock.ts';
import { PodTokens, TokenError } from '../../../src/controller/identity/pod-token.ts';
import { AUDIENCE, workerPod } from '../../../src/controller/pods/worker-pod.ts';
import type { ApiRequest } from '../../../src/kube/connection.ts';
import { isKubeError, KubeError } from '../../../src/kube/errors.ts';
import { PODS, type Pod, SERVICE_ACCOUNTS } from '../../../src/kube/resources.ts';
import { FakeClock } from '../../attack/fake-clock.ts';
import { useApiServer } from '../../cluster/api-server.ts';
import { identity, RUN, templateOf } from '../test-identity.ts';

const api = await useApiServer();
after(api.stop);

const DISCOVERY = '/.well-known/openid-configuration';

const refused = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof TokenError, String(error));
  assert.match(error.message, words);
  assert.doesNotMatch(error.message, /eyJ/, 'nothing of the token is told');
  return true;
};

suite('tokens of a real API server', { skip: api.missing }, () => {
  let namespace: string;
  let pods: Pod[];
  const connection = api.missing ? undefined! : api.connect();
  const tokens = () => new PodTokens({ connection, clock: systemClock, audience: AUDIENCE });

  before(async () => {
    namespace = await api.namespace();
    await api.client.create(SERVICE_ACCOUNTS, { metadata: { namespace, name: 'workers' } });
    const owner = identity(namespace);
    const template = templateOf(owner);
    const spec = { ...template.spec, serviceAccountName: 'workers' };
    pods = await Promise.all(
      [0, 1].map((index) =>
        api.client.create(PODS, workerPod(owner, RUN, { index, replacement: 0 }, { ...template, spec })),
      ),
    );
  });

  async function issued(pod: Pod | null, audience = AUDIENCE): Promise<string> {
    const request: ApiRequest = {
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/workers/token`,
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          audiences: [audience],
          expirationSeconds: 600,
          ...(pod === null
            ? {}
            : {
                boundObjectRef: {
                  kind: 'Pod',
                  apiVersion: 'v1',
                  name: pod.metadata.name,
                  uid: pod.metadata.uid,
                },
              }),
        },
      },
      call: 'create token',
      verb: 'create',
      resource: 'serviceaccounts/token',
    };
    return ((await connection.call(request)) as { status: { token: string } }).status.token;
  }

  test('say which pod they are of, each its own', async () => {
    const verifier = tokens();
    for (const pod of pods) {
      const { name, uid } = pod.metadata;
      const expected = { namespace, pod: name, podUid: uid };
      assert.deepEqual(await verifier.verify(await issued(pod)), expected);
    }
  });

  test('for somebody else, of no pod, or changed, prove nothing', async () => {
    const verifier = tokens();
    await assert.rejects(verifier.verify(await issued(pods[0]!, 'https://vault')), refused(/"aud" is not/));
    await assert.rejects(verifier.verify(await issued(null)), refused(/bound to no pod/));
    const [head, body, signature] = (await issued(pods[0]!)).split('.');
    const claims = JSON.parse(Buffer.from(body!, 'base64url').toString()) as Record<string, unknown>;
    claims['kubernetes.io'] = { namespace, pod: { name: 'other', uid: pods[1]!.metadata.uid } };
    const forged = Buffer.from(JSON.stringify(claims)).toString('base64url');
    await assert.rejects(verifier.verify(`${head}.${forged}.${signature}`), refused(/signature is wrong/));
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    await assert.rejects(verifier.verify(`${none}.${forged}.`), refused(/no token|not/));
    for (const text of ['', 'x', 'a.b.c', 'x'.repeat(20_000)]) {
      await assert.rejects(verifier.verify(text), refused(/./));
    }
  });

  test('have an end, also for those that were verified before', async () => {
    const token = await issued(pods[0]!);
    const clock = new FakeClock();
    const wall = { ...systemClock, now: () => clock.now(), wall: () => Date.now() + clock.now() };
    const verifier = new PodTokens({ connection, clock: wall, audience: AUDIENCE });
    await verifier.verify(token);
    clock.by(599_000);
    await verifier.verify(token);
    clock.by(30_000);
    await assert.rejects(verifier.verify(token), refused(/has expired/));
  });

  test('of another issuer, or by its own key under a known name, prove nothing', async () => {
    const verifier = tokens();
    const { privateKey } = await generateKeyPair('ES256');
    const real = JSON.parse(
      Buffer.from((await issued(pods[0]!)).split('.')[1]!, 'base64url').toString(),
    ) as Record<string, unknown>;
    const { keys } = (await connection.call({
      method: 'GET',
      path: '/openid/v1/jwks',
      accept: 'application/jwk-set+json',
      call: 'get keys',
      verb: 'get',
      resource: 'keys',
    })) as { keys: { kid: string }[] };
    const sign = (kid: string) =>
      new SignJWT(real).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
    await assert.rejects(verifier.verify(await sign(keys[0]!.kid)), refused(/signature is wrong/));
    await assert.rejects(
      verifier.verify(await sign('foreign')),
      refused(/a key that the API server does not have/),
    );
  });
});

suite('keys', () => {
  const clock = new FakeClock();
  let calls = 0;
  let away = false;

  async function setUp() {
    const pairs = [await generateKeyPair('ES256'), await generateKeyPair('ES256')];
    const keys = [{ ...(await exportJWK(pairs[0]!.publicKey)), kid: '0', alg: 'ES256' }];
    const second = { ...(await exportJWK(pairs[1]!.publicKey)), kid: '1', alg: 'ES256' };
    const call = async ({ path }: ApiRequest): Promise<unknown> => {
      calls++;
      if (away) throw new KubeError('Unreachable', 'get keys: the API server cannot be reached');
      return path === DISCOVERY ? { issuer: 'https://cluster' } : { keys };
    };
    const sign = (index: number, more: object = {}) =>
      new SignJWT({ 'kubernetes.io': { namespace: 'a', pod: { name: 'p', uid: 'u' } }, ...more })
        .setProtectedHeader({ alg: 'ES256', kid: String(index) })
        .setIssuer('https://cluster')
        .setAudience(AUDIENCE)
        .setExpirationTime(Math.round(clock.wall() / 1000) + 3600)
        .sign(pairs[index]!.privateKey);
    calls = 0;
    return {
      verifier: new PodTokens({ connection: { call }, clock, audience: AUDIENCE }),
      keys,
      second,
      sign,
    };
  }

  test('are read once, again for a new one, and not for every foreign one', async () => {
    const { verifier, keys, second, sign } = await setUp();
    await Promise.all([verifier.verify(await sign(0)), verifier.verify(await sign(0, { a: 1 }))]);
    assert.equal(calls, 2, 'the issuer and its keys');
    await assert.rejects(verifier.verify(await sign(1)), refused(/does not have/));
    assert.equal(calls, 2, 'they were read just now');
    clock.by(10_000);
    keys.push(second);
    await verifier.verify(await sign(1));
    assert.equal(calls, 4);
    const foreign = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: 'x' })
      .sign((await generateKeyPair('ES256')).privateKey);
    for (let n = 0; n < 50; n++) await assert.rejects(verifier.verify(foreign), refused(/does not have/));
    assert.equal(calls, 4);
  });

  test('are trusted while the API server is away, and withdrawn when it says so', async () => {
    const { verifier, keys, second, sign } = await setUp();
    away = true;
    await assert.rejects(verifier.verify(await sign(0)), (error) => isKubeError(error, 'Unreachable'));
    away = false;
    await verifier.verify(await sign(0));
    clock.by(11 * 60_000);
    away = true;
    await verifier.verify(await sign(0, { later: 1 }));
    away = false;
    clock.by(10_000);
    keys.splice(0, 1, second);
    await assert.rejects(verifier.verify(await sign(0, { later: 2 })), refused(/does not have/));
  });

  test('of tokens are no excuse for what is missing in them', async () => {
    const { verifier, sign } = await setUp();
    await assert.rejects(
      verifier.verify(await sign(0, { iss: 'x', 'kubernetes.io': {} })),
      refused(/no pod/),
    );
  });
});
