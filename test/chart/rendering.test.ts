import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { HelmError } from '../../scripts/generating/helm.ts';
import { parseRate } from '../../src/units/rate.ts';
import {
  CHART,
  helm,
  helmMissing,
  MATRIX,
  type Manifest,
  one,
  readYaml,
  render,
  root,
  run,
} from './chart.ts';

const packageJson = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };

test('the chart has the version of the package', () => {
  const { version, appVersion } = readYaml('charts/taz/Chart.yaml');
  assert.deepEqual([version, appVersion], [packageJson.version, packageJson.version]);
});

suite('the chart', { skip: helmMissing }, () => {
  test('is found good by helm lint', () => {
    assert.match(run(helm!, ['lint', '--strict', CHART]), /0 chart\(s\) failed/);
  });

  for (const [name, values] of Object.entries(MATRIX)) {
    suite(name, () => {
      const objects = helm === null ? [] : render({ values });
      const deployment = () => one(objects, 'Deployment');
      const pod = () => deployment()['spec'].template;
      const container = () => pod().spec.containers[0];
      const argument = (flag: string): string | undefined =>
        (container().args as string[]).find((each) => each.startsWith(`--${flag}=`))?.slice(flag.length + 3);

      test('has each name once, and all of the release in its namespace', () => {
        const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
        assert.equal(new Set(names).size, names.length);
        const elsewhere = objects.filter(({ metadata }) => metadata.namespace !== 'taz-system');
        for (const { kind } of elsewhere) {
          assert.match(kind, /^(Cluster)?Role(Binding)?$|^CustomResourceDefinition$/);
        }
      });

      test('has services whose ports are those of the container', () => {
        const ports = new Map<string, number>(
          container().ports.map((port: { name: string; containerPort: number }) => [
            port.name,
            port.containerPort,
          ]),
        );
        assert.deepEqual(
          [...ports],
          [
            ['coordinator', Number(argument('port'))],
            ['metrics', Number(argument('metrics-port'))],
          ],
        );
        for (const service of objects.filter(({ kind }) => kind === 'Service')) {
          for (const { port, targetPort } of service['spec'].ports) assert.equal(ports.get(targetPort), port);
        }
        for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
          assert.equal(container()[probe].httpGet.port, 'metrics');
        }
      });

      test('sends workers to the leader, and scrapes to all', () => {
        const labels = pod().metadata.labels;
        const coordinator = one(objects, 'Service', argument('service'));
        const { 'taz.dev/leader': leader, ...rest } = coordinator['spec'].selector;
        assert.equal(leader, 'true');
        for (const selector of [rest, deployment()['spec'].selector.matchLabels]) {
          for (const [label, value] of Object.entries(selector)) assert.equal(labels[label], value);
        }
        assert.equal(labels['taz.dev/leader'], undefined, 'a new pod does not lead');
        const metrics = objects.filter(
          ({ kind, metadata }) => kind === 'Service' && metadata.labels?.['taz.dev/service'] === 'metrics',
        );
        assert.equal(metrics.length, 1);
        assert.deepEqual(metrics[0]!['spec'].selector, rest);
      });

      test('tells the controller the names of what there is', () => {
        assert.equal(argument('namespace'), 'taz-system');
        assert.ok(one(objects, 'ConfigMap', argument('settings')));
        const own = one(objects, 'Role', deployment().metadata.name);
        const named = (resource: string): string[] =>
          own['rules'].flatMap((rule: { resources: string[]; resourceNames?: string[] }) =>
            rule.resources.includes(resource) ? (rule.resourceNames ?? []) : [],
          );
        assert.deepEqual(named('leases'), [argument('lease')]);
        assert.deepEqual(named('secrets'), [argument('authority-secret')]);
        assert.deepEqual(named('configmaps'), [argument('settings')]);
        const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
        assert.deepEqual(
          accounts.map(({ metadata }) => metadata.name),
          pod().spec.serviceAccountName === 'default' ? [] : [pod().spec.serviceAccountName],
        );
        for (const { subjects } of objects.filter(({ kind }) => kind.endsWith('Binding'))) {
          assert.deepEqual(subjects, [
            { kind: 'ServiceAccount', name: pod().spec.serviceAccountName, namespace: 'taz-system' },
          ]);
        }
      });

      test('grants no wildcard, and lets its policies through to the ports in use', () => {
        for (const { rules } of objects.filter(({ kind }) => kind.endsWith('Role'))) {
          assert.doesNotMatch(JSON.stringify(rules), /\*/);
        }
        const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
        assert.equal(policies.length, container().args.includes('--network-policies') ? 1 : 0);
        for (const { spec } of policies) {
          const open = spec.ingress.flatMap(({ ports }: { ports: { port: number }[] }) =>
            ports.map(({ port }) => port),
          );
          assert.deepEqual(open, [8443, 8080]);
          for (const [label, value] of Object.entries(spec.podSelector.matchLabels)) {
            assert.equal(pod().metadata.labels[label], value);
          }
        }
      });
    });
  }

  test('brings the CRD of crds/, kept or not, or none', () => {
    const crd = readYaml('crds/taz.dev_loadtests.yaml');
    const kept = one(render(), 'CustomResourceDefinition');
    assert.deepEqual(kept['spec'], crd['spec']);
    assert.equal(kept.metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    const loose = one(render({ values: { crds: { keep: false } } }), 'CustomResourceDefinition');
    assert.equal(loose.metadata.annotations, undefined);
    const none = render({ values: { crds: { install: false } } });
    assert.deepEqual(
      none.filter(({ kind }) => kind === 'CustomResourceDefinition'),
      [],
    );
  });

  test('grants the controller what it needs and nothing else', () => {
    const objects = render();
    assert.deepEqual(rights(one(objects, 'ClusterRole', 'taz-taz-system-tests')), [
      'configmaps: create delete get list patch watch',
      'events.events.k8s.io: create patch',
      'loadtests.taz.dev: get list watch',
      'loadtests/finalizers.taz.dev: update',
      'loadtests/status.taz.dev: patch',
      'networkpolicies.networking.k8s.io: create delete list patch watch',
      'pods: create delete get list watch',
      'podtemplates: create delete patch',
      'serviceaccounts: create list patch watch',
    ]);
    assert.deepEqual(rights(one(objects, 'Role', 'taz')), [
      'configmaps taz-settings: get list watch',
      'leases.coordination.k8s.io taz-controller: get update',
      'leases.coordination.k8s.io: create',
      'pods: get list patch',
      'secrets taz-authority: create get patch',
    ]);
    const inNamespace = render({ values: { scope: { namespaces: ['a', 'b'] } } });
    for (const namespace of ['a', 'b']) {
      const role = inNamespace.find(
        ({ kind, metadata }) => kind === 'Role' && metadata.namespace === namespace,
      );
      assert.deepEqual(rights(role!), rights(one(objects, 'ClusterRole', 'taz-taz-system-tests')));
    }
  });

  test('lets viewers look and editors change, by the roles that Kubernetes has', () => {
    const objects = render();
    const viewer = one(objects, 'ClusterRole', 'taz-taz-system-viewer');
    const editor = one(objects, 'ClusterRole', 'taz-taz-system-editor');
    const into = ({ metadata }: Manifest): string[] =>
      Object.keys(metadata.labels ?? {}).flatMap((label) => label.split('aggregate-to-')[1] ?? []);
    assert.deepEqual(into(viewer), ['view', 'edit', 'admin']);
    assert.deepEqual(into(editor), ['edit', 'admin']);
    assert.ok(
      viewer['rules'].every(({ verbs }: { verbs: string[] }) =>
        verbs.every((verb) => /^(get|list|watch)$/.test(verb)),
      ),
    );
    assert.doesNotMatch(JSON.stringify(editor['rules']), /status/, 'the status is the operator’s alone');
  });

  test('with the values for one namespace, nothing is outside of it', () => {
    const values = readYaml('deploy/helm/namespaced.yaml');
    for (const { kind, metadata } of render({ namespace: 'load-tests', values })) {
      assert.equal(metadata.namespace, 'load-tests', kind);
      assert.doesNotMatch(kind, /^Cluster|^CustomResource/);
    }
  });

  test('passes the safety values on, each as the controller reads it', () => {
    const settings = (values: object) => one(render({ values }), 'ConfigMap')['data'];
    const { workerResources, ...usual } = settings({});
    assert.deepEqual(usual, { killSwitch: 'false' });
    assert.deepEqual(JSON.parse(workerResources), readYaml('charts/taz/values.yaml')['worker'].resources);
    const { maxRatePerTest, maxRateTotal, allowedHosts, killSwitch } = settings(
      MATRIX['with everything on']!,
    );
    assert.deepEqual(
      [maxRatePerTest, maxRateTotal].map((rate) => parseRate(rate).toNumber()),
      [5000, 1.5],
    );
    assert.deepEqual([allowedHosts, killSwitch], ['*.svc\napi.example.com', 'true']);
  });

  test('gives workers the image of the controller, unless another is named', () => {
    const image = (values: object): string[] =>
      one(render({ values }), 'Deployment')['spec'].template.spec.containers[0].args.filter((each: string) =>
        each.startsWith('--image'),
      );
    assert.deepEqual(
      image({ image: { repository: 'r.example/taz', tag: '7' }, imagePullSecrets: [{ name: 'a' }] }),
      ['--image=r.example/taz:7', '--image-pull-policy=IfNotPresent', '--image-pull-secret=a'],
    );
    assert.deepEqual(image({ worker: { image: { repository: 'w', tag: '2', pullPolicy: 'Never' } } }), [
      '--image=w:2',
      '--image-pull-policy=Never',
    ]);
  });

  test('keeps within what names may have, whatever the release is called', () => {
    const release = `a${'b'.repeat(51)}c`;
    for (const { kind, metadata } of render({ release })) {
      const { length } = metadata.name;
      assert.ok(
        length <= (kind === 'CustomResourceDefinition' || kind.includes('Role') ? 253 : 63),
        metadata.name,
      );
    }
    const service = one(render({ release: 'tests' }), 'Deployment');
    assert.equal(service.metadata.name, 'tests-taz');
  });
});

