import type { Client } from '../../../src/kube/client.ts';
import { isKubeError } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import type { Resource } from '../../../src/kube/resource.ts';
import { PODS, type Pod } from '../../../src/kube/resources.ts';

type State = NonNullable<NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['state']>;

const BINDINGS: Resource = {
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  namespaced: true,
};

/** Says of a real pod what a scheduler and a kubelet would, where there are none. */
export class Kubelet {
  readonly #client: Client;
  readonly #namespace: string;

  constructor(client: Client, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  async place(name: string): Promise<void> {
    const binding: Omit<KubeObject, 'apiVersion' | 'kind'> & { target: object } = {
      metadata: this.#at(name),
      target: { apiVersion: 'v1', kind: 'Node', name: 'node-a' },
    };
    await this.#client.create(BINDINGS, binding);
  }

  async report(name: string, state: State, status: NonNullable<Pod['status']> = {}): Promise<void> {
    const container = {
      name: 'taz',
      image: 'taz:1',
      imageID: '',
      ready: state.running !== undefined,
      restartCount: 0,
      state,
    };
    const patch = { status: { ...status, containerStatuses: [container] } };
    await this.#client.merge(PODS, this.#at(name), patch, { subresource: 'status' });
  }

  async run(name: string): Promise<void> {
    await this.place(name);
    await this.report(name, { running: { startedAt: '2026-11-26T11:00:00Z' } }, { phase: 'Running' });
  }

  /** What happens last to a pod that is being deleted: its end is reported, then it is let go. */
  async end(name: string, exitCode = 0): Promise<void> {
    const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
    await this.report(name, { terminated: { exitCode } }, { phase });
    try {
      await this.#client.delete(PODS, this.#at(name), { gracePeriodSeconds: 0 });
    } catch (error) {
      // Whoever saw the report was quicker.
      if (!isKubeError(error, 'NotFound')) throw error;
    }
  }

  #at(name: string) {
    return { namespace: this.#namespace, name };
  }
}
