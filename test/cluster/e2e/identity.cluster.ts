import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { PODS } from '../../../src/kube/resources.ts';
import { templatesFor } from './load-test.ts';
import { testImage } from './operator.ts';
import { useWorld } from './scene.ts';
import { until } from './until.ts';

const { cluster, scene } = await useWorld();
after(() => cluster.close());

const AUDIENCE = 'taz.dev/coordinator';
const FILES = '/var/run/taz/coordinator';

/** Asks the coordinator from within a pod. Argument: the token; prints the status. */
const ASK = `
const { request } = require('node:https');
const ca = require('node:fs').readFileSync('${FILES}/ca.crt');
const authorization = process.argv[1] === '' ? {} : { authorization: 'Bearer ' + process.argv[1] };
request(process.env.TAZ_COORDINATOR + '/v1/content/none', { ca, headers: authorization }, (response) => {
  console.log(response.statusCode);
  response.resume();
}).end();`;

describe('who workers are', () => {
  it('their token opens nothing on the API server, and their service account has no rights', () =>
    scene(async ({ test, target, namespace }) => {
      await test.apply({ ...templatesFor(cluster, target), rate: '10/s' });
      await test.untilRunning();
      const [{ metadata, spec }] = (await test.workers()) as [Awaited<ReturnType<typeof test.workers>>[0]];
      const inPod = (...args: string[]) =>
        cluster.kubectl('-n', namespace, 'exec', metadata.name, '-c', 'taz', '--', ...args);
      const token = await inPod('cat', `${FILES}/token`);
      await assert.rejects(inPod('ls', '/var/run/secrets/kubernetes.io/serviceaccount'), /No such file/);

      for (const [what, path] of [
        ['pods', `/api/v1/namespaces/${namespace}/pods`],
        ['secrets', `/api/v1/namespaces/${namespace}/secrets`],
        ['LoadTests', `/apis/taz.dev/v1alpha1/namespaces/${namespace}/loadtests`],
        ['itself', '/apis/authentication.k8s.io/v1/selfsubjectreviews'],
      ] as const) {
        assert.match(await withToken(inPod, token, path), /^401$/m, what);
      }
      const account = `system:serviceaccount:${namespace}:${spec!.serviceAccountName}`;
      const rights = await cluster.kubectl(
        'auth',
        'can-i',
        '--list',
        '-n',
        namespace,
        `--as=${account}`,
        '--no-headers',
      );
      const beyond = rights.split('\n').filter((line) => {
        const [resource = ''] = line.trim().split(/\s+/);
        // What everybody may: ask who they are and what they may, and read what the API server says of itself.
        return resource !== '' && !/^\[|^selfsubject/.test(resource);
      });
      assert.deepEqual(beyond, []);
    }));

  it('the coordinator refuses a forged token, and one of anything but the pods that it made', () =>
    scene(async ({ test, target, namespace }) => {
      await test.apply({ ...templatesFor(cluster, target), rate: '10/s' });
      await test.untilRunning();
      const [{ metadata, spec }] = (await test.workers()) as [Awaited<ReturnType<typeof test.workers>>[0]];
      const inPod = (...args: string[]) =>
        cluster.kubectl('-n', namespace, 'exec', metadata.name, '-c', 'taz', '--', ...args);
      const ask = async (token: string) => Number(await inPod('node', '-e', ASK, token));
      const account = spec!.serviceAccountName!;
      const issue = (...args: string[]) =>
        cluster.kubectl('-n', namespace, 'create', 'token', account, ...args).then((text) => text.trim());

      const own = (await inPod('cat', `${FILES}/token`)).trim();
      assert.equal(await ask(own), 404, 'its own is good, and there is no such content');
      assert.equal(await ask(''), 401, 'none');
      assert.equal(await ask('abc'), 401, 'no token at all');
      assert.equal(await ask(forged(own)), 401, 'another pod written into it');
      assert.equal(await ask(unsigned(own)), 401, 'without a signature');
      const audience = `--audience=${AUDIENCE}`;
      assert.equal(await ask(await issue(audience)), 401, 'of the right service account, and of no pod');
      const bound = ['--bound-object-kind=Pod', `--bound-object-name=${metadata.name}`];
      assert.equal(await ask(await issue(...bound)), 401, 'of the right pod, and for somebody else');

      await cluster.client.create(PODS, {
        metadata: { namespace, name: 'intruder', labels: { ...metadata.labels } },
        spec: {
          serviceAccountName: account,
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 10_001,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'taz',
              image: testImage(),
              imagePullPolicy: 'Never',
              args: ['--version'],
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            },
          ],
        },
      });
      const foreign = ['--bound-object-kind=Pod', '--bound-object-name=intruder'];
      const token = await until('a token of that pod', () => issue(audience, ...foreign));
      assert.equal(await ask(token), 401, 'of a pod that looks like a worker');
      assert.equal((await test.get()).status?.phase, 'Running');
    }));
});

/** The API server's answer to a call from within the pod. */
function withToken(
  inPod: (...args: string[]) => Promise<string>,
  token: string,
  path: string,
): Promise<string> {
  const program = `
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const method = process.argv[2].endsWith('reviews') ? 'POST' : 'GET';
const server = 'https://' + process.env.KUBERNETES_SERVICE_HOST + ':' + process.env.KUBERNETES_SERVICE_PORT;
fetch(server + process.argv[2], { method, headers: { authorization: 'Bearer ' + process.argv[1] } })
  .then((response) => console.log(response.status), (error) => console.log(String(error.cause)));`;
  return inPod('node', '-e', program, token.trim(), path);
}

/** The same token with another pod in its claims. */
function forged(token: string): string {
  const [head, body, signature] = token.split('.') as [string, string, string];
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  claims['kubernetes.io'] = { namespace: 'other', pod: { name: 'other', uid: 'other' } };
  return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

function unsigned(token: string): string {
  const [, body] = token.split('.') as [string, string, string];
  return `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${body}.`;
}
