import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import {
  type WorkerTemplateOptions,
  workerOf,
  workerPod,
  workerTemplate,
} from '../../../src/controller/pods/worker-pod.ts';
import { isKubeError } from '../../../src/kube/errors.ts';
import { NAMESPACES, PODS } from '../../../src/kube/resources.ts';
import { useApiServer } from '../../cluster/api-server.ts';
import { DEFAULTS, identity, RUN, specWith, templateOf } from '../test-identity.ts';

const api = await useApiServer();
after(api.stop);

const made = (more: Partial<WorkerTemplateOptions> = {}) =>
  workerTemplate({
    test: identity('ingest'),
    run: RUN,
    spec: specWith(),
    beside: null,
    defaults: DEFAULTS,
    ...more,
  });
const container = (more: Partial<WorkerTemplateOptions> = {}) => made(more).spec.containers[0]!;
const valueOf = (name: string, more: Partial<WorkerTemplateOptions> = {}) =>
  container(more).env!.find((variable) => variable.name === name)?.value;

test('a pod is found by its labels, which say whose and which worker it is', () => {
  const owner = identity('ingest', 'a'.repeat(100));
  const pod = workerPod(owner, RUN, { index: 3, replacement: 1 }, templateOf(owner));
  const { labels, ownerReferences } = pod.metadata;
  assert.equal(labels!['taz.dev/loadtest']!.length, 63);
  assert.equal(labels!['app.kubernetes.io/instance'], labels!['taz.dev/loadtest']);
  assert.deepEqual(
    Object.entries(labels!).filter(([name]) => !/loadtest|instance/.test(name)),
    [
      ['app.kubernetes.io/name', 'taz-worker'],
      ['app.kubernetes.io/managed-by', 'taz'],
      ['app.kubernetes.io/component', 'worker'],
      ['taz.dev/run', RUN],
      ['taz.dev/worker', '3'],
      ['taz.dev/replacement', '1'],
    ],
  );
  assert.deepEqual(workerOf(pod), { index: 3, replacement: 1 });
  assert.deepEqual(ownerReferences, [
    {
      apiVersion: 'taz.dev/v1alpha1',
      kind: 'LoadTest',
      name: owner.name,
      uid: owner.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
});

test('what a worker is told stands in its environment; what is not limited is not there', () => {
  assert.equal(valueOf('TAZ_RUN'), RUN);
  assert.equal(valueOf('TAZ_COORDINATOR'), DEFAULTS.coordinatorUrl);
  assert.equal(valueOf('TAZ_MAX_RATE'), undefined);
  assert.equal(valueOf('TAZ_ALLOWED_HOSTS'), undefined);
  const defaults = { ...DEFAULTS, maxRate: '5000/s', allowedHosts: ['*.ingest', 'localhost'] };
  assert.equal(valueOf('TAZ_MAX_RATE', { defaults }), '5000/s');
  assert.equal(valueOf('TAZ_ALLOWED_HOSTS', { defaults }), '*.ingest,localhost');
});

test('each Secret is a folder that need not be there, mounted whole', () => {
  const name = `${'s'.repeat(63)}.${'t'.repeat(63)}`;
  const variables = [{ name: 'T', valueFrom: { secretKeyRef: { name, key: 'token' } } }];
  const { spec } = made({ spec: specWith({ variables }) });
  const volume = spec.volumes!.find(({ secret }) => secret !== undefined)!;
  assert.deepEqual(volume.secret, { secretName: name, optional: true });
  const mount = spec.containers[0]!.volumeMounts!.find((entry) => entry.name === volume.name)!;
  assert.deepEqual(mount, { name: volume.name, mountPath: `/var/run/taz/secrets/${name}`, readOnly: true });
  assert.ok(volume.name.length <= 63);
});

test('workers would rather be beside the pods named, and apart from each other', () => {
  const { spec } = made({ beside: { app: 'tracking-api' } });
  const [preferred] = spec.affinity!.podAffinity!.preferredDuringSchedulingIgnoredDuringExecution!;
  assert.equal(preferred!.weight, 100);
  assert.equal(preferred!.podAffinityTerm.topologyKey, 'kubernetes.io/hostname');
  assert.deepEqual(preferred!.podAffinityTerm.labelSelector, { matchLabels: { app: 'tracking-api' } });
  assert.equal(made().spec.affinity, undefined);
  assert.equal(spec.topologySpreadConstraints![0]!.whenUnsatisfiable, 'ScheduleAnyway');
});

test('resources are those of the settings, else half a core and a bounded memory', () => {
  assert.deepEqual(container().resources, {
    requests: { cpu: '500m', memory: '512Mi' },
    limits: { memory: '1Gi' },
  });
  const resources = { requests: { cpu: '2' } };
  assert.deepEqual(container({ defaults: { ...DEFAULTS, resources } }).resources, resources);
});

suite('on a real API server', { skip: api.missing }, () => {
  test('a namespace that enforces the restricted standard takes every kind of worker pod, field by field', async () => {
    const namespace = await api.namespace();
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await api.client.merge(NAMESPACES, { name: namespace }, { metadata: { labels } });
    const owner = identity(namespace, `${'long.'.repeat(50)}er`);
    const secretKeyRef = { name: 'a.b', key: 'token' };
    const spec = specWith({ variables: [{ name: 'T', valueFrom: { secretKeyRef } }] });
    const defaults = {
      ...DEFAULTS,
      imagePullPolicy: 'Never' as const,
      imagePullSecrets: ['registry'],
      maxRate: '5/s',
      allowedHosts: ['a', 'b'],
    };
    const template = workerTemplate({ test: owner, run: RUN, spec, beside: { app: 'x' }, defaults });
    const pod = workerPod(owner, RUN, { index: 0, replacement: 0 }, template);
    const stored = await api.client.create(PODS, pod, { fieldValidation: 'Strict' });
    assert.equal(stored.metadata.name, pod.metadata.name);
    const open = { metadata: { namespace, name: 'open' }, spec: { containers: [{ name: 'a', image: 'b' }] } };
    await assert.rejects(api.client.create(PODS, open), (error) => isKubeError(error, 'Forbidden'));
  });
});
