import { once } from 'node:events';
import { inspect } from 'node:util';
import type { Clock } from '../attack/clock.ts';
import type { Client } from '../kube/client.ts';
import type { Connection } from '../kube/connection.ts';
import { isKubeError, isTransient } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Term } from '../kube/leader.ts';
import { type KubeObject, keyOf } from '../kube/object.ts';
import type { StoreChange } from '../kube/store.ts';
import { TokenBucket } from '../kube/token-bucket.ts';
import { Authority, servingHosts } from './authority/authority.ts';
import { Children } from './children/children.ts';
import { ownerKeyOf } from './children/owner.ts';
import { ClusterRuns, LEASE_MS } from './cluster-runs.ts';
import type { ControllerOptions } from './controller.ts';
import { CoordinatorEndpoint } from './coordinator-endpoint.ts';
import { CurrentSettings } from './current-settings.ts';
import { Callers } from './identity/callers.ts';
import { LabelKeeper } from './identity/label-keeper.ts';
import { LeaderLabel } from './identity/leader-label.ts';
import { ManagedTest } from './managed-test.ts';
import { type ControllerMetrics, type ControllerView, MOST_TOLD, type RunningTest } from './metrics.ts';
import { RunTemplates } from './pods/run-templates.ts';
import { ratesBeside } from './rates-beside.ts';
import { ReconcileLoop } from './reconcile-loop.ts';
import { Strangers } from './strangers.ts';
import { TestRegistry } from './test-registry.ts';
import type { TestWorld } from './test-world.ts';
import { Watched } from './watched.ts';

export interface LeadershipOptions extends ControllerOptions {
  namespace: string;
  client: Client;
  connection: Connection;
  clock: Clock;
  events: EventRecorder;
  metrics: ControllerMetrics;
  term: Term;
}

/** How many tests are looked at at a time: most of a look is waiting for the API server. */
const RECONCILERS = 16;

/** Writes of mere figures, of all tests together, a second. */
const STATUS_WRITES = 20;

/** How long work that was begun may take to end when the term is over, and so may the label, in ms. */
const FINISH_MS = 5_000;

