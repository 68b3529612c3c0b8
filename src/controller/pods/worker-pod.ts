import { createHash } from 'node:crypto';
import type {
  V1EnvVar,
  V1PodSpec,
  V1Probe,
  V1ResourceRequirements,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node';
import type { RunSpec } from '../../api/run-spec.ts';
import { secretsOf } from '../../api/secrets.ts';
import type { PoolWorker } from '../../coordinator/worker-pool.ts';
import type { NewObject } from '../../kube/client.ts';
import type { Raw } from '../../kube/object.ts';
import type { Pod } from '../../kube/resources.ts';
import { childName, podName } from '../children/names.ts';
import { childLabels, LABELS, ownedBy, type TestIdentity, workerLabels } from '../children/owner.ts';

/** Name of the container that sends. */
export const CONTAINER = 'taz';

/** Where a worker answers `/healthz`, `/readyz` and `/metrics`, and how the port is called. */
export const METRICS_PORT = 9090;
export const METRICS_PORT_NAME = 'metrics';

/** Audience of the token by which a worker shows the coordinator who it is. */
export const AUDIENCE = 'taz.dev/coordinator';

/** Key of the run's ConfigMap with the authority that a worker trusts. */
export const CA_KEY = 'ca.crt';

/** How long a worker has from SIGTERM to SIGKILL, in s. */
export const GRACE_SECONDS = 30;

/** Which template a pod was made from, so that one of an older can be told. */
export const TEMPLATE_ANNOTATION = 'taz.dev/template';

const USER = 10_001;
const COORDINATOR_FOLDER = '/var/run/taz/coordinator';
const SECRETS_FOLDER = '/var/run/taz/secrets';

/** The kubelet replaces a token when four fifths of its time have passed. */
const TOKEN_SECONDS = 600;

/** What a worker may take where nothing else is said. No limit of CPU: throttling would look like a slow target. */
export const DEFAULT_RESOURCES: V1ResourceRequirements = {
  requests: { cpu: '500m', memory: '512Mi' },
  limits: { memory: '1Gi' },
};

/** What all workers of a run have in common: what the pod template overlay is laid over. */
export interface WorkerTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: Raw<V1PodSpec>;
}

/** What the controller says of the pods of every test. */
export interface WorkerDefaults {
  image: string;
  /** Null: as the cluster has it. */
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never' | null;
  /** Names of Secrets in the test's own namespace. */
  imagePullSecrets: readonly string[];
  /** Such as `https://taz-coordinator.taz-system.svc:8443`. */
  coordinatorUrl: string;
  /** Null: `DEFAULT_RESOURCES`. */
  resources: V1ResourceRequirements | null;
  /** The most that one test may send, such as `5000/s`; null: no limit. */
  maxRate: string | null;
  /** Patterns of hosts that may be sent to; empty: all. */
  allowedHosts: readonly string[];
}

export interface WorkerTemplateOptions {
  test: TestIdentity;
  /** Id of the run. */
  run: string;
  spec: RunSpec;
  /** Labels of pods to be near (`spec.workers.beside.matchLabels`); null: none. */
  beside: Readonly<Record<string, string>> | null;
  defaults: WorkerDefaults;
}

/**
 * The pods of a run's workers, as Taz makes them: fit for a namespace that enforces the restricted Pod Security Standard.
 * Which worker a pod is stands in its labels alone, and comes into its environment from there, so that the template is the
 * same for all.
 */
export function workerTemplate(options: WorkerTemplateOptions): WorkerTemplate {
  const { test, run, spec, beside, defaults } = options;
  const secrets = secretsOf(spec);
  const near = beside === null ? {} : { affinity: besideAffinity(beside) };
  const { imagePullSecrets } = defaults;
  return {
    metadata: { labels: { ...childLabels(test), ...workerLabels(test), [LABELS.run]: run } },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: GRACE_SECONDS,
      serviceAccountName: childName(test.name, 'worker'),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(imagePullSecrets.length === 0
        ? {}
        : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...near,
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { ...workerLabels(test), [LABELS.run]: run } },
        },
      ],
      containers: [
        {
          name: CONTAINER,
          image: defaults.image,
          ...(defaults.imagePullPolicy === null ? {} : { imagePullPolicy: defaults.imagePullPolicy }),
          args: ['worker'],
          env: environment(run, defaults),
          ports: [{ name: METRICS_PORT_NAME, containerPort: METRICS_PORT, protocol: 'TCP' }],
          resources: defaults.resources ?? DEFAULT_RESOURCES,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          startupProbe: probe('/healthz', 2, 60),
          livenessProbe: probe('/healthz', 10, 6),
          readinessProbe: probe('/readyz', 2, 6),
          terminationMessagePolicy: 'FallbackToLogsOnError',
          volumeMounts: [
            { name: 'tmp', mountPath: '/tmp' },
            { name: 'coordinator', mountPath: COORDINATOR_FOLDER, readOnly: true },
            ...secrets.map(secretMount),
          ],
        },
      ],
      volumes: [
        { name: 'tmp', emptyDir: {} },
        coordinatorVolume(childName(test.name, 'run')),
        ...secrets.map(secretVolume),
      ],
    },
  };
}

