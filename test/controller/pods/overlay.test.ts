import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ProblemsError } from '../../../src/api/problem.ts';
import type { TestIdentity } from '../../../src/controller/children/owner.ts';
import { type Overlay, Overlays } from '../../../src/controller/pods/overlay.ts';
import { workerPod } from '../../../src/controller/pods/worker-pod.ts';
import { Client } from '../../../src/kube/client.ts';
import { POD_TEMPLATES, PODS } from '../../../src/kube/resources.ts';
import { useApiServer } from '../../cluster/api-server.ts';
import { identity, RUN, templateOf } from '../test-identity.ts';

const api = await useApiServer();
after(api.stop);

suite('an overlay that a real API server lays', { skip: api.missing }, () => {
  let owner: TestIdentity;
  let calls = 0;
  let overlays: Overlays;
  before(async () => {
    owner = identity(await api.namespace(), 'a.b');
    overlays = new Overlays(new Client(api.connect({ observe: () => calls++ }), 'taz-controller'));
  });

  const lay = (overlay: Overlay | null) => overlays.lay(owner, templateOf(owner), overlay);

  async function problems(overlay: Overlay): Promise<string[]> {
    try {
      await lay(overlay);
    } catch (error) {
      assert.ok(error instanceof ProblemsError, String(error));
      return error.problems.map(
        ({ path, message }) => `${path.replace('spec.workers.template', '…')}: ${message}`,
      );
    }
    return [];
  }

  test('adds to what Taz says, merges by name, and makes a pod that is taken', async () => {
    const laid = await lay({
      metadata: { labels: { team: 'ingest' }, annotations: { note: 'x' } },
      spec: {
        nodeSelector: { pool: 'load' },
        tolerations: [{ key: 'load', operator: 'Exists' }],
        containers: [
          { name: 'taz', resources: { limits: { memory: '4Gi' } }, env: [{ name: 'A', value: 'b' }] },
          { name: 'proxy', image: 'proxy:1' },
        ],
        volumes: [{ name: 'templates', configMap: { name: 'more' } }],
      },
    });
    const { labels, annotations } = laid.metadata;
    assert.deepEqual([labels['team'], labels['taz.dev/run'], annotations], ['ingest', RUN, { note: 'x' }]);
    const [taz, proxy] = laid.spec.containers;
    assert.deepEqual([taz!.name, proxy!.name], ['taz', 'proxy']);
    assert.deepEqual(taz!.resources, {
      limits: { memory: '4Gi' },
      requests: { cpu: '500m', memory: '512Mi' },
    });
    assert.deepEqual(taz!.args, ['worker']);
    assert.equal(taz!.env!.at(-1)!.name, 'A');
    assert.deepEqual(laid.spec.nodeSelector, { pool: 'load' });
    const pod = workerPod(owner, RUN, { index: 0, replacement: 0 }, laid);
    await api.client.create(PODS, pod, { fieldValidation: 'Strict' });
  });

  const rows: [what: string, overlay: Overlay, expected: string[]][] = [
    [
      'a field that there is not',
      { spec: { nodeSelektor: {} } },
      ['….spec.nodeSelektor: is not a field of a Kubernetes pod template'],
    ],
    [
      'a field beside spec that there is not',
      { sepc: {} },
      ['….sepc: is not a field of a Kubernetes pod template'],
    ],
    [
      'a text where a list has to be',
      { spec: { containers: 'x' } },
      ['….spec.containers: expected list, got x'],
    ],
    [
      'a number where a text has to be',
      { spec: { nodeSelector: { a: 1 } } },
      ['….spec.nodeSelector.a: expected string, got 1'],
    ],
    [
      'a quantity that is none',
      { spec: { containers: [{ name: 'taz', resources: { limits: { memory: 'lots' } } }] } },
      ["…: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    ],
    [
      'a value that is not one of several',
      { spec: { tolerations: [{ key: 'a', operator: 'Is' }] } },
      ['….spec.tolerations[0].operator: Unsupported value: "Is": supported values: "Equal", "Exists"'],
    ],
    [
      'another restart policy',
      { spec: { restartPolicy: 'Always' } },
      ['….spec.restartPolicy: has to be Never: a worker that ended is replaced by another pod'],
    ],
    [
      'no time to end',
      { spec: { terminationGracePeriodSeconds: 0 } },
      [
        '….spec.terminationGracePeriodSeconds: has to be at least 10: a worker needs the time to give its last word',
      ],
    ],
    [
      'other arguments and environment',
      { spec: { containers: [{ name: 'taz', args: ['x'], env: [{ name: 'TAZ_RUN', value: 'other' }] }] } },
      [
        `….spec.containers["taz"].args: cannot be changed: it is how Taz's worker is run`,
        '….spec.containers["taz"].env.TAZ_RUN: cannot be changed: it tells the worker what it is',
      ],
    ],
    [
      'another volume in the place of the token',
      {
        spec: {
          containers: [
            { name: 'taz', volumeMounts: [{ mountPath: '/var/run/taz/coordinator', name: 'tmp' }] },
          ],
        },
      },
      [
        '….spec.containers["taz"].volumeMounts["/var/run/taz/coordinator"]: cannot be changed: the worker needs what is mounted there',
      ],
    ],
    [
      'another token',
      {
        spec: {
          volumes: [
            { name: 'coordinator', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
          ],
        },
      },
      [`….spec.volumes.coordinator: cannot be changed: it is Taz's own`],
    ],
    [
      "labels of Taz's own",
      { metadata: { labels: { 'taz.dev/run': 'other', 'taz.dev/worker': '7' } } },
      [
        '….metadata.labels["taz.dev/run"]: cannot be changed: workers are found by it',
        '….metadata.labels["taz.dev/worker"]: cannot be changed: workers are found by it',
      ],
    ],
    [
      'metadata that a template does not hand on',
      { metadata: { name: 'x', finalizers: ['a/b'] } },
      [
        '….metadata.name: cannot be set: of metadata only labels and annotations can',
        '….metadata.finalizers: cannot be set: of metadata only labels and annotations can',
      ],
    ],
  ];
  for (const [what, overlay, expected] of rows) {
    test(`is refused with the name of the field: ${what}`, async () => {
      assert.deepEqual(await problems(overlay), expected);
    });
  }

  test('is laid once for all pods, also for many at once and when it is wrong', async () => {
    calls = 0;
    const overlay = { spec: { nodeSelector: { once: 'only' } } };
    const [first, second] = await Promise.all([lay(overlay), lay(overlay)]);
    assert.equal(await lay(overlay), first);
    assert.equal(second, first);
    assert.equal(calls, 3, 'apply, apply as a dry run, delete');
    await problems({ sepc: {} });
    await problems({ sepc: {} });
    assert.equal(calls, 6);
    overlays.forget(owner.uid);
    await lay(overlay);
    assert.equal(calls, 9);
  });

  test('costs nothing where there is none, and leaves nothing behind', async () => {
    calls = 0;
    const base = templateOf(owner);
    assert.equal(await overlays.lay(owner, base, null), base);
    assert.equal(await overlays.lay(owner, base, {}), base);
    assert.equal(calls, 0);
    const { items } = await api.client.list(POD_TEMPLATES, { namespace: owner.namespace });
    assert.deepEqual(items, []);
  });
});
