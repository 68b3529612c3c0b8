import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { findHelm, type Rendering, renderChart } from '../../scripts/generating/helm.ts';
import type { KubeObject } from '../../src/kube/object.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const CHART = `${root}charts/taz`;

/** An object that is looked into: its kind says what is there. */
export interface Manifest extends KubeObject {
  // oxlint-disable-next-line typescript/no-explicit-any -- a test looks deep into manifests of all kinds
  [field: string]: any;
}

/** Helm's path; null: it is not there, and `helmMissing` says how to have it. */
export const helm = findHelm();
export const helmMissing =
  helm === null &&
  'no helm: put it on PATH, or set KUBEBUILDER_ASSETS to the folder that test/cluster/build prints';

/** The objects that the chart makes. @throws HelmError where Helm refuses the values */
export function render(rendering: Rendering = {}): Manifest[] {
  return objectsIn(renderChart(helm!, CHART, rendering));
}

export function objectsIn(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
}

export const readYaml = (path: string): Manifest => parse(readFileSync(root + path, 'utf8')) as Manifest;

/** The one object of a kind, or of a kind and name. */
export function one(objects: Manifest[], kind: string, name?: string): Manifest {
  const found = objects.filter(
    (each) => each.kind === kind && (name ?? each.metadata.name) === each.metadata.name,
  );
  if (found.length !== 1) throw new Error(`${found.length} objects are ${kind} ${name ?? ''}`);
  return found[0]!;
}

/** @returns what it prints. @throws Error with what it says where it fails */
export function run(program: string, args: string[], options: { env?: object; input?: string } = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    input: options.input ?? '',
    env: { ...process.env, ...options.env },
    maxBuffer: 32 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** Values that together use every switch of the chart. */
export const MATRIX: Readonly<Record<string, object>> = {
  'as it comes': {},
  'with everything on': {
    commonLabels: { team: 'traffic' },
    image: { repository: 'registry.example.com:5000/taz', tag: 'v9', pullPolicy: 'Always' },
    imagePullSecrets: [{ name: 'login' }],
    replicaCount: 3,
    logLevel: 'debug',
    limits: { maxRatePerTest: '5000/s', maxRateTotal: '90/m', allowedHosts: ['*.svc', 'api.example.com'] },
    killSwitch: true,
    worker: {
      image: { repository: 'registry.example.com/worker', tag: 'w1', pullPolicy: 'Never' },
      resources: { requests: { cpu: 2 }, limits: { memory: '2Gi' } },
    },
    serviceAccount: { name: 'runner', annotations: { 'example.com/role': 'none' } },
    podDisruptionBudget: { maxUnavailable: '50%' },
    networkPolicy: {
      enabled: true,
      metricsFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
    },
    podMonitor: { enabled: true, labels: { release: 'prometheus' } },
    serviceMonitor: { enabled: true, interval: '1m' },
    podAnnotations: { 'example.com/note': 'a' },
    podLabels: { tier: 'tools' },
    priorityClassName: 'system-cluster-critical',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'tools', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'taz' } },
      },
    ],
  },
  'with everything off': {
    replicaCount: 1,
    crds: { install: false },
    serviceAccount: { create: false },
    aggregateRoles: { viewer: false, editor: false },
    podDisruptionBudget: { enabled: false },
    resources: {},
    worker: { resources: {} },
  },
  'under other names': {
    nameOverride: 'load',
    fullnameOverride: `l${'o'.repeat(45)}d`,
    crds: { keep: false },
  },
  'for some namespaces': {
    scope: { namespaces: ['default', 'kube-public'] },
    crds: { install: false },
    aggregateRoles: { viewer: false, editor: false },
    networkPolicy: { enabled: true },
    podMonitor: { enabled: true },
  },
};
