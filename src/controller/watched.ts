import type { Clock } from '../attack/clock.ts';
import type { Client } from '../kube/client.ts';
import type { KubeObject } from '../kube/object.ts';
import {
  CONFIG_MAPS,
  type ConfigMap,
  LOAD_TESTS,
  type LoadTestObject,
  NETWORK_POLICIES,
  PODS,
  type Pod,
  SERVICE_ACCOUNTS,
} from '../kube/resources.ts';
import { withoutManagedFields } from '../kube/store.ts';
import { metadataSource, objectSource } from '../kube/watch-source.ts';
import { CHILD_SELECTOR, ownerUidOf, WORKER_SELECTOR } from './children/owner.ts';
import { ScopedStore } from './scoped-store.ts';

/** The most objects of each kind that are kept in mind. */
const MOST_TESTS = 10_000;
const MOST_PODS = 20_000;
const MOST_CONFIG_MAPS = 100_000;

export interface WatchedOptions {
  client: Client;
  clock: Clock;
  /** Where tests are looked after; empty: everywhere. */
  namespaces: readonly string[];
  /** The ConfigMap with the settings. */
  settings: { namespace: string; name: string };
  /** Takes each failure of a watch, with how long it waits, in ms. */
  failed: (error: unknown, waitMs: number) => void;
}

/** All that the controller watches, each kind in a store of its own. */
export class Watched {
  readonly tests: ScopedStore<LoadTestObject>;
  /** Of workers, by the uid of their owner. */
  readonly pods: ScopedStore<Pod>;
  /** Metadata of all: which of them a test refers to is its own to say. */
  readonly configMaps: ScopedStore<KubeObject>;
  /** What tests have besides. */
  readonly accounts: ScopedStore<KubeObject>;
  readonly policies: ScopedStore<KubeObject>;
  readonly settings: ScopedStore<ConfigMap>;

  constructor({ client, clock, namespaces, settings, failed }: WatchedOptions) {
    const shared = { clock, namespaces, failed };
    this.tests = new ScopedStore({
      ...shared,
      source: (scope) => objectSource(client, LOAD_TESTS, { namespace: scope }),
      keep: withoutManagedFields,
      limit: MOST_TESTS,
    });
    this.pods = new ScopedStore({
      ...shared,
      source: (scope) => objectSource(client, PODS, { namespace: scope, labelSelector: WORKER_SELECTOR }),
      keep: stateOfPod,
      limit: MOST_PODS,
      index: ({ metadata }) => ownerUidOf(metadata),
    });
    this.configMaps = new ScopedStore({
      ...shared,
      source: (scope) => metadataSource(client, CONFIG_MAPS, { namespace: scope }),
      keep: namesOnly,
      limit: MOST_CONFIG_MAPS,
    });
    const children = (resource: typeof SERVICE_ACCOUNTS | typeof NETWORK_POLICIES) =>
      new ScopedStore<KubeObject>({
        ...shared,
        source: (scope) =>
          objectSource(client, resource, { namespace: scope, labelSelector: CHILD_SELECTOR }),
        keep: withoutManagedFields,
        limit: MOST_TESTS,
      });
    this.accounts = children(SERVICE_ACCOUNTS);
    this.policies = children(NETWORK_POLICIES);
    this.settings = new ScopedStore({
      ...shared,
      namespaces: [settings.namespace],
      source: (scope) =>
        objectSource(client, CONFIG_MAPS, {
          namespace: scope,
          fieldSelector: `metadata.name=${settings.name}`,
        }),
      keep: withoutManagedFields,
      limit: 1,
    });
  }

  /** Watches until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(Object.values(this.#stores).map((store) => store.run(signal)));
  }

  /** Resolves when everything that there is is known. @throws the signal's reason when it is aborted before */
  async whenSynced(signal: AbortSignal): Promise<void> {
    await Promise.all(Object.values(this.#stores).map((store) => store.whenSynced(signal)));
  }

  /** Watched resource to how long ago the API server was last heard of, in ms. */
  get agesMs(): Record<string, number> {
    return this.#ofEach(({ ageMs }) => ageMs);
  }

  /** Watched resource to how many of its objects exist that there is no place for. */
  get unseen(): Record<string, number> {
    return this.#ofEach(({ left }) => left);
  }

  #ofEach(value: (store: { ageMs: number; left: number }) => number): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#stores).map(([name, store]) => [name, value(store)]));
  }

  get #stores() {
    return {
      loadtests: this.tests,
      pods: this.pods,
      configmaps: this.configMaps,
      serviceaccounts: this.accounts,
      networkpolicies: this.policies,
      settings: this.settings,
    };
  }
}

/** Of a pod, what says how it fares: most of its spec is as the template has it. */
function stateOfPod(pod: Pod): Pod {
  const { spec, ...rest } = withoutManagedFields(pod);
  if (spec === undefined) return rest;
  const { nodeName, containers } = spec;
  const own = containers.map(({ name, resources }) => ({
    name,
    ...(resources === undefined ? {} : { resources }),
  }));
  return { ...rest, spec: { ...(nodeName === undefined ? {} : { nodeName }), containers: own } };
}

/** Of a ConfigMap that may be large, only what says which it is and in which version. */
function namesOnly({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, ownerReferences } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
  };
}
