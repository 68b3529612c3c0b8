import type { Logger } from 'pino';
import packageJson from '../../package.json' with { type: 'json' };
import { systemClock } from '../attack/clock.ts';
import { Client } from '../kube/client.ts';
import { Connection } from '../kube/connection.ts';
import type { Credentials } from '../kube/credentials.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import { inClusterCredentials } from '../kube/in-cluster.ts';
import { kubeconfigCredentials } from '../kube/kubeconfig.ts';
import { LeaderElection } from '../kube/leader.ts';
import { HealthServer } from '../metrics/health-server.ts';
import { Leadership } from './leadership.ts';
import { spareMemory } from './memory.ts';
import { ControllerMetrics, type ControllerView } from './metrics.ts';

/** How `taz controller` was asked to work; each is explained by its help. */
export interface ControllerOptions {
  /** null: that of the credentials. */
  namespace: string | null;
  /** Empty: all namespaces. */
  watchNamespaces: readonly string[];
  service: string;
  /** Of the workers. */
  image: string;
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never' | null;
  imagePullSecrets: readonly string[];
  lease: string;
  authoritySecret: string;
  settings: string;
  podName: string;
  /** For workers; 0: any free one. */
  port: number;
  /** For probes and scrapes; 0: any free one. */
  metricsPort: number;
  /** Path of a kubeconfig; null: this runs in a pod. */
  kubeconfig: string | null;
  /** Host by which workers reach this process; null: by the Service. */
  advertise: string | null;
  networkPolicies: boolean;
  log: Logger;
}

/** All that a look at a test waits for has a deadline: one that takes longer, in ms, never ends. */
const STUCK_MS = 15 * 60_000;

const NOBODY: ControllerView = {
  leads: false,
  queued: 0,
  watchAgesMs: {},
  unseen: {},
  tests: 0,
  running: 0,
  told: [],
  eventsDropped: 0,
};

/**
 * The operator: waits for the lead, leads, and waits again when it is lost, until `signal` is aborted.
 * @throws CredentialsError, and Error when a port is taken
 */
export async function runController(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  spareMemory();
  const clock = systemClock;
  const { log, podName } = options;
  const credentials = await credentialsOf(options);
  const namespace = options.namespace ?? credentials.namespace;
  let leadership: Leadership | null = null;
  let reached = false;
  const metrics = new ControllerMetrics(() => leadership?.view() ?? NOBODY);
  const connection = new Connection({
    credentials,
    clock,
    userAgent: `taz-controller/${packageJson.version}`,
    observe: (call) => {
      reached ||= call.outcome === 'ok';
      metrics.called(call);
    },
  });
  const client = new Client(connection, 'taz-controller');
  const events = new EventRecorder({ client, clock, controller: 'taz.dev/controller', instance: podName });
  const health = new HealthServer({
    alive: () => (leadership?.longestMs ?? 0) < STUCK_MS,
    // One that has once reached the API server stays ready: workers must not lose their way to a leader while it is away.
    ready: () => reached,
    metrics: () => metrics.text(),
  });
  const metricsPort = await health.listen(options.metricsPort, '0.0.0.0');
  log.info({ version: packageJson.version, namespace, metricsPort }, 'the controller is there');
  const election = new LeaderElection({
    client,
    clock,
    namespace,
    name: options.lease,
    identity: podName,
    note: (line) => log.info(line),
    lead: async (term) => {
      leadership = new Leadership({
        ...options,
        namespace,
        client,
        connection,
        clock,
        events,
        metrics,
        term,
      });
      try {
        await leadership.serve();
      } finally {
        leadership = null;
      }
    },
  });
  try {
    await election.run(signal);
  } finally {
    await events.close();
    await health.close();
    await connection.close();
  }
}

function credentialsOf({ kubeconfig }: ControllerOptions): Promise<Credentials> {
  const clock = systemClock;
  return kubeconfig === null
    ? inClusterCredentials({ clock })
    : kubeconfigCredentials({ clock, file: kubeconfig });
}
