import type { Clock } from '../../attack/clock.ts';
import type { Client } from '../../kube/client.ts';
import { isKubeError } from '../../kube/errors.ts';
import { type KubeObject, keyOf, type ObjectMeta } from '../../kube/object.ts';
import type { Resource } from '../../kube/resource.ts';
import { NETWORK_POLICIES, SERVICE_ACCOUNTS } from '../../kube/resources.ts';
import { METRICS_PORT } from '../pods/worker-pod.ts';
import type { ScopedStore } from '../scoped-store.ts';
import { covers } from './covers.ts';
import { childName } from './names.ts';
import { childLabels, ownedBy, ownerUidOf, type TestIdentity, workerLabels } from './owner.ts';

/**
 * How long after a change the children of a test are left alone, in ms, as the watch may be behind; twice as long after
 * each further one, up to the most, as somebody may change them back each time. A service account that was removed by hand
 * must be back before the kubelet fails to renew a worker's token: it tries for the last 120 s of a token's time.
 */
const REST_MS = 5_000;
const MOST_REST_MS = 60_000;

/** What of a client children need. */
export type ChildClient = Pick<Client, 'apply' | 'delete'>;

export interface ChildrenOptions {
  client: ChildClient;
  clock: Clock;
  /** Those that there are, as far as is known. Must have been synced. */
  accounts: Pick<ScopedStore<KubeObject>, 'get'>;
  policies: Pick<ScopedStore<KubeObject>, 'get'>;
  /** Whether each test gets a NetworkPolicy. */
  networkPolicies: boolean;
}

interface Child {
  resource: Resource;
  object: { metadata: ObjectMeta; [field: string]: unknown };
}

/**
 * What a test needs besides its pods and its ConfigMap: a service account without rights, and a NetworkPolicy where that
 * is asked for. All are applied, so that what others add to them stays, and what they change comes back.
 */
export class Children {
  readonly #options: ChildrenOptions;
  /** By the test's uid, from a change until nothing is to be changed: since when they rest, as a clock time in ms. */
  readonly #rests = new Map<string, { since: number; ms: number }>();

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  /** Sees to it that all are there, as they should be. Makes no call where that is known. @throws KubeError */
  async ensure(test: TestIdentity): Promise<void> {
    const { clock } = this.#options;
    const changes = this.#changesOf(test);
    if (changes.length === 0) return this.forget(test.uid);
    const rest = this.#rests.get(test.uid);
    if (rest !== undefined && clock.now() - rest.since < rest.ms) return;
    await Promise.all(changes.map((change) => change()));
    const ms = rest === undefined ? REST_MS : Math.min(2 * rest.ms, MOST_REST_MS);
    this.#rests.set(test.uid, { since: clock.now(), ms });
  }

  /** The test is there no more. */
  forget(uid: string): void {
    this.#rests.delete(uid);
  }

  #changesOf(test: TestIdentity): (() => Promise<unknown>)[] {
    const { client, accounts, policies, networkPolicies } = this.#options;
    const account = serviceAccount(test);
    const policy = networkPolicy(test);
    const shown = policies.get(keyOf(policy.object));
    const changes: (() => Promise<unknown>)[] = [];
    const apply = ({ resource, object }: Child) => changes.push(() => client.apply(resource, object));
    if (!isAsWanted(accounts.get(keyOf(account.object)), account, test)) apply(account);
    if (networkPolicies && !isAsWanted(shown, policy, test)) apply(policy);
    // One that is left from a controller that made them.
    if (!networkPolicies && shown !== undefined && ownerUidOf(shown.metadata) === test.uid)
      changes.push(() => this.#remove(policy, shown.metadata.uid));
    return changes;
  }

  async #remove({ resource, object: { metadata } }: Child, uid: string | undefined): Promise<void> {
    const { namespace, name } = metadata;
    try {
      await this.#options.client.delete(resource, { namespace, name }, { uid });
    } catch (error) {
      if (!isKubeError(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}

/** Who workers are: it has no rights, and pods mount no token of it but that for the coordinator. */
function serviceAccount(test: TestIdentity): Child {
  return {
    resource: SERVICE_ACCOUNTS,
    object: { metadata: metadataOf(test, 'worker'), automountServiceAccountToken: false },
  };
}

/**
 * Nothing reaches a worker but its metrics. Where workers may send to is not limited: targets, brokers, buckets and name
 * servers are the test's own, and stand in templates that the controller does not render.
 */
function networkPolicy(test: TestIdentity): Child {
  return {
    resource: NETWORK_POLICIES,
    object: {
      metadata: metadataOf(test, 'worker'),
      spec: {
        podSelector: { matchLabels: workerLabels(test) },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ protocol: 'TCP', port: METRICS_PORT }] }],
      },
    },
  };
}

function metadataOf(test: TestIdentity, suffix: string): KubeObject['metadata'] {
  return {
    namespace: test.namespace,
    name: childName(test.name, suffix),
    labels: childLabels(test),
    ownerReferences: ownedBy(test),
  };
}

/** Others may add to it, owners too. */
function isAsWanted(shown: KubeObject | undefined, { object }: Child, test: TestIdentity): boolean {
  const { metadata, ...rest } = object;
  if (shown === undefined || ownerUidOf(shown.metadata) !== test.uid) return false;
  return covers(shown.metadata.labels, metadata.labels) && covers(shown, rest);
}
