import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../attack/clock.ts';
import { Coordinator } from '../coordinator/coordinator.ts';
import type { Client } from '../kube/client.ts';
import { isKubeError, KubeError } from '../kube/errors.ts';
import type { Term } from '../kube/leader.ts';
import type { KubeObject } from '../kube/object.ts';
import { CONFIG_MAPS, type LoadTestObject, type Pod } from '../kube/resources.ts';
import type { Children } from './children/children.ts';
import { childName } from './children/names.ts';
import { ownerUidOf, type TestIdentity } from './children/owner.ts';
import { RunConfigMap } from './children/run-config-map.ts';
import { ClusterRun, heldSpec } from './cluster-run.ts';
import { ConfigMapReads } from './config-map-reads.ts';
import { type Ended, lostEnd } from './ended.ts';
import { type Kept, RESULT_KEY, RUN_KEY, readKept, TEST_KEY, type TestRecord } from './kept-run.ts';
import { PodPool } from './pods/pod-pool.ts';
import type { RunTemplates } from './pods/run-templates.ts';
import { CA_KEY, templateHash, type WorkerTemplate } from './pods/worker-pod.ts';
import { ResultKeeper } from './result-keeper.ts';
import type { ScopedStore } from './scoped-store.ts';
import type { Settings } from './settings.ts';
import type { Left } from './test-world.ts';
import { isPersistent, type Wanted } from './wanted.ts';

/** How long workers go on without an answer where the test does not say, in ms. */
export const LEASE_MS = 120_000;

/** Calls go over a network, to a controller that may have many of them. */
export const TIMING = { holdMs: 1000, marginMs: 250, leadMs: 500, reviewMs: 250 };

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
  /** Of the workers of runs that start. */
  image: string;
  children: Children;
  templates: RunTemplates;
}

type KeptRun = Omit<Kept & { kind: 'running' }, 'kind'>;

/** Starts runs in the cluster, and finds those again that an earlier controller had started. */
export class ClusterRuns {
  readonly #options: ClusterRunsOptions;
  readonly #children: Children;
  readonly #templates: RunTemplates;
  readonly #reads: ConfigMapReads;
  readonly #results: ResultKeeper;

  constructor(options: ClusterRunsOptions) {
    const { client, log, term, children, templates } = options;
    this.#options = options;
    this.#children = children;
    this.#templates = templates;
    this.#results = new ResultKeeper({ log, signal: term.signal });
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
    const { clock, image, trusted } = this.#options;
    const record: TestRecord = { run: runId(clock), spec: wanted.loadtest.spec, image };
    await this.#templates.of(test, record.run, wanted, image);
    await this.#children.ensure(test);
    const memory = this.#memoryOf(test);
    const texts = { [CA_KEY]: trusted(), [TEST_KEY]: JSON.stringify(record) };
    const isMade = this.#kept(test) === undefined && (await memory.make(texts));
    if (!isMade) {
      await memory.open();
      const left = await this.#leftIn(object, memory);
      if (typeof left !== 'string' && isNews(left, before, wanted)) return left;
      await memory.save({ ...texts, [RUN_KEY]: null, [RESULT_KEY]: null });
    }
    return this.#open(test, memory, { record, applied: wanted, restored: null });
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

  /** Forgets what is remembered of a test that is there no more. */
  drop(uid: string): void {
    this.#children.forget(uid);
    this.#templates.forget(uid);
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

  #lost({ namespace, name }: TestIdentity, run: string, key: string, why: string): Left {
    const { clock, log } = this.#options;
    log.error({ loadtest: `${namespace}/${name}`, run, why }, 'what was kept of a run is lost');
    return { kind: 'ended', ended: lostEnd(run, key, why, new Date(clock.wall())) };
  }

  /** @returns why nothing can be made of it, in words */
  async #leftIn(object: LoadTestObject, memory: RunConfigMap): Promise<Left | string> {
    const kept = readKept(object, memory.data);
    if (typeof kept === 'string' || kept.kind === 'ended') return kept;
    const test = identityOf(object);
    await this.#children.ensure(test);
    return this.#open(test, memory, kept);
  }

  #open(test: TestIdentity, memory: RunConfigMap, { record, applied, restored }: KeptRun): Left {
    const { client, clock, log, term, pods, settings, configMaps } = this.#options;
    // The next leader goes on with it.
    if (!term.held()) throw new KubeError('Conflict', 'this controller does not lead any more');
    const { namespace } = test;
    let owned = true;
    let image = record.image;
    const templateOf = (wanted: Wanted) => this.#templates.of(test, record.run, wanted, image);
    const template = (): Promise<WorkerTemplate> => templateOf(run.applied);
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
        if (isPersistent(run.applied)) image = this.#options.image;
        return templateHash(await template());
      },
      check: async (wanted) => void (await templateOf(wanted)),
      keep: async ({ loadtest }) => {
        await this.#children.ensure(test);
        if (!owned) return;
        const shown = this.#kept(test)?.metadata.resourceVersion;
        // One that was made just now may not be shown yet.
        wasShown ||= shown !== undefined;
        if (wasShown) await memory.restore(shown);
        const text = JSON.stringify({ ...record, image, spec: loadtest.spec } satisfies TestRecord);
        await memory.save({ [TEST_KEY]: text, [CA_KEY]: this.#options.trusted() });
      },
      saveResult: (summary) => this.#results.keep(memory, summary, () => owned),
      disown: () => {
        owned = false;
      },
    });
    return { kind: 'running', run };
  }
}

function identityOf({ metadata: { namespace = '', name, uid = '' } }: LoadTestObject): TestIdentity {
  return { namespace, name, uid };
}

function placeOf({ namespace, name }: TestIdentity): { namespace: string; name: string } {
  return { namespace, name: childName(name, 'run') };
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
