import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, beforeEach, suite, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import {
  Authority,
  type AuthorityClient,
  servingHosts,
} from '../../../src/controller/authority/authority.ts';
import type { KeyedCertificate } from '../../../src/controller/authority/certificates.ts';
import { SECRETS } from '../../../src/kube/resources.ts';
import { useApiServer } from '../../cluster/api-server.ts';

const api = await useApiServer();
after(api.stop);

const DAY_MS = 24 * 60 * 60_000;

/** Wall time that can be moved on. */
class Calendar {
  #ms = Date.now();
  now = (): number => this.#ms;
  wall = (): number => this.#ms;
  by(ms: number): void {
    this.#ms += ms;
  }
}

suite('the authority in a Secret of a real API server', { skip: api.missing }, () => {
  let namespace: string;
  let clock: Calendar;
  const hosts = servingHosts('taz-coordinator', 'taz-system', '127.0.0.1');
  const authority = (client: AuthorityClient = api.client) =>
    new Authority({ client, clock, namespace, secret: 'taz-authority', hosts });
  const bundled = (bundle: string) => bundle.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;

  beforeEach(async () => {
    namespace = await api.namespace();
    clock = new Calendar();
  });

  /** Whether who trusts `bundle` can call a server with that certificate by that name. */
  async function handshake({ certificate, key }: KeyedCertificate, bundle: string, servername: string) {
    const server = createServer({ cert: certificate, key }, (socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const host = servername === '127.0.0.1' ? {} : { servername };
    const socket = connect({ port, host: '127.0.0.1', ca: bundle, ...host });
    try {
      await once(socket, 'secureConnect');
      return socket.authorized;
    } finally {
      socket.destroy();
      server.close();
    }
  }

  test('vouches for the coordinator by each of its names, and for no other', async () => {
    const { serving, bundle } = await authority().refresh();
    for (const name of hosts) assert.equal(await handshake(serving, bundle, name), true, name);
    await assert.rejects(handshake(serving, bundle, 'other.taz-system.svc'), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const other = await api.namespace();
    const foreign = new Authority({ client: api.client, clock, namespace: other, secret: 'a', hosts });
    const stranger = await foreign.refresh();
    await assert.rejects(handshake(stranger.serving, bundle, hosts[0]!), /self.signed|unable to/);
    assert.ok(
      new X509Certificate(serving.certificate).publicKey.asymmetricKeyDetails!.modulusLength! >= 2048,
    );
  });

  test('is kept over restarts, and says nothing new while nothing is', async () => {
    const first = authority();
    const before = await first.refresh();
    assert.equal(await first.refresh(), before);
    const restarted = await authority().refresh();
    assert.equal(restarted.bundle, before.bundle);
    assert.notEqual(restarted.serving.certificate, before.serving.certificate);
    const { data } = await api.client.get(SECRETS, { namespace, name: 'taz-authority' });
    assert.equal(Buffer.from(data!['ca.crt']!, 'base64').toString(), before.bundle);
  });

  test('is one, whoever of two makes it first', async () => {
    // Both have seen that there is none before either makes one.
    let seen = 0;
    let both = (): void => {};
    const all = new Promise<void>((resolve) => (both = resolve));
    const client: AuthorityClient = {
      find: async (...args) => {
        const found = await api.client.find(...args);
        if (++seen === 2) both();
        if (seen <= 2) await all;
        return found;
      },
      apply: (...args) => api.client.apply(...args),
      merge: (...args) => api.client.merge(...args),
    };
    const [a, b] = await Promise.all([authority(client).refresh(), authority(client).refresh()]);
    assert.equal(a.bundle, b.bundle);
    assert.equal(bundled(a.bundle), 1);
    assert.equal((await authority().refresh()).bundle, a.bundle);
  });

  test('gives way to a new one, with a time in which both are trusted', async () => {
    const kept = authority();
    const { bundle: old } = await kept.refresh();
    clock.by(250 * DAY_MS);
    const made = await kept.refresh();
    assert.equal(bundled(made.bundle), 2);
    assert.ok(new X509Certificate(made.serving.certificate).verify(new X509Certificate(old).publicKey));
    clock.by(DAY_MS / 12);
    const signs = await kept.refresh();
    assert.equal(signs.bundle, made.bundle);
    assert.ok(!new X509Certificate(signs.serving.certificate).verify(new X509Certificate(old).publicKey));
    clock.by(120 * DAY_MS);
    const alone = await kept.refresh();
    assert.equal(bundled(alone.bundle), 1);
    assert.ok(made.bundle.endsWith(alone.bundle));
  });

  test("renews the server's certificate before it ends", async () => {
    const kept = authority();
    const first = await kept.refresh();
    clock.by(19 * DAY_MS);
    assert.equal(await kept.refresh(), first);
    clock.by(2 * DAY_MS);
    const second = await kept.refresh();
    assert.notEqual(second.serving.certificate, first.serving.certificate);
    assert.equal(second.bundle, first.bundle);
  });

  test('fills a Secret that is empty, and leaves alone what is not its own', async () => {
    await api.client.create(SECRETS, { metadata: { namespace, name: 'taz-authority' } });
    assert.equal(bundled((await authority().refresh()).bundle), 1);
    const data = { 'authorities.json': Buffer.from('[{"certificate": "private"}]').toString('base64') };
    await api.client.merge(SECRETS, { namespace, name: 'taz-authority' }, { data });
    await assert.rejects(authority().refresh(), (error: Error) => {
      assert.match(error.message, /^the Secret taz-authority holds no authorities/);
      assert.doesNotMatch(error.message, /private/);
      return true;
    });
  });
});
