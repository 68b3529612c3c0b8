import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chainCredentials, secretCredentials } from '../../../src/source/s3/credentials.ts';
import { openS3Source } from '../../../src/source/s3/s3-source.ts';
import type { SourceForm } from '../../../src/source/source.ts';
import { folderWith } from '../../cli/manifest/files.ts';
import { useServer } from '../../services/servers.ts';
import { surroundings } from '../surroundings.ts';
import { RecordingProxy, Store } from './store.ts';

const TEXTS: SourceForm = { as: 'texts', maxFiles: 10, maxBytes: 1000, what: 'templates', advice: '' };
const { signal } = new AbortController();
const s3 = await useServer('s3');
after(() => s3.stop());

const usual = { ...process.env };

/** Makes this process one that has nothing of the cloud but what is said. It is as it was after the test. */
function environment(differences: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
    ...differences,
  });
}
afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, usual);
});

/** A service on loopback that answers as it is told, and notes what it was asked. */
class Service {
  readonly asked: { url: string; body: string; authorization: string }[] = [];
  answer: (url: string) => { status: number; type: string; body: string } = () => ({
    status: 404,
    type: 'text/plain',
    body: '',
  });
  #server!: Server;

  async listen(): Promise<string> {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        this.asked.push({ url: request.url!, body, authorization: request.headers.authorization ?? '' });
        const { status, type, body: said } = this.answer(request.url!);
        response.writeHead(status, { 'content-type': type }).end(said);
      });
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

describe('of a Secret', () => {
  const get = (keys: Record<string, string>) =>
    secretCredentials('keys').get(surroundings({ secrets: { keys } }), signal);

  test('its keys by their names, without white space at the ends', async () => {
    assert.deepEqual(await get({ accessKeyId: 'id\n', secretAccessKey: ' key', other: 'x' }), {
      accessKeyId: 'id',
      secretAccessKey: 'key',
      sessionToken: null,
    });
    const all = { accessKeyId: 'id', secretAccessKey: 'key', sessionToken: 'token' };
    assert.deepEqual(await get(all), all);
  });

  test('a key that is missing', async () => {
    await assert.rejects(get({ accessKeyId: 'id', secret: 'hunter2' }), {
      message:
        'credentials.secretName: Secret keys has no key secretAccessKey with a text, only accessKeyId and secret: add its file with -f',
    });
  });
});

