import type { Client } from '../../kube/client.ts';
import { isKubeError } from '../../kube/errors.ts';
import { PODS, type Pod } from '../../kube/resources.ts';

/** The label that the workers' Service selects the leader by. */
export const LEADER_LABEL = 'taz.dev/leader';

/** How often a write is tried that others get in the way of. */
const MAX_TRIES = 5;

/** The most pods that are told that they do not lead. */
const MOST_OTHERS = 100;

export interface LeaderLabelOptions {
  client: Pick<Client, 'find' | 'list' | 'merge'>;
  /** The controller's own. */
  namespace: string;
  /** Name of the pod that this runs in. */
  pod: string;
}

/** Says which pod of the controller leads: its Service sends workers there, while all replicas stay ready. */
export class LeaderLabel {
  readonly #options: LeaderLabelOptions;

  constructor(options: LeaderLabelOptions) {
    this.#options = options;
  }

  /**
   * This pod leads: no other has the label when this one gets it, so that a worker never reaches two.
   * @throws KubeError; `NotFound` where there is no such pod
   */
  async take(): Promise<void> {
    const { client, namespace, pod } = this.#options;
    const labelSelector = `${LEADER_LABEL}=true`;
    const { items } = await client.list(PODS, { namespace }, { labelSelector, limit: MOST_OTHERS });
    const others = items.filter(({ metadata }) => metadata.name !== pod);
    await Promise.all(others.map(({ metadata }) => this.#set(metadata.name, null, metadata.uid)));
    await this.#set(pod, 'true');
  }

  /** This pod leads no more. Where it is not there any more, nothing is to be done. @throws KubeError */
  async giveUp(): Promise<void> {
    await this.#set(this.#options.pod, null);
  }

  /** @param uid only where the pod is still that one; absent: it has to be there, if it is to get the label */
  async #set(name: string, value: 'true' | null, uid?: string): Promise<void> {
    const { client, namespace } = this.#options;
    const place = { namespace, name };
    for (let tries = 1; ; tries++) {
      const pod = await client.find(PODS, place);
      if (!needs(pod, value, uid)) return;
      const { resourceVersion } = pod?.metadata ?? {};
      const metadata = { ...(resourceVersion && { resourceVersion }), labels: { [LEADER_LABEL]: value } };
      try {
        await client.merge(PODS, place, { metadata: metadata as object });
        return;
      } catch (error) {
        if (isKubeError(error, 'NotFound') && value === null) return;
        if (!isKubeError(error, 'Conflict') || tries === MAX_TRIES) throw error;
      }
    }
  }
}

/** A pod that is not there is asked for all the same where it should get the label: the answer says that it is not. */
function needs(pod: Pod | null, value: 'true' | null, uid: string | undefined): boolean {
  if (pod === null) return value !== null;
  if (uid !== undefined && pod.metadata.uid !== uid) return false;
  return (pod.metadata.labels?.[LEADER_LABEL] ?? null) !== value;
}
