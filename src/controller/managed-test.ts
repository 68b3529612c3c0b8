import { formatProblem, ProblemsError } from '../api/problem.ts';
import type { LoadTestStatus } from '../api/status.ts';
import { isKubeError, isTransient } from '../kube/errors.ts';
import type { LoadTestObject } from '../kube/resources.ts';
import { parseDuration } from '../units/duration.ts';
import type { Rational } from '../units/rational.ts';
import { workerSelector } from './children/owner.ts';
import { RunDataError } from './children/run-config-map.ts';
import type { ClusterRun } from './cluster-run.ts';
import { type Ended, endedOf } from './ended.ts';
import { eventOf } from './events.ts';
import { exceeds, highestRate } from './safety.ts';
import { readyReason } from './status/conditions.ts';
import { statusOf } from './status/status.ts';
import { StatusWriter } from './status/status-writer.ts';
import type { TestState } from './status/test-state.ts';
import type { TestWorld } from './test-world.ts';
import { changeOf, isPersistent, readWanted, type Wanted } from './wanted.ts';

const NONE: ReadonlySet<string> = new Set();

/** How often it is looked at again what nothing tells of, such as whether there is room for this test, in ms. */
const ROOM_EVERY_MS = 5_000;

/** How long what a test needs may be refused before it counts as stalled, in ms. */
const STALLED_AFTER_MS = 30_000;

type Refusal = TestState & { kind: 'refused' | 'starting' };
/** How often a run is looked at of which nothing is heard, in ms: what it needs may have been removed by hand. */
const LOOK_EVERY_MS = 30_000;

/**
 * One LoadTest: brings what there is to what its spec asks for, and says in its status how far that is. `reconcile` looks
 * at the whole state each time and goes as far as it can; it may be called at any time, and again after any failure.
 */
export class ManagedTest {
  readonly #world: TestWorld;
  readonly #key: string;
  readonly #uid: string;
  readonly #writer: StatusWriter;
  #run: ClusterRun | null = null;
  /** The last run, where none goes on. null: there was none. */
  #ended: Ended | null = null;
  #recalled = false;
  /** This process leads no more. */
  #detached = false;
  /** What a run may send that is about to be made; null: none is. */
  #intended: Rational | null = null;
  /** The spec of that generation, read. */
  #read: { generation: number; wanted: Wanted | string } | null = null;
  /** What the run was last brought to follow. */
  #followed: Wanted | null = null;
  /** What keeps the spec from being carried out, besides what a run itself tells. */
  #refusal: Refusal | null = null;
  /** Since when it cannot be made what a run needs, as a clock time in ms; null: it can. */
  #failingSince: number | null = null;
  #told: TestState | null = null;

  constructor(world: TestWorld, key: string, uid: string) {
    this.#world = world;
    this.#key = key;
    this.#uid = uid;
    this.#writer = new StatusWriter(world);
  }

  /** The run that goes on; null: none. */
  get run(): ClusterRun | null {
    return this.#run;
  }

  /** Whether it is known what an earlier process has left of it. */
  get recalled(): boolean {
    return this.#recalled;
  }

  /** The ConfigMaps whose changes it has to see, as `namespace/name`. */
  get configMaps(): ReadonlySet<string> {
    return this.#run?.configMaps ?? NONE;
  }

  /** The highest rate that it may send at, in hits per second; null: nothing is sent, and nothing is about to be. */
  get highestRate(): Rational | null {
    return this.#run === null ? this.#intended : highestRate(this.#run.applied.spec);
  }

