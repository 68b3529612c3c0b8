import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { parseLoadTest } from '../api/parse.ts';
import type { Clock } from '../attack/clock.ts';
import { Coordinator } from '../coordinator/coordinator.ts';
import { RECORD_FORMAT, type RunRecord } from '../coordinator/run-record.ts';
import type { PoolWorker } from '../coordinator/worker-pool.ts';
import type { Client } from '../kube/client.ts';
import { isKubeError } from '../kube/errors.ts';
import type { Term } from '../kube/leader.ts';
import { CONFIG_MAPS, type LoadTestObject, type Pod } from '../kube/resources.ts';
import type { Summary } from '../report/summary.ts';
import { formatRate } from '../units/rate.ts';
import { Children } from './children/children.ts';
import { childName } from './children/names.ts';
import { LABELS, type TestIdentity } from './children/owner.ts';
import { RunConfigMap } from './children/run-config-map.ts';
import { ClusterRun } from './cluster-run.ts';
import { ConfigMapReads } from './config-map-reads.ts';
import { endedOf } from './ended.ts';
import { Overlays } from './pods/overlay.ts';
import { PodPool } from './pods/pod-pool.ts';
import {
  CA_KEY,
  TEMPLATE_ANNOTATION,
  templateHash,
  type WorkerDefaults,
  type WorkerTemplate,
  workerOf,
  workerTemplate,
} from './pods/worker-pod.ts';
import { canonical } from './run-key.ts';
import type { ScopedStore } from './scoped-store.ts';
import type { Settings } from './settings.ts';
import type { Left } from './test-world.ts';
import { type Wanted, wantedOf } from './wanted.ts';

/** Keys of a test's ConfigMap, besides that of the authority. */
const RUN_KEY = 'run.json';
const TEST_KEY = 'test.json';
const RESULT_KEY = 'result.json';

/** How long workers go on without an answer where the test does not say, in ms. */
const LEASE_MS = 120_000;