/** The pod of one worker. */
export function workerPod(
  test: TestIdentity,
  run: string,
  { index, replacement }: PoolWorker,
  { metadata, spec }: WorkerTemplate,
): NewObject<Pod> {
  return {
    metadata: {
      namespace: test.namespace,
      name: podName(test.name, run, index, replacement),
      labels: {
        ...metadata.labels,
        [LABELS.worker]: String(index),
        [LABELS.replacement]: String(replacement),
      },
      annotations: { ...metadata.annotations, [TEMPLATE_ANNOTATION]: templateHash({ metadata, spec }) },
      ownerReferences: ownedBy(test),
    },
    spec,
  };
}

/** Which worker a pod is; null: none. */
export function workerOf({ metadata: { labels = {} } }: Pick<Pod, 'metadata'>): PoolWorker | null {
  const index = Number(labels[LABELS.worker] ?? Number.NaN);
  const replacement = Number(labels[LABELS.replacement] ?? Number.NaN);
  return Number.isInteger(index) && Number.isInteger(replacement) ? { index, replacement } : null;
}

/** A word for a template: another has another. */
export function templateHash(template: WorkerTemplate): string {
  return createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 16);
}

function environment(run: string, { coordinatorUrl, maxRate, allowedHosts }: WorkerDefaults): V1EnvVar[] {
  const label = (name: string) => ({ fieldRef: { fieldPath: `metadata.labels['${name}']` } });
  return [
    { name: 'TAZ_COORDINATOR', value: coordinatorUrl },
    { name: 'TAZ_RUN', value: run },
    { name: 'TAZ_INDEX', valueFrom: label(LABELS.worker) },
    { name: 'TAZ_REPLACEMENT', valueFrom: label(LABELS.replacement) },
    { name: 'TAZ_METRICS_PORT', value: String(METRICS_PORT) },
    ...(maxRate === null ? [] : [{ name: 'TAZ_MAX_RATE', value: maxRate }]),
    ...(allowedHosts.length === 0 ? [] : [{ name: 'TAZ_ALLOWED_HOSTS', value: allowedHosts.join(',') }]),
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ];
}

/** A worker under full load on a full node is slow to answer, and must not be taken for dead. */
function probe(path: string, periodSeconds: number, failureThreshold: number): V1Probe {
  return {
    httpGet: { path, port: METRICS_PORT_NAME },
    periodSeconds,
    timeoutSeconds: 5,
    failureThreshold,
  };
}

/** Preferred, not required: a test whose target cannot be found still runs. */
function besideAffinity(labels: Readonly<Record<string, string>>): NonNullable<V1PodSpec['affinity']> {
  const podAffinityTerm = {
    topologyKey: 'kubernetes.io/hostname',
    labelSelector: { matchLabels: { ...labels } },
  };
  return {
    podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] },
  };
}

function coordinatorVolume(configMap: string): Raw<V1Volume> {
  return {
    name: 'coordinator',
    projected: {
      sources: [
        { serviceAccountToken: { audience: AUDIENCE, expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: configMap, items: [{ key: CA_KEY, path: 'ca.crt' }] } },
      ],
    },
  };
}

/** Optional, so that the worker says what is missing where the kubelet would only wait. */
function secretVolume(secret: string): Raw<V1Volume> {
  return { name: secretVolumeName(secret), secret: { secretName: secret, optional: true } };
}

/** The whole folder: a file that is mounted by itself is never refreshed. */
function secretMount(secret: string): V1VolumeMount {
  return { name: secretVolumeName(secret), mountPath: `${SECRETS_FOLDER}/${secret}`, readOnly: true };
}

/** Names of Secrets are longer than names of volumes may be. */
function secretVolumeName(secret: string): string {
  return `secret-${createHash('sha256').update(secret).digest('hex').slice(0, 16)}`;
}