  /** @returns after how many ms to look again at the latest; null: when something happens. @throws KubeError, RunDataError */
  async reconcile(object: LoadTestObject): Promise<number | null> {
    this.#refusal = null;
    try {
      await this.#bring(object);
      this.#failingSince = null;
    } catch (error) {
      await this.#tellFailure(object, error);
      throw error;
    }
    const keepMs = await this.#clean(object);
    return earliest(await this.#tell(object), keepMs, this.#waits ? ROOM_EVERY_MS : null);
  }

  /** The LoadTest is there no more: nothing is sent any more, and nothing stays. Resolves when that is so; never fails. */
  async end(reason: string): Promise<void> {
    const run = this.#run;
    if (run !== null) {
      run.disown();
      run.stop('StoppedByUser', reason);
      await run.ended.catch(() => {});
      this.#run = null;
    }
    this.#world.runs.drop(this.#uid);
  }

  /** This process ends, or leads no more: workers go on until another asks for them. @param leads see `ClusterRun` */
  async detach(leads: boolean): Promise<void> {
    this.#detached = true;
    const run = this.#run;
    this.#run = null;
    await run?.detach(leads);
  }

  /** Goes as far as it can to what is wanted. */
  async #bring(object: LoadTestObject): Promise<void> {
    if (!this.#recalled) await this.#recall(object);
    const strangers = await this.#world.strangers.remove(object, this.#run?.id ?? null);
    const wanted = this.#wantedBy(object);
    // One that has no end is kept alive; what a bounded one has sent must not be sent twice.
    if (typeof wanted !== 'string' && this.#ended?.lost && isPersistent(wanted)) this.#ended = null;
    if (typeof wanted === 'string') {
      this.#refusal = { kind: 'refused', reason: 'InvalidSpec', message: wanted };
      this.#run?.keepUp();
    } else if (this.#run !== null) {
      await this.#follow(this.#run, wanted);
    } else if (this.#ended?.key !== wanted.key) {
      await this.#begin(object, wanted, strangers);
    }
    const run = this.#run;
    if (run === null) return;
    const tooMuch = exceeds(run.applied.spec, this.#world.settings(), []);
    if (tooMuch !== null) {
      const message = `${tooMuch}: nothing is sent until one of them is changed`;
      this.#refusal ??= { kind: 'refused', reason: 'RateNotAllowed', message };
    }
    await this.#orRefused('what ran before goes on', () => run.lookAround());
  }

  /** What an earlier process has left of this test. */
  async #recall(object: LoadTestObject): Promise<void> {
    const left = await this.#world.runs.recall(object);
    if (left?.kind === 'running') this.#take(left.run);
    else if (left?.kind === 'ended') this.#ended = left.ended;
    else this.#ended = toldEnd(object.status);
    this.#recalled = true;
  }

  /** @param strangers pods of another run that may still send */
  async #begin(object: LoadTestObject, wanted: Wanted, strangers: number): Promise<void> {
    const starting: Refusal = {
      kind: 'starting',
      reason: 'Starting',
      message: 'workers are about to be made',
      stalled: false,
    };
    const tooMuch = this.#tooMuch(wanted);
    if (tooMuch !== null) {
      this.#refusal = { ...starting, reason: 'RateNotAllowed', message: tooMuch, stalled: true };
      return;
    }
    if (strangers > 0) {
      const message = `${strangers} ${strangers === 1 ? 'pod' : 'pods'} of an earlier run have to end first`;
      this.#refusal = { ...starting, message };
      return;
    }
    // Tests that are about to start at the same time count each other.
    this.#intended = highestRate(wanted.spec);
    try {
      // Before there is anything of it: an object without a status counts as ready.
      this.#refusal = starting;
      await this.#tell(object);
      this.#refusal = null;
      const left = await this.#orRefused('', () => this.#world.runs.start(object, wanted, this.#ended));
      if (left?.kind === 'running') {
        this.#ended = null;
        this.#take(left.run);
      } else if (left !== null) {
        this.#ended = left.ended;
        this.#world.again(this.#key);
      }
    } finally {
      this.#intended = null;
    }
  }

  /** A pod template that is wrong is the user's to put right: trying again would change nothing. */
  async #orRefused<T>(besides: string, step: () => Promise<T>): Promise<T | null> {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      const words = error.problems.map(formatProblem).join('; ');
      const message = besides === '' ? words : `${words}; ${besides}`;
      this.#refusal = { kind: 'refused', reason: 'PodTemplateRefused', message };
      return null;
    }
  }

  #take(run: ClusterRun): void {
    if (this.#detached) return void run.detach(false);
    const world = this.#world;
    this.#run = run;
    this.#followed = null;
    run.onChange = () => world.again(this.#key);
    const over = (ended: Ended): void => {
      this.#ended = ended;
      this.#run = null;
      world.metrics.ended(ended.verdict);
      world.again(this.#key);
    };
    run.ended.then(
      (summary) => {
        // Another process leads, or the test is gone: there is nothing more to say of it.
        if (summary !== null && this.#run === run) over(endedOf(summary, run.applied.key));
      },
      (error: unknown) => {
        world.log.error({ loadtest: this.#key, error: String(error) }, 'a run could not be ended');
        if (this.#run !== run) return;
        const finishedAt = new Date(world.clock.wall()).toISOString();
        const { id, key } = run;
        const reason = `its end could not be kept: ${String(error)}`;
        over({ run: id, key, verdict: 'Failed', reason, finishedAt, summary: null, lost: false });
      },
    );
  }

  #wantedBy(object: LoadTestObject): Wanted | string {
    const { generation = 0 } = object.metadata;
    if (this.#read?.generation !== generation) this.#read = { generation, wanted: readWanted(object) };
    return this.#read.wanted;
  }

  async #follow(run: ClusterRun, wanted: Wanted): Promise<void> {
    if (this.#followed === wanted) return run.keepUp();
    const change = changeOf(run.applied, wanted);
    if (change === null) {
      this.#followed = wanted;
      return run.keepUp();
    }
    if (change.newRun.length > 0) {
      const fields = change.newRun.map(({ path }) => path).join(', ');
      return run.stop('StoppedByUser', `${fields} changed: another run takes its place`);
    }
    const tooMuch = this.#tooMuch(change.applied);
    if (tooMuch !== null) {
      const message = `${tooMuch}; what ran before goes on`;
      this.#refusal = { kind: 'refused', reason: 'RateNotAllowed', message };
      return run.keepUp();
    }
    // A run never takes over what no worker could be made from: one that is lost has to be replaced.
    await this.#orRefused('what ran before goes on', () => run.check(change.applied));
    if (this.#refusal !== null) return run.keepUp();
    this.#followed = wanted;
    run.follow(change.applied);
  }

  #tooMuch(wanted: Wanted): string | null {
    return exceeds(wanted.spec, this.#world.settings(), this.#world.ratesBeside(this.#key));
  }

  /** Says what keeps it from going on, where trying again may not help. */
  async #tellFailure(object: LoadTestObject, error: unknown): Promise<void> {
    const { clock, log } = this.#world;
    this.#failingSince ??= clock.now();
    const isNews = object.status?.conditions === undefined && this.#writer.last === null;
    if (!isNews && (isTransient(error) || !(isKubeError(error) || error instanceof RunDataError))) return;
    const words = isTransient(error) ? 'the API server does not answer' : (error as Error).message;
    if (this.#run === null) {
      const stalled = clock.now() - this.#failingSince > STALLED_AFTER_MS || error instanceof RunDataError;
      const reason = stalled ? 'WorkersCannotStart' : 'Starting';
      this.#refusal = { kind: 'starting', reason, message: `cannot start: ${words}`, stalled };
    } else {
      const tail =
        error instanceof RunDataError ? 'the run does not outlive this controller' : 'the run goes on';
      this.#refusal = { kind: 'refused', reason: 'CannotFollow', message: `${words}; ${tail}` };
    }
    try {
      await this.#tell(object);
    } catch (cause) {
      log.debug({ loadtest: this.#key, error: String(cause) }, 'a failure cannot be told');
    }
  }

  /** Deletes what is kept of a run that ended long ago. @returns until then, in ms; null: there is nothing */
  async #clean(object: LoadTestObject): Promise<number | null> {
    if (this.#ended === null) return null;
    const keep = (object.spec['results'] as { keep?: string } | undefined)?.keep ?? '24h';
    const leftMs = Date.parse(this.#ended.finishedAt) + keepMs(keep) - this.#world.clock.wall();
    if (leftMs > 0) return leftMs;
    await this.#world.runs.forget(object);
    return null;
  }

  /** Writes the status where it says something new. @returns until the next figures, in ms; null: there will be none */
  async #tell(object: LoadTestObject): Promise<number | null> {
    const state = this.#state();
    if (this.#detached || state === null || !this.#world.leads()) return null;
    if (state.kind === 'starting' && this.#run?.isRestoring) return ROOM_EVERY_MS;
    const { namespace = '', name, uid = '' } = object.metadata;
    const view = {
      state,
      run: this.#run,
      ended: this.#ended,
      before: this.#writer.last ?? object.status ?? null,
      now: new Date(this.#world.clock.wall()),
    };
    const status = statusOf(object, view, workerSelector({ namespace, name, uid }));
    const event = this.#told === null && wasTold(object, status, state) ? null : eventOf(this.#told, state);
    this.#told = state;
    if (event !== null) this.#world.events.record({ ...event, regarding: object });
    const againMs = await this.#writer.write(object, status, this.#run?.isLive ?? false);
    return this.#run === null ? againMs : earliest(againMs, LOOK_EVERY_MS);
  }

  /** For what others do, and nothing tells of. */
  get #waits(): boolean {
    return this.#refusal?.kind === 'starting' || this.#refusal?.reason === 'RateNotAllowed';
  }

  /** null: nothing is known of it yet. */
  #state(): TestState | null {
    if (this.#refusal !== null) return this.#refusal;
    if (this.#run !== null) return this.#run.state();
    if (this.#ended === null) return null;
    const { verdict, reason } = this.#ended;
    return { kind: 'ended', verdict, message: reason };
  }
}

/** What a status tells of a run that has ended; null: of none. */
function toldEnd(status: LoadTestStatus | undefined): Ended | null {
  const run = status?.run;
  if (run?.verdict === undefined || run.key === undefined) return null;
  const { id = '', key, verdict, reason = '', finishedAt = new Date(0).toISOString() } = run;
  return { run: id, key, verdict, reason, finishedAt, summary: null, lost: false };
}

/** Whether an earlier process has told of this state, of this run. */
function wasTold({ status: before }: LoadTestObject, status: LoadTestStatus, state: TestState): boolean {
  const conditionOf = (name: string) => before?.conditions?.find(({ type }) => type === name);
  const ready = conditionOf('Ready');
  if (state.kind === 'starting' && !state.stalled) return conditionOf('Reconciling') !== undefined;
  if (ready?.reason !== readyReason(state)) return false;
  if (state.kind === 'refused') return ready.message === status.conditions?.[0]?.message;
  return state.kind !== 'ended' || before?.run?.id === status.run?.id;
}

/** Of a text that the API server has checked; one that it has not is refused elsewhere. */
function keepMs(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function earliest(...times: (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
