import { type Cluster, useCluster } from './cluster.ts';
import { ClusterTest } from './load-test.ts';
import { Operator } from './operator.ts';
import { startTarget, type Target } from './target.ts';

/** One test's place in the cluster: a namespace and a target of its own. */
export interface Scene {
  target: Target;
  namespace: string;
  test: ClusterTest;
  /** Another LoadTest in the same namespace. */
  another: (name: string) => ClusterTest;
}

export interface World {
  cluster: Cluster;
  operator: Operator;
  /** Gives a test a place of its own, and clears it away afterwards. */
  scene: <T>(play: (scene: Scene) => Promise<T>, name?: string) => Promise<T>;
}

/** The cluster with the operator of the chart in it. */
export async function useWorld(): Promise<World> {
  const cluster = await useCluster();
  const operator = new Operator(cluster);
  await operator.install();
  return {
    cluster,
    operator,
    async scene(play, name = 'e2e') {
      const namespace = await cluster.namespace();
      const target = await startTarget();
      const another = (other: string) => new ClusterTest(cluster, operator, namespace, other);
      try {
        return await play({ target, namespace, test: another(name), another });
      } finally {
        await target.close();
        await cluster.deleteNamespace(namespace).catch(() => {});
      }
    },
  };
}