suite('values.schema.json', { skip: helmMissing }, () => {
  test('describes each value of values.yaml and no other', () => {
    const schema = JSON.parse(readFileSync(`${CHART}/values.schema.json`, 'utf8'));
    const { global: _, enabled: __, ...described } = schema.properties;
    const values = readYaml('charts/taz/values.yaml');
    assert.deepEqual(Object.keys(described).sort(), Object.keys(values).sort());
  });

  const WRONG: [path: string, values: object][] = [
    ['replicas', { replicas: 2 }],
    ['replicaCount', { replicaCount: '2' }],
    ['replicaCount', { replicaCount: -1 }],
    ['image', { image: 'taz:1' }],
    ['repository', { image: { repository: '' } }],
    ['repository', { image: { repository: 'taz:1' } }],
    ['repo', { image: { repo: 'taz' } }],
    ['tag', { image: { tag: 1 } }],
    ['pullPolicy', { image: { pullPolicy: 'Sometimes' } }],
    ['imagePullSecrets', { imagePullSecrets: ['login'] }],
    ['crds', { crds: true }],
    ['installCRDs', { installCRDs: true }],
    ['namespace', { scope: { namespace: 'a' } }],
    ['namespaces', { scope: { namespaces: 'a' } }],
    ['namespaces', { scope: { namespaces: ['A_b'] } }],
    ['maxRatePerTest', { limits: { maxRatePerTest: 5000 } }],
    ['maxRatePerTest', { limits: { maxRatePerTest: '5000' } }],
    ['maxRateTotal', { limits: { maxRateTotal: '5000/d' } }],
    ['maxRateTotal', { limits: { maxRateTotal: '0.0/s' } }],
    ['maxRate', { limits: { maxRate: '5/s' } }],
    ['allowedHosts', { limits: { allowedHosts: '*.svc' } }],
    ['allowedHosts', { limits: { allowedHosts: ['http://a'] } }],
    ['killSwitch', { killSwitch: 'true' }],
    ['killswitch', { killswitch: true }],
    ['logLevel', { logLevel: 'verbose' }],
    ['memory', { resources: { memory: '1Gi' } }],
    ['limit', { worker: { resources: { limit: {} } } }],
    ['labels', { podMonitor: { labels: ['a'] } }],
    ['interval', { serviceMonitor: { interval: 30 } }],
    ['enable', { networkPolicy: { enable: true } }],
    ['apiServerPorts', { networkPolicy: { apiServerPorts: [] } }],
    ['maxUnavailable', { podDisruptionBudget: { maxUnavailable: 0 } }],
    ['minAvailable', { podDisruptionBudget: { minAvailable: 1 } }],
    ['viewers', { aggregateRoles: { viewers: true } }],
    ['serviceAccountName', { serviceAccountName: 'a' }],
    ['podLabels', { podLabels: { 'app.kubernetes.io/name': 'other' } }],
    ['commonLabels', { commonLabels: { 'taz.dev/leader': 'true' } }],
    ['nodeSelector', { nodeSelector: { a: true } }],
    ['fullnameOverride', { fullnameOverride: 'a'.repeat(48) }],
  ];
  for (const [path, values] of WRONG) {
    test(`refuses ${JSON.stringify(values)}`, () => {
      assert.throws(
        () => render({ values }),
        (error: unknown) => error instanceof HelmError && error.message.includes(path),
      );
    });
  }
});

/** `resource.group names: verbs`, sorted. */
function rights({ rules }: Manifest): string[] {
  type Rule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] };
  return (rules as Rule[])
    .flatMap(({ apiGroups: [group], resources, resourceNames, verbs }) =>
      resources.map((resource) => {
        const names = resourceNames === undefined ? '' : ` ${resourceNames.join(' ')}`;
        return `${resource}${group === '' ? '' : `.${group}`}${names}: ${[...verbs].sort().join(' ')}`;
      }),
    )
    .sort();
}
