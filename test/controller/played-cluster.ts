import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { LoadTestStatus } from '../../src/api/status.ts';
import type { LeadershipOptions } from '../../src/controller/leadership.ts';
import {
  CONFIG_MAPS,
  EVENTS,
  type Event,
  LOAD_TESTS,
  type LoadTestObject,
  PODS,
} from '../../src/kube/resources.ts';
import { manifestWith } from '../api/load-test-manifest.ts';
import type { ApiServer } from '../cluster/api-server.ts';
import { PlayedController } from './played-controller.ts';
import { PlayedNode, type PlayedWorker } from './played-node.ts';

/** How long anything may take, in ms. */
const WITHIN_MS = 20_000;

type Spec = Record<string, unknown>;

/** A namespace with LoadTests, a controller in this process, and nodes that are played. */
export class PlayedCluster {
  readonly api: ApiServer;
  readonly namespace: string;
  readonly node: PlayedNode;
  readonly #controllers: PlayedController[] = [];
  /** Where each leader is reached by workers, as by the name of a Service. */
  readonly #port: number;
  #epoch = 0;

  private constructor(api: ApiServer, namespace: string, port: number) {
    this.api = api;
    this.namespace = namespace;
    this.#port = port;
    this.node = new PlayedNode(api, namespace);
  }

  static async start(api: ApiServer): Promise<PlayedCluster> {
    return new PlayedCluster(api, await api.namespace(), await freePort());
  }

  lead(more: Partial<LeadershipOptions> = {}): PlayedController {
    const controller = new PlayedController(this.api, this.namespace, ++this.#epoch, {
      port: this.#port,
      ...more,
    });
    this.#controllers.push(controller);
    return controller;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#controllers.map((controller) => controller.stop()));
    await this.node.stop();
  }

  /** As `kubectl apply` does. */
  async apply(name: string, spec: Spec = {}): Promise<LoadTestObject> {
    const manifest = manifestWith(spec) as { spec: Spec };
    const metadata = { name, namespace: this.namespace };
    return this.api.client.apply(LOAD_TESTS, { metadata, spec: manifest.spec }, { fieldManager: 'kubectl' });
  }

  async remove(name: string): Promise<void> {
    await this.api.client.delete(LOAD_TESTS, this.at(name));
  }

  async settings(data: Record<string, string>): Promise<void> {
    await this.api.client.apply(CONFIG_MAPS, { metadata: this.at('taz-settings'), data });
  }

  async statusOf(name: string): Promise<LoadTestStatus> {
    return (await this.api.client.get(LOAD_TESTS, this.at(name))).status ?? {};
  }

  async kept(name: string): Promise<Record<string, string> | null> {
    const map = await this.api.client.find(CONFIG_MAPS, this.at(`${name}-run`));
    return map === null ? null : (map.data ?? {});
  }

  async pods(): Promise<string[]> {
    const { items } = await this.api.client.list(PODS, { namespace: this.namespace });
    return items.map(({ metadata }) => metadata.name).sort();
  }

  /** What was told of a test, in the order of the first time. */
  async events(name: string): Promise<string[]> {
    const { items } = await this.api.client.list<Event>(EVENTS, { namespace: this.namespace });
    return items
      .filter(({ regarding }) => regarding?.name === name)
      .sort((a, b) => ((a.eventTime ?? '') < (b.eventTime ?? '') ? -1 : 1))
      .map(({ reason }) => reason!);
  }

  /** Living workers of a test. */
  workersOf(name: string): PlayedWorker[] {
    return this.node.living.filter(({ pod }) => pod.metadata.labels!['taz.dev/loadtest'] === name);
  }

  /** Waits for a status. @returns it */
  async until(name: string, holds: (status: LoadTestStatus) => boolean): Promise<LoadTestStatus> {
    let status: LoadTestStatus = {};
    for (const end = Date.now() + WITHIN_MS; ; ) {
      status = await this.statusOf(name);
      if (holds(status)) return status;
      if (Date.now() > end) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const logs = this.#controllers
      .at(-1)
      ?.logs.slice(-10)
      .map((line) => JSON.stringify(line));
    throw new Error(
      `it is not so within ${WITHIN_MS / 1000} s: ${JSON.stringify(status)}\n${logs?.join('\n')}`,
    );
  }

  untilReady(name: string, reason: string): Promise<LoadTestStatus> {
    return this.until(name, (status) => readyOf(status) === reason);
  }

  at(name: string): { namespace: string; name: string } {
    return { namespace: this.namespace, name };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The reason of the condition `Ready`. */
export function readyOf({ conditions = [] }: LoadTestStatus): string | undefined {
  return conditions.find(({ type }) => type === 'Ready')?.reason;
}

/** `True`, `False`, `Unknown`, or undefined where there is no such condition. */
export function conditionOf({ conditions = [] }: LoadTestStatus, name: string): string | undefined {
  return conditions.find(({ type }) => type === name)?.status;
}

/** Waits for what is found by asking again and again. */
export async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + WITHIN_MS; !(await holds()); ) {
    if (Date.now() > end) throw new Error(`${what} is not so within ${WITHIN_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
