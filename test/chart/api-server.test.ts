import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Client } from '../../src/kube/client.ts';
import { isKubeError } from '../../src/kube/errors.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { CONFIG_MAPS, LEASES, LOAD_TESTS, NAMESPACES, PODS, SECRETS } from '../../src/kube/resources.ts';
import { manifestWith } from '../api/load-test-manifest.ts';
import { useApiServer } from '../cluster/api-server.ts';
import { CHART, helm, helmMissing, MATRIX, type Manifest, objectsIn, one, render, run } from './chart.ts';

const api = await useApiServer();
after(api.stop);

suite('a real API server', { skip: api.missing || helmMissing }, () => {
  let namespace: string;
  before(async () => {
    await api.installLoadTests();
    namespace = await api.namespace();
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await api.client.merge(NAMESPACES, { name: namespace }, { metadata: { labels } });
  });

  for (const [name, values] of Object.entries(MATRIX)) {
    test(`takes every object of the chart ${name}`, async () => {
      const objects = render({ namespace, values });
      for (const object of objects.filter(({ apiVersion }) => !apiVersion.startsWith('monitoring.'))) {
        await api.client.apply(resourceOf(object), object, { dryRun: true, fieldValidation: 'Strict' });
      }
      for (const monitor of objects.filter(({ apiVersion }) => apiVersion.startsWith('monitoring.'))) {
        assertMonitor(monitor);
      }
    });

    test(`takes the controller's pod ${name} in a namespace of restricted pods`, async () => {
      const { metadata, spec } = one(render({ namespace, values }), 'Deployment')['spec'].template;
      const pod = { metadata: { ...metadata, namespace, name: 'controller' }, spec };
      await api.client.create(PODS, pod, { dryRun: true, fieldValidation: 'Strict' });
      const loose = { ...spec, containers: [{ ...spec.containers[0], securityContext: {} }] };
      await assert.rejects(
        api.client.create(PODS, { ...pod, spec: loose }, { dryRun: true }),
        /violates PodSecurity "restricted/,
      );
    });
  }
});

suite('helm, against a real API server', { skip: api.missing || helmMissing }, () => {
  const quiet = { crds: { install: false }, aggregateRoles: { viewer: false, editor: false } };
  let namespace: string;
  let watched: string;
  let asController: Client;
  let notes: string;

  const release = (verb: 'install' | 'upgrade', values: object): string =>
    run(helm!, [verb, 'taz', CHART, '--namespace', namespace, '--values', '-'], {
      env: { KUBECONFIG: api.kubeconfig },
      input: JSON.stringify({ ...quiet, scope: { namespaces: [watched] }, ...values }),
    });

  before(async () => {
    await api.installLoadTests();
    namespace = await api.namespace();
    watched = await api.namespace();
    notes = release('install', {});
    const headers = { 'impersonate-user': `system:serviceaccount:${namespace}:taz` };
    const access = { ...api.access, headers: { ...api.access.headers, ...headers } };
    asController = new Client(api.connect({ access }), 'taz-controller');
  });
  after(() => {
    run(helm!, ['uninstall', 'taz', '--namespace', namespace], { env: { KUBECONFIG: api.kubeconfig } });
  });

  test('installs, and its notes have a first test that is taken', async () => {
    const [, manifest] = /<<END\n(.*?)^ *END$/ms.exec(notes)!;
    const [first] = objectsIn(manifest!.replace(/^ {2}/gm, ''));
    assert.equal(first!.metadata.namespace, watched);
    await api.client.create(LOAD_TESTS, first as never, { dryRun: true, fieldValidation: 'Strict' });
  });

  test('an upgrade changes the settings, and nothing restarts for it', async () => {
    const version = async () =>
      (await api.client.get(DEPLOYMENTS, { namespace, name: 'taz' })).metadata.generation;
    const before = await version();
    release('upgrade', { killSwitch: true, limits: { maxRateTotal: '10/s' } });
    const { data } = await api.client.get(CONFIG_MAPS, { namespace, name: 'taz-settings' });
    assert.deepEqual([data!['killSwitch'], data!['maxRateTotal']], ['true', '10/s']);
    assert.equal(await version(), before);
  });

  test('the controller may do its work where it is told to look for tests', async () => {
    await api.client.create(LOAD_TESTS, placed(manifestWith({}), watched, 'a') as never);
    await asController.list(LOAD_TESTS, { namespace: watched });
    await asController.list(PODS, { namespace: watched });
    const status = { ...placed(manifestWith({}), watched, 'a'), status: { phase: 'Pending' } };
    await asController.apply(LOAD_TESTS, { ...status, spec: undefined } as never, { subresource: 'status' });
    await asController.apply(CONFIG_MAPS, { metadata: { namespace: watched, name: 'a' } });
  });

  test('it makes and reads the Secret of its authority, and no other', async () => {
    const secret = (name: string) => ({ metadata: { namespace, name } });
    await asController.apply(SECRETS, secret('taz-authority'));
    await asController.get(SECRETS, { namespace, name: 'taz-authority' });
    for (const refused of [
      () => asController.get(SECRETS, { namespace, name: 'other' }),
      () => asController.list(SECRETS, { namespace }),
      () => asController.apply(SECRETS, secret('other')),
      () => asController.get(SECRETS, { namespace: watched, name: 'taz-authority' }),
    ]) {
      await assert.rejects(refused, forbidden);
    }
  });

  test('it holds its Lease, and no other', async () => {
    await asController.create(LEASES, { metadata: { namespace, name: 'taz-controller' }, spec: {} });
    await asController.get(LEASES, { namespace, name: 'taz-controller' });
    await assert.rejects(asController.get(LEASES, { namespace, name: 'other' }), forbidden);
  });

  test('it has no rights elsewhere, and cannot change what users wrote', async () => {
    for (const refused of [
      () => asController.list(LOAD_TESTS, {}),
      () => asController.list(PODS, { namespace: 'default' }),
      () => asController.apply(LOAD_TESTS, placed(manifestWith({}), watched, 'a') as never),
      () => asController.delete(LOAD_TESTS, { namespace: watched, name: 'a' }),
      () => asController.list(NAMESPACES, {}),
    ]) {
      await assert.rejects(refused, forbidden);
    }
  });
});

const forbidden = (error: unknown): boolean => isKubeError(error, 'Forbidden');

const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};

function placed(manifest: Record<string, unknown>, namespace: string, name: string): Record<string, unknown> {
  return { ...manifest, metadata: { namespace, name } };
}

function resourceOf({ apiVersion, kind, metadata }: Manifest): Resource<KubeObject> {
  const [version, group = ''] = apiVersion.split('/').reverse() as [string, string?];
  const plural = `${kind.toLowerCase().replace(/y$/, 'ie')}s`;
  return { group, version, kind, plural, namespaced: metadata.namespace !== undefined };
}

/** The Prometheus operator is not there to judge: what it needs is looked at here. */
function assertMonitor({ kind, spec }: Manifest): void {
  assert.match(kind, /^(Pod|Service)Monitor$/);
  assert.ok(Object.keys(spec.selector.matchLabels).length > 0);
  assert.ok(spec.namespaceSelector.any === true || spec.namespaceSelector.matchNames.length > 0);
  const endpoints = kind === 'PodMonitor' ? spec.podMetricsEndpoints : spec.endpoints;
  assert.deepEqual(Object.keys(endpoints[0]), ['port', 'path', 'interval', 'scrapeTimeout']);
  assert.equal(endpoints[0].port, 'metrics');
}
