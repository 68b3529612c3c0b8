import { fileURLToPath } from 'node:url';
import { CONFIG_MAPS, PODS, type Pod } from '../../../src/kube/resources.ts';
import type { Cluster } from './cluster.ts';
import { command } from './command.ts';
import { until } from './until.ts';

export const RELEASE = 'taz';
export const OPERATOR_NAMESPACE = 'taz-system';

const CHART = fileURLToPath(new URL('../../../charts/taz', import.meta.url));
const CONTROLLERS = 'app.kubernetes.io/name=taz,app.kubernetes.io/component=controller';
const LEADER = `${CONTROLLERS},taz.dev/leader=true`;
const DEPLOYMENT = 'deployment/taz';

/** What the chart is given: pods small enough for a machine of one core. */
function valuesOf(image: string): object {
  const [, repository, tag] = /^(.*):([^:/]+)$/.exec(image) ?? [];
  if (repository === undefined) throw new Error(`TAZ_TEST_IMAGE=${image} has no tag`);
  return {
    image: { repository, tag, pullPolicy: process.env['TAZ_TEST_PULL_POLICY'] ?? 'Never' },
    logLevel: 'debug',
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    worker: { resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } } },
  };
}

/** The operator as the chart installs it. */
export class Operator {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Installs or upgrades, and waits until all of it is ready. @param set values beyond the usual, for `--set` */
  async install({ image = testImage(), set = [] as string[] } = {}): Promise<void> {
    const args = ['upgrade', RELEASE, CHART, '--install', '--namespace', OPERATOR_NAMESPACE];
    const more = ['--create-namespace', '--wait', '--timeout', '120s', '--values', '-'];
    const sets = set.flatMap((setting) => ['--set', setting]);
    try {
      await command('helm', [...args, ...more, ...sets], {
        input: JSON.stringify(valuesOf(image)),
        timeoutMs: 150_000,
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${await this.logs()}`, { cause: error });
    }
    await this.leader();
  }

  async controllers(): Promise<Pod[]> {
    const pods = await this.#cluster.pods(OPERATOR_NAMESPACE, CONTROLLERS);
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** The one that workers are sent to. @param other than this one */
  leader(other = '', withinMs = 60_000): Promise<Pod> {
    return until(
      'a controller leads',
      async () => {
        const pods = await this.#cluster.pods(OPERATOR_NAMESPACE, LEADER);
        const there = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
        return there.length === 1 && there[0]!.metadata.uid !== other ? there[0] : null;
      },
      withinMs,
      () => this.logs(),
    );
  }

  /** Ends the controllers with no warning. */
  async kill(pods: readonly Pod[]): Promise<void> {
    const { node } = this.#cluster;
    for (const pod of pods) {
      const id = pod.status?.containerStatuses?.[0]?.containerID;
      if (node !== null && id) await node.killContainer(id);
      else await this.#cluster.client.delete(PODS, pod.metadata, { gracePeriodSeconds: 0 });
    }
  }

  /** How many of them there are. 0: waits until none is left. */
  async scale(replicas: number): Promise<void> {
    const { kubectl } = this.#cluster;
    await kubectl('-n', OPERATOR_NAMESPACE, 'scale', DEPLOYMENT, `--replicas=${replicas}`);
    if (replicas > 0) return this.ready();
    await until('no controller is left', async () => {
      return (await this.#cluster.pods(OPERATOR_NAMESPACE, CONTROLLERS)).length === 0;
    });
  }

  /** Waits until all of them are ready. */
  async ready(): Promise<void> {
    const { kubectl } = this.#cluster;
    await kubectl('-n', OPERATOR_NAMESPACE, 'rollout', 'status', DEPLOYMENT, '--timeout=110s');
    await this.leader();
  }

  /** Changes the settings that hold at once; null: as the chart has them. */
  async settings(data: Record<string, string | null>): Promise<void> {
    const place = { namespace: OPERATOR_NAMESPACE, name: 'taz-settings' };
    await this.#cluster.client.merge(CONFIG_MAPS, place, { data });
  }

  /** The end of what the controllers have logged. */
  async logs(lines = 40): Promise<string> {
    const args = ['logs', '-l', CONTROLLERS, `--tail=${lines}`, '--prefix', '--ignore-errors'];
    return this.#cluster.kubectl('-n', OPERATOR_NAMESPACE, ...args).catch(String);
  }
}

/** The image of controllers and workers. */
export function testImage(): string {
  const image = process.env['TAZ_TEST_IMAGE'];
  if (!image) throw new Error('TAZ_TEST_IMAGE names no image: npm run test:cluster builds one');
  return image;
}
