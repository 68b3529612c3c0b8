import { pino } from 'pino';
import { systemClock } from '../../src/attack/clock.ts';
import { Leadership, type LeadershipOptions } from '../../src/controller/leadership.ts';
import { ControllerMetrics } from '../../src/controller/metrics.ts';
import { Client } from '../../src/kube/client.ts';
import type { ApiCall } from '../../src/kube/connection.ts';
import { EventRecorder } from '../../src/kube/event-recorder.ts';
import type { ApiServer } from '../cluster/api-server.ts';

/** A controller that leads, in this process: everything of it but the election. */
export class PlayedController {
  readonly calls: ApiCall[] = [];
  readonly logs: Record<string, unknown>[] = [];
  readonly metrics: ControllerMetrics;
  readonly leadership: Leadership;
  /** false: the clock says that the lead is lost, and the signal does not yet. */
  held = true;
  readonly #term = new AbortController();
  readonly #serving: Promise<void>;
  readonly #events: EventRecorder;

  constructor(api: ApiServer, namespace: string, epoch: number, more: Partial<LeadershipOptions> = {}) {
    const clock = systemClock;
    const connection = api.connect({ observe: (call) => this.calls.push(call) });
    const client = new Client(connection, 'taz-controller');
    const events = new EventRecorder({ client, clock, controller: 'taz.dev/controller', instance: 'test' });
    this.#events = events;
    this.metrics = new ControllerMetrics(() => this.leadership.view());
    this.leadership = new Leadership({
      namespace,
      watchNamespaces: [namespace],
      service: 'taz-coordinator',
      image: 'taz:1',
      imagePullPolicy: null,
      imagePullSecrets: [],
      lease: 'taz-controller',
      authoritySecret: 'taz-authority',
      settings: 'taz-settings',
      podName: 'taz-controller-0',
      port: 0,
      metricsPort: 0,
      kubeconfig: null,
      advertise: '127.0.0.1',
      networkPolicies: false,
      log: pino({ level: 'debug' }, { write: (line: string) => this.logs.push(JSON.parse(line)) }),
      client,
      connection,
      clock,
      events,
      metrics: this.metrics,
      term: { epoch, signal: this.#term.signal, held: () => this.held && !this.#term.signal.aborted },
      ...more,
    });
    this.#serving = this.leadership.serve();
  }

  /** Calls that change something. */
  get writes(): string[] {
    return this.calls
      .filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
      .map(({ verb, resource }) => `${verb} ${resource}`);
  }

  /** The lead is lost, or given away. */
  async stop(): Promise<void> {
    this.#term.abort(new Error('the lead is lost'));
    await this.#serving;
    await this.#events.close();
  }
}
