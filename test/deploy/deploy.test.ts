import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { type Manifest, objectsIn, one, readYaml, root, run } from '../chart/chart.ts';

const read = (path: string) => readFileSync(root + path, 'utf8');
const PATH = `${process.env['PATH']}${delimiter}${process.env['KUBEBUILDER_ASSETS'] ?? ''}`;
const kubectlMissing =
  spawnSync('kubectl', ['version', '--client'], { env: { ...process.env, PATH } }).status !== 0 &&
  'no kubectl: put it on PATH, or set KUBEBUILDER_ASSETS to the folder that test/cluster/build prints';
const kustomize = (path: string) => objectsIn(run('kubectl', ['kustomize', root + path], { env: { PATH } }));

const sorted = (objects: Manifest[]): Manifest[] => objects.toSorted((a, b) => key(a).localeCompare(key(b)));
const key = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace}/${metadata.name}`;
const container = (objects: Manifest[]) => one(objects, 'Deployment')['spec'].template.spec.containers[0];

test('plain manifests make the namespace first, and are of no Helm', () => {
  const text = read('deploy/taz.yaml');
  const objects = objectsIn(text);
  assert.equal(objects[0]!.kind, 'Namespace');
  assert.doesNotMatch(text, /helm/i);
  for (const { kind, metadata } of objects)
    assert.ok(metadata.namespace ?? /^Namespace|^Cluster|^Custom/.test(kind));
  assert.deepEqual(
    one(objects, 'CustomResourceDefinition')['spec'],
    readYaml('crds/taz.dev_loadtests.yaml')['spec'],
  );
});

test('every file of deploy/ is YAML that a reader of Kubernetes takes', () => {
  for (const path of globSync('deploy/**/*.yaml', { cwd: root })) {
    for (const document of parseAllDocuments(read(path), { version: '1.1' })) {
      assert.deepEqual(document.errors, [], path);
    }
  }
});

suite('Kustomize', { skip: kubectlMissing }, () => {
  test('the base has the objects of the plain manifests', () => {
    const plain = sorted(objectsIn(read('deploy/taz.yaml')));
    const base = sorted(kustomize('deploy/kustomize/base'));
    assert.deepEqual(base.map(key), plain.map(key));
    // The CRD of the base has no labels.
    const others = (objects: Manifest[]) => objects.filter(({ kind }) => kind !== 'CustomResourceDefinition');
    assert.deepEqual(others(base), others(plain));
  });

  test('the example overlay gives controller and workers one image, and limits', () => {
    const objects = kustomize('deploy/kustomize/example');
    const { image, args } = container(objects);
    assert.equal(image, 'registry.example.com/tools/taz:0.1.0');
    const before = container(objectsIn(read('deploy/taz.yaml'))).args as string[];
    assert.deepEqual(
      args,
      before.map((each) => (each.startsWith('--image=') ? `--image=${image}` : each)),
    );
    assert.equal(one(objects, 'ConfigMap')['data'].maxRatePerTest, '20000/s');
  });
});