/** Calls go over a network, to a controller that may have many of them. */
export const TIMING = { holdMs: 1000, marginMs: 250, leadMs: 500, reviewMs: 250 };

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
  configMaps: Pick<ScopedStore<{ metadata: { name: string; resourceVersion?: string } }>, 'get'>;
  settings: () => Settings;
  /** The authorities that workers trust, as PEM. */
  trusted: () => string;
  /** What pods have in common, besides what the settings say. */
  workers: Pick<WorkerDefaults, 'image' | 'imagePullPolicy' | 'imagePullSecrets' | 'coordinatorUrl'>;
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

  /** @returns null: nothing is kept of this test. @throws KubeError */
  async recall(object: LoadTestObject): Promise<Left> {
    const test = identityOf(object);
    if (!this.#hasMap(test)) return null;
    const memory = this.#memoryOf(test);
    await memory.open();
    const { [TEST_KEY]: testText, [RUN_KEY]: runText, [RESULT_KEY]: resultText } = memory.data;
    if (testText === undefined) return null;
    const record = JSON.parse(testText) as TestRecord;
    const applied = this.#appliedOf(object, record);
    if (applied === null) return null;
    if (resultText !== undefined) {
      const summary = JSON.parse(resultText) as Summary;
      if (summary.run === record.run) return { kind: 'ended', ended: endedOf(summary, applied.key) };
    }
    const restored = runText === undefined ? null : (JSON.parse(runText) as RunRecord);
    if (restored !== null && (restored.format !== RECORD_FORMAT || restored.run !== record.run)) return null;
    await this.#children.ensure(test);
    return { kind: 'running', run: this.#open(test, memory, record, applied, restored) };
  }

  /** Makes what a run needs, and starts it. @throws ProblemsError where its pod template is wrong; KubeError, RunDataError */
  async start(object: LoadTestObject, wanted: Wanted): Promise<ClusterRun> {
    const test = identityOf(object);
    const { clock, workers } = this.#options;
    const record: TestRecord = { run: runId(clock), spec: wanted.loadtest.spec, image: workers.image };
    await this.#templateOf(test, record.run, wanted, record.image);
    const isNew = object.status?.run === undefined && !this.#hasMap(test);
    await this.#children.ensure(test, isNew);
    const memory = this.#memoryOf(test);
    const data = { [CA_KEY]: this.#options.trusted(), [TEST_KEY]: JSON.stringify(record) };
    await memory.open({ ...data, [RUN_KEY]: null, [RESULT_KEY]: null }, isNew);
    return this.#open(test, memory, record, wanted, null);
  }

  /** Deletes what is kept of a run that has ended. @throws KubeError */
  async forget(object: LoadTestObject): Promise<void> {
    const test = identityOf(object);
    if (!this.#hasMap(test)) return;
    const place = { namespace: test.namespace, name: childName(test.name, 'run') };
    try {
      await this.#options.client.delete(CONFIG_MAPS, place);
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
    }
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

  /** @returns null: it was written by a version that knew another schema */
  #appliedOf({ apiVersion, kind, metadata }: LoadTestObject, { spec }: TestRecord): Wanted | null {
    const { name, namespace = '' } = metadata;
    try {
      return wantedOf(parseLoadTest({ apiVersion, kind, metadata: { name, namespace }, spec }));
    } catch (error) {
      this.#options.log.error(
        { namespace, name, error: String(error) },
        'what was kept of a run cannot be read',
      );
      return null;
    }
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
    const versionOf = (name: string) => configMaps.get(`${namespace}/${name}`)?.metadata.resourceVersion;
    let wasShown = false;
    /** What was changed or removed by hand comes back. */
    const putRight = async (): Promise<void> => {
      const version = versionOf(ownMap);
      wasShown ||= version !== undefined;
      if (!owned || !wasShown || (version !== undefined && memory.knows(version))) return;
      if (version === undefined) this.#children.forget(test.uid);
      await memory.restore();
    };
    const write = async (key: string, text: string): Promise<void> => {
      if (owned) await memory.save({ [key]: text });
    };
    const coordinator = new Coordinator({
      clock,
      pool,
      run: record.run,
      spec: { ...applied.spec, suspend: applied.spec.suspend || settings().killSwitch },
      content: null,
      lanes: null,
      leaseMs: LEASE_MS,
      timing: TIMING,
      records: null,
      epoch: memory.epoch,
      store: { save: (run) => write(RUN_KEY, JSON.stringify(run)) },
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
      madeFrom: (worker) => this.#madeFrom(test, record.run, worker),
      keep: async ({ loadtest }) => {
        await putRight();
        await this.#children.ensure(test);
        const text = JSON.stringify({ ...record, image, spec: loadtest.spec } satisfies TestRecord);
        if (owned) await memory.save({ [TEST_KEY]: text, [CA_KEY]: this.#options.trusted() });
      },
      saveResult: (summary) =>
        this.#keepTrying(
          () => write(RESULT_KEY, JSON.stringify(summary)),
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
    const { workers, settings } = this.#options;
    const { maxRatePerTest, allowedHosts, workerResources } = settings();
    const { beside, template: overlay = null } = applied.loadtest.spec.workers;
    const base = workerTemplate({
      test,
      run,
      spec: applied.spec,
      beside: beside?.matchLabels ?? null,
      defaults: {
        ...workers,
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
  #madeFrom({ uid }: TestIdentity, run: string, { index, replacement }: PoolWorker): string | null {
    for (const pod of this.#options.pods.having(uid)) {
      const worker = workerOf(pod);
      if (worker?.index !== index || worker.replacement !== replacement) continue;
      if (pod.metadata.labels?.[LABELS.run] !== run) continue;
      return pod.metadata.annotations?.[TEMPLATE_ANNOTATION] ?? '';
    }
    return null;
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
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }
}

function identityOf({ metadata: { namespace = '', name, uid = '' } }: LoadTestObject): TestIdentity {
  return { namespace, name, uid };
}

/** Begins with the instant, so that runs are in order. */
function runId(clock: Clock): string {
  return `${clock.wall().toString(36)}${randomBytes(3).toString('hex')}`;
}

function isPersistent({ spec }: Wanted): boolean {
  const sendsOnce = spec.source.kind === 'targets' && !spec.source.loop;
  return spec.durationMs === null && spec.schedule.kind !== 'stages' && !sendsOnce;
}