/** One term of the one that leads: watches, reconciles, and answers workers, until the term is over. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #watched: Watched;
  readonly #settings: CurrentSettings;
  readonly #endpoint: CoordinatorEndpoint;
  readonly #label: LabelKeeper;
  readonly #strangers: Strangers;
  readonly #registry: TestRegistry;
  readonly #loop: ReconcileLoop;

  constructor(options: LeadershipOptions) {
    const { client, clock, log, namespace, advertise, podName } = options;
    this.#options = options;
    const settings = { namespace, name: options.settings };
    const namespaces = options.watchNamespaces;
    this.#watched = new Watched({ client, clock, namespaces, settings, failed: this.#watchFailed });
    this.#settings = new CurrentSettings({ log, store: this.#watched.settings, place: settings });
    this.#endpoint = this.#newEndpoint();
    const label = new LeaderLabel({ client, namespace, pod: podName });
    this.#label = new LabelKeeper({ label, log, inPod: advertise === null });
    this.#strangers = new Strangers({ client, clock, pods: this.#watched.pods, leaseMs: LEASE_MS });
    this.#loop = new ReconcileLoop({
      clock,
      workers: RECONCILERS,
      reconcile: (key) => this.#reconcile(key),
      observe: (key, ms, error, waitMs) => this.#observe(key, ms, error, waitMs),
    });
    const world = this.#newWorld();
    this.#registry = new TestRegistry((key, uid) => new ManagedTest(world, key, uid));
  }

  /** Leads until the term is over, then lets go of all runs. @throws Error when a port is taken */
  async serve(): Promise<void> {
    const { term, log } = this.#options;
    const { signal } = term;
    log.info({ epoch: term.epoch }, 'leading');
    const ended = new AbortController();
    const end = (): void => ended.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const watching = this.#watched.run(ended.signal);
    watching.catch(() => ended.abort());
    // At once, whatever is being done: workers must not be answered by two.
    let detached: Promise<void> | null = null;
    const detach = (): Promise<void> => (detached ??= this.#registry.detach(term.held()));
    ended.signal.addEventListener('abort', () => void detach(), { once: true });
    try {
      await this.#endpoint.listen(ended.signal);
      await this.#watched.whenSynced(ended.signal);
      this.#settings.read();
      this.#listenToStores();
      for (const test of this.#watched.tests.values()) this.#loop.add(keyOf(test));
      void this.#label.take(ended.signal);
      void this.#endpoint.keepValid(ended.signal);
      await Promise.race([this.#loop.run(ended.signal), overtime(ended.signal, FINISH_MS)]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      ended.abort();
      await detach();
      await this.#endpoint.close();
      await Promise.race([this.#label.giveUp(), overtime(ended.signal, FINISH_MS)]);
      await watching;
      log.info('leads no more');
    }
  }

  view(): ControllerView {
    const { events } = this.#options;
    const { agesMs, unseen, tests } = this.#watched;
    const told: RunningTest[] = [];
    let running = 0;
    for (const [key, { run }] of this.#registry.values()) {
      if (run === null || ++running > MOST_TOLD) continue;
      const [namespace = '', name = ''] = key.split('/');
      told.push({ namespace, name, snapshot: () => run.coordinator.snapshot() });
    }
    return {
      leads: true,
      queued: this.#loop.depth,
      watchAgesMs: agesMs,
      unseen,
      tests: tests.size,
      running,
      told,
      eventsDropped: events.dropped,
    };
  }

  /** How long the longest look at a test has taken that goes on, in ms; 0: none does. */
  get longestMs(): number {
    return this.#loop.longestMs;
  }

  async #reconcile(key: string): Promise<number | null> {
    const object = this.#watched.tests.get(key);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
      this.#registry.drop(key, 'the LoadTest was deleted');
      this.#loop.forget(key);
      // Where somebody's finalizer holds it back, nobody else removes its pods.
      if (object !== undefined && !this.#registry.isEnding(object.metadata.uid!))
        await this.#strangers.remove(object, null);
      return null;
    }
    return this.#registry.of(key, object.metadata.uid!).reconcile(object);
  }

  #observe(key: string, ms: number, error: unknown, waitMs: number): void {
    this.#options.metrics.reconciled(error === undefined ? 'done' : 'failed', ms);
    if (error === undefined) return;
    const { message: text, stack } = error instanceof Error ? error : new Error(inspect(error));
    if (isTransient(error) || isKubeError(error))
      this.#options.log.warn({ loadtest: key, waitMs, error: text }, 'tried again soon');
    else this.#options.log.error({ loadtest: key, waitMs, error: text, stack }, 'tried again soon');
  }

  #newEndpoint(): CoordinatorEndpoint {
    const { client, connection, clock, log, namespace, service, advertise, authoritySecret, port } =
      this.#options;
    const { pods } = this.#watched;
    const runs = {
      runOf: (key: string) => this.#registry.get(key)?.run ?? null,
      runs: () => this.#registry.runs(),
    };
    const callers = new Callers({ connection, clock, log, pods, runs });
    const hosts = servingHosts(service, namespace, advertise);
    return new CoordinatorEndpoint({
      authority: new Authority({ client, clock, namespace, secret: authoritySecret, hosts }),
      log,
      host: advertise ?? `${service}.${namespace}.svc`,
      port,
      callerOf: (authorization) => callers.of(authorization),
      onTrustChange: () => this.#lookAtAll(),
    });
  }

  #newWorld(): TestWorld {
    const { client, clock, log, events, metrics, term } = this.#options;
    return {
      client,
      clock,
      log,
      events,
      metrics,
      runs: this.#newRuns(),
      strangers: this.#strangers,
      leads: () => term.held(),
      statusBudget: new TokenBucket(clock, STATUS_WRITES, STATUS_WRITES),
      settings: () => this.#settings.now,
      ratesBeside: (key) => ratesBeside(key, this.#registry, this.#watched.tests),
      again: (key) => this.#loop.add(key),
    };
  }

  #newRuns(): ClusterRuns {
    const { client, clock, log, term, image, imagePullPolicy, imagePullSecrets, networkPolicies } =
      this.#options;
    const { pods, configMaps, accounts, policies } = this.#watched;
    const settings = () => this.#settings.now;
    return new ClusterRuns({
      client,
      clock,
      log,
      term,
      pods,
      configMaps,
      settings,
      trusted: () => this.#endpoint.trusted,
      image,
      children: new Children({ client, clock, accounts, policies, networkPolicies }),
      templates: new RunTemplates({
        client,
        settings,
        defaults: { imagePullPolicy, imagePullSecrets },
        coordinatorUrl: () => this.#endpoint.url,
      }),
    });
  }

  #listenToStores(): void {
    const { tests, pods, configMaps, accounts, policies, settings } = this.#watched;
    tests.onChange(({ key }) => this.#loop.add(key));
    const lookAtOwner = ({ before, now }: StoreChange<KubeObject>): void => {
      const owner = ownerKeyOf((now ?? before)!.metadata);
      if (owner !== null) this.#loop.add(owner);
    };
    pods.onChange(lookAtOwner);
    configMaps.onChange((change) => {
      if (change.now === undefined || change.before === undefined) lookAtOwner(change);
      for (const [test, { configMaps: used }] of this.#registry.values())
        if (used.has(change.key)) this.#loop.add(test);
    });
    for (const children of [accounts, policies]) {
      children.onChange((change) => {
        // One that was made is no news.
        if (change.before !== undefined) lookAtOwner(change);
      });
    }
    settings.onChange(() => {
      this.#settings.read();
      this.#lookAtAll();
    });
  }

  #lookAtAll(): void {
    for (const [key] of this.#registry.values()) this.#loop.add(key);
  }

  readonly #watchFailed = (error: unknown, waitMs: number): void => {
    this.#options.log.warn(
      { error: error instanceof Error ? error.message : String(error), waitMs },
      'a watch failed',
    );
  };
}

/** Resolves so long after `signal` was aborted. */
async function overtime(signal: AbortSignal, ms: number): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
  await new Promise<void>((resolve) => void setTimeout(resolve, ms).unref());
}
