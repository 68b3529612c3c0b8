import type {
  EventsV1Event,
  V1ConfigMap,
  V1Lease,
  V1Namespace,
  V1NetworkPolicy,
  V1Pod,
  V1PodDisruptionBudget,
  V1PodTemplate,
  V1Secret,
  V1Service,
  V1ServiceAccount,
} from '@kubernetes/client-node';
import { API_VERSION, KIND } from '../api/loadtest.ts';
import type { LoadTestStatus } from '../api/status.ts';
import type { KubeObject, RawObject } from './object.ts';
import type { Resource } from './resource.ts';

export type Pod = RawObject<V1Pod>;
export type PodTemplate = RawObject<V1PodTemplate>;
export type ConfigMap = RawObject<V1ConfigMap>;
export type Secret = RawObject<V1Secret>;
export type Service = RawObject<V1Service>;
export type ServiceAccount = RawObject<V1ServiceAccount>;
export type Namespace = RawObject<V1Namespace>;
export type NetworkPolicy = RawObject<V1NetworkPolicy>;
export type PodDisruptionBudget = RawObject<V1PodDisruptionBudget>;
export type Lease = RawObject<V1Lease>;
export type Event = RawObject<EventsV1Event>;

/** A LoadTest as the API server has it: its schema has been checked there, and `parseLoadTest` checks it once more. */
export interface LoadTestObject extends KubeObject {
  spec: Record<string, unknown>;
  status?: LoadTestStatus;
}

const [GROUP, VERSION] = API_VERSION.split('/') as [string, string];

/** LoadTests. */
export const LOAD_TESTS: Resource<LoadTestObject> = {
  group: GROUP,
  version: VERSION,
  kind: KIND,
  plural: 'loadtests',
  namespaced: true,
};

export const PODS: Resource<Pod> = core('Pod', 'pods');
export const POD_TEMPLATES: Resource<PodTemplate> = core('PodTemplate', 'podtemplates');
export const CONFIG_MAPS: Resource<ConfigMap> = core('ConfigMap', 'configmaps');
export const SECRETS: Resource<Secret> = core('Secret', 'secrets');
export const SERVICES: Resource<Service> = core('Service', 'services');
export const SERVICE_ACCOUNTS: Resource<ServiceAccount> = core('ServiceAccount', 'serviceaccounts');
export const NAMESPACES: Resource<Namespace> = { ...core('Namespace', 'namespaces'), namespaced: false };

export const NETWORK_POLICIES: Resource<NetworkPolicy> = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  namespaced: true,
};

export const POD_DISRUPTION_BUDGETS: Resource<PodDisruptionBudget> = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
};

export const LEASES: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

export const EVENTS: Resource<Event> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

function core<T extends KubeObject>(kind: string, plural: string): Resource<T> {
  return { group: '', version: 'v1', kind, plural, namespaced: true };
}
