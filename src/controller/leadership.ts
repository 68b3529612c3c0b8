import { once } from 'node:events';
import { isIP } from 'node:net';
import { inspect } from 'node:util';
import type { Logger } from 'pino';
import type { Clock } from '../attack/clock.ts';
import type { Caller } from '../coordinator/caller.ts';
import { NotServing } from '../coordinator/not-serving.ts';
import { SyncServer } from '../coordinator/sync-server.ts';
import type { Client } from '../kube/client.ts';
import type { Connection } from '../kube/connection.ts';
import { sleep } from '../kube/deadline.ts';
import { isKubeError, isTransient } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Term } from '../kube/leader.ts';
import { type KubeObject, keyOf } from '../kube/object.ts';
import {
  CONFIG_MAPS,
  type ConfigMap,
  LOAD_TESTS,
  type LoadTestObject,
  PODS,
  type Pod,
} from '../kube/resources.ts';
import { type StoreChange, withoutManagedFields } from '../kube/store.ts';
import { TokenBucket } from '../kube/token-bucket.ts';
import { metadataSource, objectSource } from '../kube/watch-source.ts';
import type { Rational } from '../units/rational.ts';
import { Authority, servingHosts } from './authority/authority.ts';
import { ownerKeyOf, ownerUidOf, WORKER_SELECTOR } from './children/owner.ts';
import { ClusterRuns } from './cluster-runs.ts';
import type { ControllerOptions } from './controller.ts';
import { LeaderLabel } from './identity/leader-label.ts';
import { PodTokens, TokenError } from './identity/pod-token.ts';
import { ManagedTest } from './managed-test.ts';
import { type ControllerMetrics, type ControllerView, MOST_TOLD, type RunningTest } from './metrics.ts';
import { AUDIENCE } from './pods/worker-pod.ts';
import { ReconcileLoop } from './reconcile-loop.ts';
import { highestRate } from './safety.ts';
import { ScopedStore } from './scoped-store.ts';
import { NO_LIMITS, readSettings, type Settings } from './settings.ts';
import { TestRegistry } from './test-registry.ts';
import type { TestWorld } from './test-world.ts';
import { readWanted } from './wanted.ts';

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

/** The most objects of each kind that are kept in mind. */
const MOST_TESTS = 10_000;
const MOST_PODS = 20_000;
const MOST_CONFIG_MAPS = 100_000;

/** Writes of mere figures, of all tests together, a second. */
const STATUS_WRITES = 20;

/** How many refused calls are told of, a second. */
const REFUSALS_TOLD = 0.1;

/** How often it is seen to that the certificate of the server is valid for long, in ms. */
const AUTHORITY_EVERY_MS = 10 * 60_000;

/** A service account without the right to label the pod is told once; so is a controller outside of the cluster. */
const LABEL_RETRY_MS = 5_000;

/** How long work that was begun may take to end when the term is over, and so may the label, in ms. */
const FINISH_MS = 5_000;

