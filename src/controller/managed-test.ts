import { formatProblem, ProblemsError } from '../api/problem.ts';
import type { LoadTestStatus } from '../api/status.ts';
import type { LoadTestObject } from '../kube/resources.ts';
import { parseDuration } from '../units/duration.ts';
import type { Rational } from '../units/rational.ts';
import { workerSelector } from './children/owner.ts';
import type { ClusterRun } from './cluster-run.ts';
import { type Ended, endedOf } from './ended.ts';
import { eventOf } from './events.ts';
import { exceeds, highestRate } from './safety.ts';
import { statusOf } from './status/status.ts';
import { StatusWriter } from './status/status-writer.ts';
import type { TestState } from './status/test-state.ts';
import type { TestWorld } from './test-world.ts';
import { changeOf, readWanted, type Wanted } from './wanted.ts';

const NONE: ReadonlySet<string> = new Set();

/** How often it is looked at again whether there is room for this test beside the others, in ms. */
const ROOM_EVERY_MS = 5_000;

/** How often a run is looked at of which nothing is heard, in ms: what it needs may have been removed by hand. */
const LOOK_EVERY_MS = 30_000;

/**
 * One LoadTest: brings what there is to what its spec asks for, and says in its status how far that is. `reconcile` looks
 * at the whole state each time and goes as far as it can; it may be called at any time, and again after any failure.
 */
export class ManagedTest {
  readonly #world: TestWorld;
  readonly #key: string;
  readonly #writer: StatusWriter;
  #run: ClusterRun | null = null;
  /** The last run, where none goes on. null: there was none. */
  #ended: Ended | null = null;
  #recalled = false;
  /** The spec of that generation, read. */
  #read: { generation: number; wanted: Wanted | string } | null = null;
  /** What the run was last brought to follow. */
  #followed: Wanted | null = null;
  /** What keeps the spec from being carried out, besides what a run itself tells. */
  #refusal: (TestState & { kind: 'refused' | 'starting' }) | null = null;
  #told: TestState | null = null;

  constructor(world: TestWorld, key: string) {
    this.#world = world;
    this.#key = key;
    this.#writer = new StatusWriter(world);
  }

  /** The run that goes on; null: none. */
  get run(): ClusterRun | null {
    return this.#run;
  }

  /** The ConfigMaps whose changes it has to see, as `namespace/name`. */
  get configMaps(): ReadonlySet<string> {
    return this.#run?.configMaps ?? NONE;
  }

  /** The highest rate that it may send at, in hits per second; null: nothing is sent. */
  get highestRate(): Rational | null {
    return this.#run === null ? null : highestRate(this.#run.applied.spec);
  }

