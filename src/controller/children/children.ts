import { createHash } from 'node:crypto';
import type { Clock } from '../../attack/clock.ts';
import type { Client } from '../../kube/client.ts';
import { isKubeError } from '../../kube/errors.ts';
import type { KubeObject, ObjectMeta } from '../../kube/object.ts';
import type { Resource } from '../../kube/resource.ts';
import { NETWORK_POLICIES, SERVICE_ACCOUNTS } from '../../kube/resources.ts';
import { METRICS_PORT } from '../pods/worker-pod.ts';
import { childName } from './names.ts';
import { childLabels, ownedBy, type TestIdentity, workerLabels } from './owner.ts';

/**
 * For how long a child that was applied is taken to be as it should, in ms. A service account that was removed by hand
 * must be back before the kubelet fails to renew a worker's token: it tries for the last 120 s of a token's time.
 */
const TRUSTED_MS = 60_000;

/** What of a client children need. */
export type ChildClient = Pick<Client, 'apply' | 'delete'>;

export interface ChildrenOptions {
  client: ChildClient;
  clock: Clock;
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
  /** By the test's uid: what was applied, and when. */
  readonly #applied = new Map<string, { hash: string; at: number }>();

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  /**
   * Sees to it that all are there. Makes no call where that was done less than a minute ago.
   * @param isNew nothing was ever made for it. @throws KubeError
   */
  async ensure(test: TestIdentity, isNew = false): Promise<void> {
    const { client, clock, networkPolicies } = this.#options;
    const wanted = [serviceAccount(test), ...(networkPolicies ? [networkPolicy(test)] : [])];
    const hash = createHash('sha256').update(JSON.stringify(wanted)).digest('hex');
    const before = this.#applied.get(test.uid);
    if (before?.hash === hash && clock.now() - before.at < TRUSTED_MS) return;
    await Promise.all(wanted.map(({ resource, object }) => client.apply(resource, object)));
    if (!networkPolicies && before === undefined && !isNew) await this.#removePolicy(test);
    this.#applied.set(test.uid, { hash, at: clock.now() });
  }

  /** Makes `ensure` look again: something of the test was removed or refused, or the test is there no more. */
  forget(uid: string): void {
    this.#applied.delete(uid);
  }

  /** One that is left from a controller that made them. */
  async #removePolicy(test: TestIdentity): Promise<void> {
    const { namespace, name } = networkPolicy(test).object.metadata;
    try {
      await this.#options.client.delete(NETWORK_POLICIES, { namespace, name });
    } catch (error) {
      if (!isKubeError(error, 'NotFound', 'Forbidden')) throw error;
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