/** One term of the one that leads: watches, reconciles, and answers workers, until the term is over. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #log: Logger;
  readonly #runs: ClusterRuns;
  readonly #registry: TestRegistry;
  readonly #loop: ReconcileLoop;
  readonly #tests: ScopedStore<LoadTestObject>;
  readonly #pods: ScopedStore<Pod>;
  readonly #configMaps: ScopedStore<KubeObject>;
  readonly #settingsMap: ScopedStore<ConfigMap>;
  readonly #tokens: PodTokens;
  readonly #authority: Authority;
  /** What lines about calls that are refused are taken from. */
  readonly #refusals: TokenBucket;
  #trusted = '';
  #settings: Settings = NO_LIMITS;
  /** The last that could be read to the end; null: there were none yet. */
  #goodSettings: Settings | null = null;
  /** Where workers reach this process. */
  #coordinatorUrl = '';

  constructor(options: LeadershipOptions) {
    const { client, connection, clock, log, namespace, service, advertise, authoritySecret } = options;
    this.#options = options;
    this.#log = log;
    const shared = { clock, namespaces: options.watchNamespaces, failed: this.#watchFailed };
    this.#tests = new ScopedStore({
      ...shared,
      source: (scope) => objectSource(client, LOAD_TESTS, { namespace: scope }),
      keep: withoutManagedFields,
      limit: MOST_TESTS,
    });
    this.#pods = new ScopedStore({
      ...shared,
      source: (scope) => objectSource(client, PODS, { namespace: scope, labelSelector: WORKER_SELECTOR }),
      keep: stateOfPod,
      limit: MOST_PODS,
      index: ({ metadata }) => ownerUidOf(metadata),
    });
    this.#configMaps = new ScopedStore({
      ...shared,
      source: (scope) => metadataSource(client, CONFIG_MAPS, { namespace: scope }),
      keep: namesOnly,
      limit: MOST_CONFIG_MAPS,
    });
    this.#settingsMap = new ScopedStore({
      ...shared,
      namespaces: [namespace],
      source: (scope) =>
        objectSource(client, CONFIG_MAPS, {
          namespace: scope,
          fieldSelector: `metadata.name=${options.settings}`,
        }),
      keep: withoutManagedFields,
      limit: 1,
    });
    this.#refusals = new TokenBucket(clock, REFUSALS_TOLD, 10);
    this.#tokens = new PodTokens({ connection, clock, audience: AUDIENCE });
    this.#authority = new Authority({
      client,
      clock,
      namespace,
      secret: authoritySecret,
      hosts: servingHosts(service, namespace, advertise),
    });
    this.#loop = new ReconcileLoop({
      clock,
      workers: RECONCILERS,
      reconcile: (key) => this.#reconcile(key),
      observe: (key, ms, error, waitMs) => this.#observe(key, ms, error, waitMs),
    });
    this.#runs = this.#newRuns();
    const world = this.#world();
    this.#registry = new TestRegistry((key) => new ManagedTest(world, key));
  }

  /** Leads until the term is over, then lets go of all runs. @throws Error when a port is taken */
  async serve(): Promise<void> {
    const { term, log } = this.#options;
    const { signal } = term;
    log.info({ epoch: term.epoch }, 'leading');
    const stores = [this.#tests, this.#pods, this.#configMaps, this.#settingsMap];
    const ended = new AbortController();
    const end = (): void => ended.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const watching = Promise.all(stores.map((store) => store.run(ended.signal)));
    watching.catch(() => ended.abort());
    // At once, whatever is being done: workers must not be answered by two.
    let detached: Promise<void> | null = null;
    const detach = (): Promise<void> => (detached ??= this.#registry.detach(term.held()));
    ended.signal.addEventListener('abort', () => void detach(), { once: true });
    let server: SyncServer | null = null;
    try {
      const identity = await this.#untilDone(() => this.#authority.refresh(), ended.signal);
      this.#trusted = identity.bundle;
      server = await this.#listen(identity.serving);
      await Promise.all(stores.map((store) => store.whenSynced(ended.signal)));
      this.#readSettings();
      this.#listenToStores();
      for (const test of this.#tests.values()) this.#loop.add(keyOf(test));
      void this.#keepLabelled(ended.signal);
      void this.#keepValid(server, ended.signal);
      await Promise.race([this.#loop.run(ended.signal), overtime(ended.signal, FINISH_MS)]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      ended.abort();
      await detach();
      await server?.close();
      await Promise.race([this.#giveLabelUp(), overtime(ended.signal, FINISH_MS)]);
      await watching;
      log.info('leads no more');
    }
  }

  view(): ControllerView {
    const { events } = this.#options;
    const told: RunningTest[] = [];
    let running = 0;
    for (const [key, { run }] of this.#registry.values()) {
      if (run === null || ++running > MOST_TOLD) continue;
      const [namespace = '', name = ''] = key.split('/');
      told.push({ namespace, name, snapshot: () => run.coordinator.snapshot() });
    }
    const stores = {
      loadtests: this.#tests,
      pods: this.#pods,
      configmaps: this.#configMaps,
      settings: this.#settingsMap,
    };
    const ofEach = (value: (store: { ageMs: number; left: number }) => number): Record<string, number> =>
      Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, value(store)]));
    return {
      leads: true,
      queued: this.#loop.depth,
      watchAgesMs: ofEach(({ ageMs }) => ageMs),
      unseen: ofEach(({ left }) => left),
      tests: this.#tests.size,
      running,
      told,
      eventsDropped: events.dropped,
    };
  }

  /** How long the longest look at a test has taken that goes on, in ms; 0: none does. */
  get longestMs(): number {
    return this.#loop.longestMs;
  }

  // --- workers ---

  async #listen(serving: { certificate: string; key: string }): Promise<SyncServer> {
    const server = new SyncServer({
      host: '0.0.0.0',
      port: this.#options.port,
      tls: { key: serving.key, cert: serving.certificate },
      callerOf: (authorization) => this.#callerOf(authorization),
    });
    const address = await server.listen();
    this.#coordinatorUrl = `https://${this.#host}:${new URL(address).port || '443'}`;
    this.#log.info({ address, url: this.#coordinatorUrl }, 'workers are answered');
    return server;
  }

  /**
   * @returns null: nobody that is known here
   * @throws NotServing where the run of that pod has not been taken over yet
   */
  async #callerOf(authorization: string): Promise<Caller | null> {
    try {
      const { namespace, pod, podUid } = await this.#tokens.verify(authorization.replace(/^Bearer /, ''));
      const shown = this.#pods.get(`${namespace}/${pod}`);
      const test = shown === undefined ? null : ownerKeyOf(shown.metadata);
      const caller = test === null ? null : (this.#registry.get(test)?.run?.callerOf(podUid) ?? null);
      if (caller !== null) return caller;
      // A pod that was made just now, or of a test that is gone.
      for (const run of this.#registry.runs()) {
        const other = run.callerOf(podUid);
        if (other !== null) return other;
      }
      // One that no test owns only looks like a worker.
      if (test !== null && shown?.metadata.uid === podUid) throw new NotServing();
      return null;
    } catch (error) {
      if (error instanceof TokenError) {
        // Anybody can call.
        if (this.#refusals.take())
          this.#log.warn({ reason: error.message }, 'a call to the coordinator was refused');
        return null;
      }
      throw error;
    }
  }

  // --- tests ---

  async #reconcile(key: string): Promise<number | null> {
    const object = this.#tests.get(key);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
      this.#registry.drop(key, 'the LoadTest was deleted');
      this.#loop.forget(key);
      // Where somebody's finalizer holds it back, nobody else removes its pods.
      if (object !== undefined && !this.#registry.isEnding(object.metadata.uid!))
        await this.#runs.removeStrangers(object, null);
      return null;
    }
    return this.#registry.of(key, object.metadata.uid!).reconcile(object);
  }

  #observe(key: string, ms: number, error: unknown, waitMs: number): void {
    this.#options.metrics.reconciled(error === undefined ? 'done' : 'failed', ms);
    if (error === undefined) return;
    const { message: text, stack } = error instanceof Error ? error : new Error(inspect(error));
    if (isTransient(error) || isKubeError(error))
      this.#log.warn({ loadtest: key, waitMs, error: text }, 'tried again soon');
    else this.#log.error({ loadtest: key, waitMs, error: text, stack }, 'tried again soon');
  }

  /** Name by which workers reach this process. */
  get #host(): string {
    const { service, namespace, advertise } = this.#options;
    if (advertise === null) return `${service}.${namespace}.svc`;
    return isIP(advertise) === 6 ? `[${advertise}]` : advertise;
  }

  #newRuns(): ClusterRuns {
    const { client, clock, log, term, image, imagePullPolicy, imagePullSecrets, networkPolicies } =
      this.#options;
    return new ClusterRuns({
      client,
      clock,
      log,
      term,
      pods: this.#pods,
      configMaps: this.#configMaps,
      settings: () => this.#settings,
      trusted: () => this.#trusted,
      workers: { image, imagePullPolicy, imagePullSecrets },
      coordinatorUrl: () => this.#coordinatorUrl,
      networkPolicies,
    });
  }

  #world(): TestWorld {
    const { client, clock, log, events, metrics, term } = this.#options;
    return {
      client,
      clock,
      log,
      events,
      metrics,
      runs: this.#runs,
      leads: () => term.held(),
      statusBudget: new TokenBucket(clock, STATUS_WRITES, STATUS_WRITES),
      settings: () => this.#settings,
      ratesBeside: (key) => [...this.#registry.ratesBeside(key), ...this.#ratesToRecall(key)],
      again: (key) => this.#loop.add(key),
    };
  }

  /** What tests may send whose runs an earlier leader has begun and that were not looked at yet. */
  *#ratesToRecall(but: string): Generator<Rational> {
    for (const object of this.#tests.values()) {
      const key = keyOf(object);
      const { id, verdict } = object.status?.run ?? {};
      if (key === but || id === undefined || verdict !== undefined) continue;
      if (this.#registry.get(key)?.recalled) continue;
      const wanted = readWanted(object);
      if (typeof wanted !== 'string') yield highestRate(wanted.spec);
    }
  }

  #listenToStores(): void {
    this.#tests.onChange(({ key }) => this.#loop.add(key));
    const lookAtOwner = ({ before, now }: StoreChange<KubeObject | Pod>): void => {
      const owner = ownerKeyOf((now ?? before)!.metadata);
      if (owner !== null) this.#loop.add(owner);
    };
    this.#pods.onChange(lookAtOwner);
    this.#configMaps.onChange((change) => {
      if (change.now === undefined || change.before === undefined) lookAtOwner(change);
      for (const [test, { configMaps }] of this.#registry.values())
        if (configMaps.has(change.key)) this.#loop.add(test);
    });
    this.#settingsMap.onChange(() => {
      this.#readSettings();
      for (const [key] of this.#registry.values()) this.#loop.add(key);
    });
  }

  #readSettings(): void {
    const { namespace, settings } = this.#options;
    const data = this.#settingsMap.get(`${namespace}/${settings}`)?.data;
    this.#settings = readSettings(data, this.#goodSettings);
    const { killSwitch, wrong } = this.#settings;
    if (wrong === '') {
      this.#goodSettings = this.#settings;
      this.#log.info({ killSwitch }, 'the settings were read');
    } else {
      const holds = this.#goodSettings === null ? 'nothing is sent' : 'what was right before holds';
      this.#log.error({ configMap: settings, killSwitch, wrong }, `the settings are wrong: ${holds}`);
    }
  }

  // --- what has to be kept up ---

  async #keepLabelled(signal: AbortSignal): Promise<void> {
    const label = this.#label();
    let told = false;
    for (let done = false; !done && !signal.aborted; ) {
      try {
        await label.take();
        done = true;
      } catch (error) {
        if (!told)
          this.#log.warn({ error: String(error) }, 'this pod cannot be labelled as the one that leads');
        told = true;
        if (isKubeError(error, 'NotFound') && this.#options.advertise !== null) return;
        await sleep(LABEL_RETRY_MS, signal);
      }
    }
  }

  async #giveLabelUp(): Promise<void> {
    try {
      await this.#label().giveUp();
    } catch (error) {
      this.#log.warn(
        { error: String(error) },
        'the label of the one that leads stays: the next one takes it away',
      );
    }
  }

  #label(): LeaderLabel {
    const { client, namespace, podName } = this.#options;
    return new LeaderLabel({ client, namespace, pod: podName });
  }

  async #keepValid(server: SyncServer, signal: AbortSignal): Promise<void> {
    while (await sleep(AUTHORITY_EVERY_MS, signal)) {
      try {
        const { serving, bundle } = await this.#authority.refresh();
        server.setSecureContext({ key: serving.key, cert: serving.certificate });
        if (bundle === this.#trusted) continue;
        this.#trusted = bundle;
        for (const [key] of this.#registry.values()) this.#loop.add(key);
      } catch (error) {
        this.#log.warn({ error: String(error) }, 'the authority could not be looked at');
      }
    }
  }

  /** @throws the signal's reason when it is aborted before */
  async #untilDone<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let waitMs = 500; ; waitMs = Math.min(15_000, waitMs * 2)) {
      try {
        return await step();
      } catch (error) {
        this.#log.warn({ error: String(error), waitMs }, 'the authority cannot be had yet');
        if (!(await sleep(waitMs, signal))) throw signal.reason;
      }
    }
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

/** Of a pod, what says how it fares: most of its spec is as the template has it. */
function stateOfPod(pod: Pod): Pod {
  const { spec, ...rest } = withoutManagedFields(pod);
  if (spec === undefined) return rest;
  const { nodeName, containers } = spec;
  const own = containers.map(({ name, resources }) => ({
    name,
    ...(resources === undefined ? {} : { resources }),
  }));
  return { ...rest, spec: { ...(nodeName === undefined ? {} : { nodeName }), containers: own } };
}

/** Of a ConfigMap that may be large, only what says which it is and in which version. */
function namesOnly({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, ownerReferences } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
  };
}