  /** @returns after how many ms to look again at the latest; null: when something happens. @throws KubeError */
  async reconcile(object: LoadTestObject): Promise<number | null> {
    if (!this.#recalled) await this.#recall(object);
    const wanted = this.#wantedBy(object);
    this.#refusal = null;
    if (typeof wanted === 'string') {
      this.#refusal = { kind: 'refused', reason: 'InvalidSpec', message: wanted };
    } else if (this.#run !== null) {
      this.#follow(this.#run, wanted);
    } else if (this.#ended?.key !== wanted.key) {
      await this.#begin(object, wanted);
    }
    if (this.#run !== null) await this.#orRefused('what ran before goes on', () => this.#run!.lookAround());
    const keepMs = await this.#clean(object);
    return earliest(
      await this.#tell(object),
      keepMs,
      this.#refusal?.reason === 'RateNotAllowed' ? ROOM_EVERY_MS : null,
    );
  }

  /** The LoadTest is there no more: nothing is sent any more, and nothing stays. */
  async end(reason: string): Promise<void> {
    const run = this.#run;
    if (run === null) return;
    run.disown();
    run.stop('StoppedByUser', reason);
    await run.ended;
  }

  /** This process ends, or leads no more: workers go on until another asks for them. @param leads see `ClusterRun` */
  async detach(leads: boolean): Promise<void> {
    const run = this.#run;
    this.#run = null;
    await run?.detach(leads);
  }

  /** What an earlier process has left of this test. */
  async #recall(object: LoadTestObject): Promise<void> {
    const left = await this.#world.runs.recall(object);
    if (left?.kind === 'running') this.#take(left.run);
    else if (left?.kind === 'ended') this.#ended = left.ended;
    else this.#ended = toldEnd(object.status);
    this.#recalled = true;
  }

  async #begin(object: LoadTestObject, wanted: Wanted): Promise<void> {
    const tooMuch = this.#tooMuch(wanted);
    if (tooMuch !== null) {
      this.#refusal = { kind: 'starting', reason: 'RateNotAllowed', message: tooMuch, stalled: true };
      return;
    }
    this.#refusal = {
      kind: 'starting',
      reason: 'Starting',
      message: 'workers are about to be made',
      stalled: false,
    };
    // Before there is anything of it: an object without a status counts as ready.
    await this.#tell(object);
    this.#refusal = null;
    const run = await this.#orRefused('', () => this.#world.runs.start(object, wanted));
    if (run === null) return;
    this.#ended = null;
    this.#take(run);
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
    const { again, metrics, log } = this.#world;
    this.#run = run;
    this.#followed = null;
    run.onChange = () => again(this.#key);
    run.ended.then(
      (summary) => {
        // Another process leads, or the test is gone: there is nothing more to say of it.
        if (summary === null || this.#run !== run) return;
        this.#ended = endedOf(summary, run.applied.key);
        this.#run = null;
        metrics.ended(summary.verdict!);
        again(this.#key);
      },
      (error: unknown) =>
        log.error({ loadtest: this.#key, error: String(error) }, 'a run could not be ended'),
    );
  }

  #wantedBy(object: LoadTestObject): Wanted | string {
    const { generation = 0 } = object.metadata;
    if (this.#read?.generation !== generation) this.#read = { generation, wanted: readWanted(object) };
    return this.#read.wanted;
  }

  #follow(run: ClusterRun, wanted: Wanted): void {
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
      this.#refusal = {
        kind: 'refused',
        reason: 'RateNotAllowed',
        message: `${tooMuch}; what ran before goes on`,
      };
      return run.keepUp();
    }
    this.#followed = wanted;
    run.follow(change.applied);
  }

  #tooMuch(wanted: Wanted): string | null {
    return exceeds(wanted.spec, this.#world.settings(), this.#world.ratesBeside(this.#key));
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
    const { events } = this.#world;
    const state = this.#state();
    const { namespace = '', name, uid = '' } = object.metadata;
    const view = {
      state,
      run: this.#run,
      ended: this.#ended,
      before: this.#writer.last ?? object.status ?? null,
      now: new Date(this.#world.clock.wall()),
    };
    const status = statusOf(object, view, workerSelector({ namespace, name, uid }));
    const event = this.#told === null && wasTold(object, state) ? null : eventOf(this.#told, state);
    this.#told = state;
    if (event !== null) events.record({ ...event, regarding: object });
    const againMs = await this.#writer.write(object, status, this.#run?.isLive ?? false);
    return this.#run === null ? againMs : earliest(againMs, LOOK_EVERY_MS);
  }

  #state(): TestState {
    if (this.#refusal !== null) return this.#refusal;
    if (this.#run !== null) return this.#run.state();
    const { verdict, reason } = this.#ended!;
    return { kind: 'ended', verdict, message: reason };
  }
}

/** What a status tells of a run that has ended; null: of none. */
function toldEnd(status: LoadTestStatus | undefined): Ended | null {
  const run = status?.run;
  if (run?.verdict === undefined || run.key === undefined) return null;
  const { id = '', key, verdict, reason = '', finishedAt = new Date(0).toISOString() } = run;
  return { run: id, key, verdict, reason, finishedAt, summary: null };
}

/** Whether an earlier process has told of this state. */
function wasTold({ status }: LoadTestObject, state: TestState): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready !== undefined && ready.message === state.message;
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
