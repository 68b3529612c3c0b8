import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../src/attack/clock.ts';
import { Client } from '../../../src/kube/client.ts';
import { Connection } from '../../../src/kube/connection.ts';
import { kubeconfigCredentials } from '../../../src/kube/kubeconfig.ts';
import { NAMESPACES, PODS, type Pod } from '../../../src/kube/resources.ts';
import { command } from './command.ts';
import { LocalNode } from './local-node.ts';

/** The cluster that `KUBECONFIG` names, as its administrator has it. */
export interface Cluster {
  client: Client;
  connection: Connection;
  /** By which pods reach this machine: a name or an address. */
  host: string;
  /** The same as an address that a server on this machine can listen on; null: none is known. */
  hostAddress: string | null;
  /** null: the cluster is not one of `test/cluster/up`. */
  node: LocalNode | null;
  kubectl: (...args: string[]) => Promise<string>;
  /** Server-side apply of a manifest, as `kubectl apply -f -` with strict checks of fields. */
  apply: (...objects: object[]) => Promise<string>;
  /** A new namespace, under which restricted Pod Security holds. */
  namespace: () => Promise<string>;
  deleteNamespace: (name: string) => Promise<void>;
  pods: (namespace: string, labelSelector?: string) => Promise<Pod[]>;
  close: () => Promise<void>;
}

export async function useCluster(): Promise<Cluster> {
  const kubeconfig = process.env['KUBECONFIG'];
  if (!kubeconfig) throw new Error('KUBECONFIG names no cluster: npm run test:cluster starts one');
  const credentials = await kubeconfigCredentials({ clock: systemClock, file: kubeconfig });
  const connection = new Connection({ credentials, clock: systemClock, userAgent: 'taz-cluster-tests' });
  const client = new Client(connection, 'taz-cluster-tests');
  const dir = dirname(kubeconfig);
  const local = existsSync(join(dir, 'pids', 'node'));
  const env = local ? readFileSync(join(dir, 'env'), 'utf8') : '';
  const [, hostAddress = null] = /^TAZ_HOST_IP=(.*)$/m.exec(env) ?? [];
  const kubectl = (...args: string[]) => command('kubectl', args);
  return {
    client,
    connection,
    host: process.env['TAZ_TEST_HOST'] ?? 'host.taz.internal',
    hostAddress: process.env['TAZ_TEST_HOST_ADDRESS'] ?? hostAddress,
    node: local ? new LocalNode(dir) : null,
    kubectl,
    apply: (...objects) =>
      command('kubectl', ['apply', '--server-side', '--force-conflicts', '-f', '-'], {
        input: objects.map((object) => JSON.stringify(object)).join('\n---\n'),
      }),
    async namespace() {
      const name = `taz-e2e-${randomBytes(3).toString('hex')}`;
      const labels = { 'pod-security.kubernetes.io/enforce': 'restricted', 'taz.dev/e2e': 'true' };
      await client.create(NAMESPACES, { metadata: { name, labels } });
      return name;
    },
    deleteNamespace: (name) => client.delete(NAMESPACES, { name }),
    pods: async (namespace, labelSelector) =>
      (await client.list(PODS, { namespace }, { labelSelector })).items,
    close: () => connection.close(),
  };
}
