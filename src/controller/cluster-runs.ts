import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { parseLoadTest } from '../api/parse.ts';
import type { Clock } from '../attack/clock.ts';
import { Coordinator } from '../coordinator/coordinator.ts';
import { RECORD_FORMAT, type RunRecord } from '../coordinator/run-record.ts';
import type { PoolWorker } from '../coordinator/worker-pool.ts';
import type { Client } from '../kube/client.ts';
import { sleep } from '../kube/deadline.ts';
import { isKubeError, KubeError } from '../kube/errors.ts';
import type { Term } from '../kube/leader.ts';
import type { KubeObject } from '../kube/object.ts';
import { CONFIG_MAPS, type LoadTestObject, PODS, type Pod } from '../kube/resources.ts';
import type { Summary } from '../report/summary.ts';
import { formatRate } from '../units/rate.ts';
import { Children } from './children/children.ts';
import { childName, podName } from './children/names.ts';
import { LABELS, ownerUidOf, type TestIdentity } from './children/owner.ts';
import { RunConfigMap, RunDataError } from './children/run-config-map.ts';
import { ClusterRun, heldSpec } from './cluster-run.ts';
import { ConfigMapReads } from './config-map-reads.ts';
import { type Ended, endedOf, lostEnd } from './ended.ts';
import { Overlays } from './pods/overlay.ts';
import { endOf } from './pods/pod-end.ts';
import { PodPool } from './pods/pod-pool.ts';
import {
  CA_KEY,
  TEMPLATE_ANNOTATION,
  templateHash,
  type WorkerDefaults,
  type WorkerTemplate,
  workerTemplate,
} from './pods/worker-pod.ts';
import { resultTexts } from './result-texts.ts';
import { canonical } from './run-key.ts';
import type { ScopedStore } from './scoped-store.ts';
import type { Settings } from './settings.ts';
import type { Left } from './test-world.ts';
import { isPersistent, type Wanted, wantedOf } from './wanted.ts';

/** Keys of a test's ConfigMap, besides that of the authority. */
const RUN_KEY = 'run.json';
const TEST_KEY = 'test.json';
const RESULT_KEY = 'result.json';

/** How long workers go on without an answer where the test does not say, in ms. */
const LEASE_MS = 120_000;

/** Calls go over a network, to a controller that may have many of them. */
export const TIMING = { holdMs: 1000, marginMs: 250, leadMs: 500, reviewMs: 250 };
/** How long the worker of a pod that no run knows has to end by itself, in s. */
const STRANGER_GRACE_SECONDS = 10;

/** How a summary is tried to be kept, in ms. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/** What is kept of a test beside the run's own record. */
interface TestRecord {
  /** Id of the run. */
  run: string;
  /** The spec as the run has taken it over. */
  spec: unknown;
  /** Image that its workers started with: a bounded run keeps it. */
  image: string;
}

export interface ClusterRunsOptions {
  client: Client;
  clock: Clock;
  log: Logger;
  term: Term;
  pods: ScopedStore<Pod>;
  /** Metadata of all ConfigMaps. */
  configMaps: Pick<ScopedStore<KubeObject>, 'get'>;
  settings: () => Settings;
  /** The authorities that workers trust, as PEM. */
  trusted: () => string;
  /** What pods have in common, besides what the settings say. */
  workers: Pick<WorkerDefaults, 'image' | 'imagePullPolicy' | 'imagePullSecrets'>;
  coordinatorUrl: () => string;
  networkPolicies: boolean;
}

/** Starts runs in the cluster, and finds those again that an earlier controller had started. */
export class ClusterRuns {
  readonly #options: ClusterRunsOptions;
  readonly #children: Children;
  readonly #overlays: Overlays;
  readonly #reads: ConfigMapReads;