describe("by the cloud's usual ways", () => {
  const get = () => chainCredentials('us-east-1').get(surroundings(), signal);

  test('the environment', async () => {
    environment({ AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_SESSION_TOKEN: 'token' });
    assert.deepEqual(await get(), { accessKeyId: 'id', secretAccessKey: 'key', sessionToken: 'token' });
  });

  test('a shared profile', async (t) => {
    const profile = '[work]\naws_access_key_id = id\naws_secret_access_key = key\n';
    const folder = folderWith(t, { credentials: profile });
    environment({ AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'), AWS_PROFILE: 'work' });
    assert.deepEqual(await get(), { accessKeyId: 'id', secretAccessKey: 'key', sessionToken: null });
  });

  test('pod identity: an address and a token file', async (t) => {
    const service = new Service();
    const url = await service.listen();
    t.after(() => service.close());
    service.answer = () => ({
      status: 200,
      type: 'application/json',
      body: JSON.stringify({
        AccessKeyId: 'id',
        SecretAccessKey: 'key',
        Token: 'token',
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    });
    const token = join(folderWith(t, { token: 'pod-token' }), 'token');
    environment({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token,
    });
    assert.deepEqual(await get(), { accessKeyId: 'id', secretAccessKey: 'key', sessionToken: 'token' });
    assert.deepEqual(service.asked, [{ url: '/v1/credentials', body: '', authorization: 'pod-token' }]);
  });

  test('instance metadata', async (t) => {
    const service = new Service();
    const url = await service.listen();
    t.after(() => service.close());
    const credentials = {
      Code: 'Success',
      Type: 'AWS-HMAC',
      AccessKeyId: 'id',
      SecretAccessKey: 'key',
      Token: 'token',
      LastUpdated: new Date().toISOString(),
      Expiration: new Date(Date.now() + 3_600_000).toISOString(),
    };
    service.answer = (path) => {
      const body = path.endsWith('/token')
        ? 'session'
        : path.endsWith('/role')
          ? JSON.stringify(credentials)
          : 'role';
      return { status: 200, type: 'text/plain', body };
    };
    environment({ AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: url });
    assert.deepEqual(await get(), { accessKeyId: 'id', secretAccessKey: 'key', sessionToken: 'token' });
  });

  test('none at all is one clear error', async () => {
    environment({});
    await assert.rejects(get(), {
      name: 'SourceError',
      message:
        'there are no credentials: name a Secret (credentials: {secretName: …}), or give this process a role, or keys in its environment',
    });
  });
});

describe('web identity', { skip: s3.missing }, () => {
  const sts = new Service();
  let stsUrl: string;
  let store: Store;
  before(async () => {
    stsUrl = await sts.listen();
    store = new Store(s3.at);
    await store.put('w/a', 'from the store');
  });
  afterEach(() => {
    sts.asked.length = 0;
  });
  after(async () => {
    await sts.close();
    await store.close();
  });

  /** What a token service says. The store here refuses session tokens, so the keys may be lasting ones: without a token. */
  function keys({ sessionToken, livesMs = 3_600_000 }: { sessionToken?: string; livesMs?: number }) {
    const { accessKeyId, secretAccessKey } = store.keys;
    const token = sessionToken === undefined ? '' : `<SessionToken>${sessionToken}</SessionToken>`;
    const expiration = new Date(Date.now() + livesMs).toISOString();
    return () => ({
      status: 200,
      type: 'text/xml',
      body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>r:s</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>${token}<Expiration>${expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`,
    });
  }

  function inPod(token: string): void {
    environment({
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/taz',
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_SESSION_NAME: 'worker',
      AWS_ENDPOINT_URL_STS: stsUrl,
      AWS_REGION: 'us-east-1',
    });
  }

  test('a token file becomes keys, and keys the objects of a real store', async (t) => {
    inPod(join(folderWith(t, { token: 'projected-token-1' }), 'token'));
    sts.answer = keys({});
    const source = openS3Source(store.spec({ prefix: 'w/', secret: null }), TEXTS);
    t.after(() => source.close());
    const view = await source.look(surroundings(), signal);
    assert.deepEqual(view.files, [{ name: 'a', text: 'from the store' }]);
    await source.look(surroundings(), signal);
    assert.equal(sts.asked.length, 1, 'the keys are kept');
    const asked = new URLSearchParams(sts.asked[0]!.body);
    assert.equal(asked.get('Action'), 'AssumeRoleWithWebIdentity');
    assert.equal(asked.get('RoleArn'), 'arn:aws:iam::123456789012:role/taz');
    assert.equal(asked.get('RoleSessionName'), 'worker');
    assert.equal(asked.get('WebIdentityToken'), 'projected-token-1');
  });

  test('keys that are about to expire are exchanged, with the token that the file holds then', async (t) => {
    const token = join(folderWith(t, { token: 'one' }), 'token');
    inPod(token);
    sts.answer = keys({ livesMs: 1000 });
    const source = openS3Source(store.spec({ prefix: 'w/', secret: null }), TEXTS);
    t.after(() => source.close());
    await source.look(surroundings(), signal);
    writeFileSync(token, 'two');
    const tokens = () => sts.asked.map(({ body }) => new URLSearchParams(body).get('WebIdentityToken'));
    // New keys are asked for while the old ones are still used: not the very next call has them.
    for (let looks = 0; !tokens().includes('two'); looks++) {
      assert.ok(looks < 50, 'the keys are never exchanged');
      await source.look(surroundings(), signal);
      await sleep(10);
    }
    assert.equal(tokens()[0], 'one');
  });

  test('a session token goes to the store with every call', async (t) => {
    inPod(join(folderWith(t, { token: 'one' }), 'token'));
    sts.answer = keys({ sessionToken: 'session' });
    const proxy = new RecordingProxy(store.endpoint);
    const endpoint = await proxy.listen();
    t.after(() => proxy.close());
    const source = openS3Source(store.spec({ prefix: 'w/', secret: null, endpoint }), TEXTS);
    t.after(() => source.close());
    // The store has not given it and says so.
    await assert.rejects(
      source.look(surroundings(), signal),
      /^SourceError: the session token of this process is not/,
    );
    assert.equal(proxy.headers[0]!['x-amz-security-token'], 'session');
  });

  test('a role that may not be taken is one clear error', async (t) => {
    inPod(join(folderWith(t, { token: 'one' }), 'token'));
    sts.answer = () => ({
      status: 403,
      type: 'text/xml',
      body: '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error><RequestId>1</RequestId></ErrorResponse>',
    });
    const source = openS3Source(store.spec({ prefix: 'w/', secret: null }), TEXTS);
    t.after(() => source.close());
    await assert.rejects(source.look(surroundings(), signal), {
      name: 'SourceError',
      message:
        'the credentials of this process cannot be had (AccessDenied): Not authorized to perform sts:AssumeRoleWithWebIdentity',
    });
  });
});