  constructor(options: ClusterRunsOptions) {
    const { client, clock, networkPolicies } = options;
    this.#options = options;
    this.#children = new Children({ client, clock, networkPolicies });
    this.#overlays = new Overlays(client);
    this.#reads = new ConfigMapReads(
      async (namespace, name) => (await client.find(CONFIG_MAPS, { namespace, name }))?.data ?? null,
    );
  }

  /** What there is of an earlier run. @returns null: nothing, as far as is known. @throws KubeError */
  async recall(object: LoadTestObject): Promise<Left | null> {
    const test = identityOf(object);
    const { id, key, verdict } = object.status?.run ?? {};
    const wasGoingOn = id !== undefined && verdict === undefined;
    const kept = this.#kept(test);
    // What a status tells of may be younger than what is known of ConfigMaps.
    if (kept === undefined && !(wasGoingOn && (await this.#find(test)) !== null)) {
      return wasGoingOn ? this.#lost(test, id, key ?? '', 'its ConfigMap is gone') : null;
    }
    const memory = this.#memoryOf(test);
    await memory.open();
    const left = await this.#leftIn(object, memory);
    if (typeof left !== 'string') return left;
    if (wasGoingOn) return this.#lost(test, id, key ?? '', left);
    return null;
  }

  /**
   * Makes what a run needs, and starts it; or goes on with what an earlier leader has begun, of which nobody knew here.
   * @param before the last run; null: none is known
   * @throws ProblemsError where its pod template is wrong; KubeError, RunDataError
   */
  async start(object: LoadTestObject, wanted: Wanted, before: Ended | null): Promise<Left> {
    const test = identityOf(object);
    const { clock, workers, term } = this.#options;
    const record: TestRecord = { run: runId(clock), spec: wanted.loadtest.spec, image: workers.image };
    await this.#templateOf(test, record.run, wanted, record.image);
    const isNew = object.status?.run === undefined && !this.#hasMap(test);
    await this.#children.ensure(test, isNew);
    const memory = this.#memoryOf(test);
    await memory.open();
    const left = await this.#leftIn(object, memory);
    if (typeof left !== 'string' && isNews(left, before, wanted)) return left;
    await memory.save({
      [CA_KEY]: this.#options.trusted(),
      [TEST_KEY]: JSON.stringify(record),
      [RUN_KEY]: null,
      [RESULT_KEY]: null,
    });
    // The next leader goes on with it.
    if (!term.held()) throw new KubeError('Conflict', 'this controller does not lead any more');
    return { kind: 'running', run: this.#open(test, memory, record, wanted, null) };
  }

  /** Deletes what is kept of a run that has ended. @throws KubeError */
  async forget(object: LoadTestObject): Promise<void> {
    const test = identityOf(object);
    const kept = this.#kept(test);
    if (kept === undefined || ownerUidOf(kept.metadata) !== test.uid) return;
    try {
      await this.#options.client.delete(CONFIG_MAPS, placeOf(test), { uid: kept.metadata.uid });
    } catch (error) {
      if (!isKubeError(error, 'NotFound', 'Conflict')) throw error;
    }
  }

  /**
   * Ends the pods of a test that are of none or another run: nobody tells them what to do.
   * @param run id of the run that goes on; null: none does
   * @returns how many may still send
   * @throws KubeError
   */
  async removeStrangers(object: LoadTestObject, run: string | null): Promise<number> {
    const { client, pods } = this.#options;
    const strangers = pods
      .having(identityOf(object).uid)
      .filter((pod) => pod.metadata.labels?.[LABELS.run] !== run && this.#maySend(pod));
    for (const { metadata } of strangers) {
      const { namespace, name, uid, deletionTimestamp } = metadata;
      if (deletionTimestamp !== undefined) continue;
      try {
        await client.delete(PODS, { namespace, name }, { uid, gracePeriodSeconds: STRANGER_GRACE_SECONDS });
      } catch (error) {
        if (!isKubeError(error, 'NotFound', 'Conflict')) throw error;
      }
    }
    return strangers.length;
  }

  /** A test is there no more. */
  drop(uid: string): void {
    this.#children.forget(uid);
    this.#overlays.forget(uid);
  }

  #hasMap({ namespace, name }: TestIdentity): boolean {
    return this.#options.configMaps.get(`${namespace}/${childName(name, 'run')}`) !== undefined;
  }

  #memoryOf(test: TestIdentity): RunConfigMap {
    const { client, term } = this.#options;
    return new RunConfigMap({ client, test, epoch: term.epoch, held: () => term.held() });
  }

  /** What is known of the ConfigMap of a test; undefined: there is none. */
  #kept(test: TestIdentity): KubeObject | undefined {
    const { namespace, name } = placeOf(test);
    return this.#options.configMaps.get(`${namespace}/${name}`);
  }

  async #find(test: TestIdentity): Promise<KubeObject | null> {
    return this.#options.client.find(CONFIG_MAPS, placeOf(test));
  }

  /** Whether the worker of a pod may live: one that is gone from sight does for its lease at most. */
  #maySend(pod: Pod): boolean {
    if (endOf(pod) !== null) return false;
    const { deletionTimestamp } = pod.metadata;
    return (
      deletionTimestamp === undefined || this.#options.clock.wall() < Date.parse(deletionTimestamp) + LEASE_MS
    );
  }

  #lost({ namespace, name }: TestIdentity, run: string, key: string, why: string): Left {
    const { clock, log } = this.#options;
    log.error({ loadtest: `${namespace}/${name}`, run, why }, 'what was kept of a run is lost');
    return { kind: 'ended', ended: lostEnd(run, key, why, new Date(clock.wall())) };
  }

  /** @returns why nothing can be made of it, in words */
  async #leftIn(object: LoadTestObject, memory: RunConfigMap): Promise<Left | string> {
    const test = identityOf(object);
    const texts = memory.data;
    if (texts[TEST_KEY] === undefined) return `its ConfigMap has no ${TEST_KEY}`;
    let record: TestRecord;
    let applied: Wanted;
    let restored: RunRecord | null;
    try {
      record = JSON.parse(texts[TEST_KEY]) as TestRecord;
      applied = appliedOf(object, record);
      const summary = JSON.parse(texts[RESULT_KEY] ?? 'null') as Summary | null;
      if (summary?.run === record.run) return { kind: 'ended', ended: endedOf(summary, applied.key) };
      restored = JSON.parse(texts[RUN_KEY] ?? 'null') as RunRecord | null;
    } catch (error) {
      return `its ConfigMap cannot be read: ${(error as Error).message}`;
    }
    if (restored !== null && (restored.format !== RECORD_FORMAT || restored.run !== record.run)) {
      return `its ${RUN_KEY} is of another version or run`;
    }
    await this.#children.ensure(test);
    if (!this.#options.term.held()) throw new KubeError('Conflict', 'this controller does not lead any more');
    return { kind: 'running', run: this.#open(test, memory, record, applied, restored) };
  }

  #open(
    test: TestIdentity,
    memory: RunConfigMap,
    record: TestRecord,
    applied: Wanted,
    restored: RunRecord | null,
  ): ClusterRun {
    const { client, clock, log, pods, settings, configMaps } = this.#options;
    const { namespace } = test;
    let owned = true;
    let image = record.image;
    const template = (): Promise<WorkerTemplate> => this.#templateOf(test, record.run, run.applied, image);
    const pool = new PodPool({
      client,
      clock,
      store: pods,
      test,
      run: record.run,
      template,
      onNamespaceEnd: () => run.stop('StoppedByUser', 'its namespace is being deleted'),
    });
    const ownMap = childName(test.name, 'run');
    let wasShown = false;
    const versionOf = (name: string) => configMaps.get(`${namespace}/${name}`)?.metadata.resourceVersion;
    const coordinator = new Coordinator({
      clock,
      pool,
      run: record.run,
      spec: heldSpec(applied.spec, settings()),
      content: null,
      lanes: null,
      leaseMs: LEASE_MS,
      timing: TIMING,
      records: null,
      epoch: memory.epoch,
      store: {
        save: async (run) => {
          if (owned) await memory.save({ [RUN_KEY]: JSON.stringify(run) });
        },
      },
      restored,
      note: (line) => log.info({ loadtest: `${namespace}/${test.name}`, run: record.run }, line),
    });
    const run: ClusterRun = new ClusterRun({
      clock,
      id: record.run,
      applied,
      coordinator,
      pool,
      settings,
      readConfigMap: (name, version) => this.#reads.of(namespace, name, version),
      configMapVersion: versionOf,
      ownMap,
      templateHash: async () => {
        if (isPersistent(run.applied)) image = this.#options.workers.image;
        return templateHash(await template());
      },
      check: async (wanted) => void (await this.#templateOf(test, record.run, wanted, image)),
      madeFrom: (worker) => this.#madeFrom(test, record.run, worker),
      keep: async ({ loadtest }) => {
        const shown = this.#kept(test)?.metadata.resourceVersion;
        wasShown ||= shown !== undefined;
        // One that was there and is not was removed by hand, and others with it perhaps.
        if (wasShown && shown === undefined) this.#children.forget(test.uid);
        await this.#children.ensure(test);
        if (!owned) return;
        await memory.restore(shown);
        const text = JSON.stringify({ ...record, image, spec: loadtest.spec } satisfies TestRecord);
        await memory.save({ [TEST_KEY]: text, [CA_KEY]: this.#options.trusted() });
      },
      saveResult: (summary) =>
        this.#keepTrying(
          () => this.#saveResult(memory, summary),
          () => owned,
        ),
      disown: () => {
        owned = false;
        this.drop(test.uid);
      },
    });
    return run;
  }

  async #templateOf(
    test: TestIdentity,
    run: string,
    applied: Wanted,
    image: string,
  ): Promise<WorkerTemplate> {
    const { workers, coordinatorUrl, settings } = this.#options;
    const { maxRatePerTest, allowedHosts, workerResources } = settings();
    const { beside, template: overlay = null } = applied.loadtest.spec.workers;
    const base = workerTemplate({
      test,
      run,
      spec: applied.spec,
      beside: beside?.matchLabels ?? null,
      defaults: {
        ...workers,
        coordinatorUrl: coordinatorUrl(),
        image,
        resources: workerResources,
        maxRate: maxRatePerTest === null ? null : formatRate(maxRatePerTest),
        allowedHosts,
      },
    });
    // How a worker sends is told when it starts: another way to send takes another worker.
    const protocol = createHash('sha256').update(canonical(applied.spec.protocol)).digest('hex').slice(0, 16);
    const annotations = { ...base.metadata.annotations, 'taz.dev/protocol': protocol };
    return this.#overlays.lay(test, { ...base, metadata: { ...base.metadata, annotations } }, overlay);
  }

  /** From which template the pod of a worker was made; null: it has none yet. */
  #madeFrom({ namespace, name, uid }: TestIdentity, run: string, worker: PoolWorker): string | null {
    const { index, replacement } = worker;
    const pod = this.#options.pods.get(`${namespace}/${podName(name, run, index, replacement)}`);
    if (pod === undefined || ownerUidOf(pod.metadata) !== uid) return null;
    return pod.metadata.annotations?.[TEMPLATE_ANNOTATION] ?? '';
  }

  /** With as much of it as there is room for. @throws KubeError, RunDataError */
  async #saveResult(memory: RunConfigMap, summary: Summary): Promise<void> {
    let tooLarge: unknown;
    for (const text of resultTexts(summary)) {
      try {
        return await memory.save({ [RESULT_KEY]: text, [RUN_KEY]: null });
      } catch (error) {
        if (!(error instanceof RunDataError)) throw error;
        tooLarge = error;
      }
    }
    throw tooLarge;
  }

  /** Until it is done, or nobody wants it any more. */
  async #keepTrying(step: () => Promise<void>, isWanted: () => boolean): Promise<void> {
    const { term, log } = this.#options;
    for (
      let waitMs = FIRST_RETRY_MS;
      isWanted() && !term.signal.aborted;
      waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2)
    ) {
      try {
        return await step();
      } catch (error) {
        log.warn({ error: String(error) }, 'the result of a run cannot be kept yet');
        await sleep(waitMs, term.signal);
      }
    }
  }
}

function identityOf({ metadata: { namespace = '', name, uid = '' } }: LoadTestObject): TestIdentity {
  return { namespace, name, uid };
}

function placeOf({ namespace, name }: TestIdentity): { namespace: string; name: string } {
  return { namespace, name: childName(name, 'run') };
}

/** @throws Error where it was written by a version that knew another schema */
function appliedOf({ apiVersion, kind, metadata }: LoadTestObject, { spec }: TestRecord): Wanted {
  const { name, namespace = '' } = metadata;
  return wantedOf(parseLoadTest({ apiVersion, kind, metadata: { name, namespace }, spec }));
}

/** Whether what was found has to be heeded: a run that goes on, or the end of one that is asked for and not known of. */
function isNews(left: Left, before: Ended | null, wanted: Wanted): boolean {
  if (left.kind === 'running') return true;
  return left.ended.run !== before?.run && left.ended.key === wanted.key;
}

/** Begins with the instant, so that runs are in order. */
function runId(clock: Clock): string {
  return `${clock.wall().toString(36)}${randomBytes(3).toString('hex')}`;
}
