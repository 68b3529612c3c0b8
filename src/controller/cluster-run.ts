import { createHash, randomBytes } from 'node:crypto';
import type { RunSpec } from '../api/run-spec.ts';
import type { Clock } from '../attack/clock.ts';
import type { Caller } from '../coordinator/caller.ts';
import type { Coordinator } from '../coordinator/coordinator.ts';
import type { RunSnapshot } from '../coordinator/snapshot.ts';
import { workerCount } from '../coordinator/worker-count.ts';
import { workerName } from '../coordinator/worker-pool.ts';
import { summarize } from '../report/summarize.ts';
import type { Summary } from '../report/summary.ts';
import type { Verdict } from '../stop/verdict.ts';
import { configMapsOf, type Data, scoutingOrder } from './config-maps.ts';
import type { PodPool } from './pods/pod-pool.ts';
import { canonical } from './run-key.ts';
import { exceeds } from './safety.ts';
import type { Settings } from './settings.ts';
import { RecentRate } from './status/recent-rate.ts';
import { instant, type RunFigures, type RunningView } from './status/status.ts';
import type { TestState } from './status/test-state.ts';
import type { Wanted } from './wanted.ts';

export interface ClusterRunOptions {
  clock: Clock;
  id: string;
  applied: Wanted;
  coordinator: Coordinator;
  pool: PodPool;
  settings: () => Settings;
  /** Reads a ConfigMap of the test's namespace of which there is that version; null: there is none. */
  readConfigMap: (name: string, version: string) => Promise<Data | null>;
  /** Which version of a ConfigMap there is, by what is known at this moment; undefined: there is none. */
  configMapVersion: (name: string) => string | undefined;
  /** The ConfigMap that the run itself is kept in. */
  ownMap: string;
  /** What pods are made from at this moment, by a word. */
  templateHash: () => Promise<string>;
  /** @throws ProblemsError where no worker could be made as `applied` asks for; KubeError */
  check: (applied: Wanted) => Promise<void>;
  /** Keeps what has become of the run; resolves when it is kept. */
  saveResult: (summary: Summary) => Promise<void>;
  /** Sees to it that what the run has taken over is kept, and what else its workers need is there. */
  keep: (applied: Wanted) => Promise<void>;
  /** Nothing more is to be kept of it: its test is gone. */
  disown: () => void;
}

/** How often the run is looked at for a transition, in ms. */
const WATCH_MS = 500;
/** How long pods may be kept from coming up before the test counts as stalled, in ms. */
const STALLED_AFTER_MS = 30_000;

/** A run in the cluster: its coordinator, with what the cluster tells it and what is told of it. */
export class ClusterRun implements RunningView {
  readonly id: string;
  /** Resolves when it has ended and that is kept; null: this process has let go of it. */
  readonly ended: Promise<Summary | null>;
  readonly votesSince = new Map<string, string>();
  /** Called when there is something to tell. */
  onChange: () => void = () => {};
  readonly coordinator: Coordinator;
  readonly #options: ClusterRunOptions;
  readonly #recent = new RecentRate();
  readonly #timer: NodeJS.Timeout;
  readonly #letGo = Promise.withResolvers<null>();
  /** Values of secrets enter digests under it. */
  readonly #key = randomBytes(16).toString('hex');
  #applied: Wanted;
  #configMaps: ReadonlySet<string>;
  /** What the coordinator was told last, by a word, and from what that was made. */
  #told: { by: RunSpec; settings: Settings; word: string };
  #seen = '';
  /** What the workers were told last to look at, by a word. */
  #stamp = '';
  #started = false;
  #detached = false;
  #trouble: { text: string; since: number } | null = null;

  constructor(options: ClusterRunOptions) {
    this.#options = options;
    this.id = options.id;
    this.coordinator = options.coordinator;
    this.#applied = options.applied;
    const settings = options.settings();
    const { spec: by } = options.applied;
    this.#told = { by, settings, word: canonicalSpec(heldSpec(by, settings)) };
    this.#configMaps = placesOf(options.applied, options.ownMap);
    this.#timer = setInterval(() => this.#watch(), WATCH_MS);
    this.ended = Promise.race([this.#letGo.promise, this.#end()]);
  }

  /** The test as it was last taken over. */
  get applied(): Wanted {
    return this.#applied;
  }

  /** The ConfigMaps that what it sends is made from, and that in which it is kept, as `namespace/name`. */
  get configMaps(): ReadonlySet<string> {
    return this.#configMaps;
  }

  /** Who calls with the token of that pod; null: no worker of this run. */
  callerOf(podUid: string): Caller | null {
    const worker = this.#options.pool.podOf(podUid);
    if (worker === null) return null;
    const { coordinator } = this;
    return {
      run: this.id,
      worker,
      sync: (request) => coordinator.sync(request),
      content: (digest) => coordinator.contentOf(digest),
      scouting: (digest) => coordinator.scoutingOf(digest),
      finding: (finding) => coordinator.finding(finding),
    };
  }

  get key(): string {
    return this.#applied.key;
  }

  /** Does from now on what `applied` asks for. */
  follow(applied: Wanted): void {
    this.#applied = applied;
    this.#configMaps = placesOf(applied, this.#options.ownMap);
    this.keepUp();
  }

  /** Follows the settings of the cluster, which may have changed. */
  keepUp(): void {
    const { spec: by } = this.#applied;
    const settings = this.#options.settings();
    const told = this.#told;
    if (told.by === by && told.settings === settings) return;
    const spec = heldSpec(by, settings);
    const word = canonicalSpec(spec);
    this.#told = { by, settings, word };
    if (word !== told.word) this.coordinator.change(spec);
  }

  /** @throws ProblemsError where no worker could be made as `applied` asks for; KubeError */
  check(applied: Wanted): Promise<void> {
    return this.#options.check(applied);
  }

  /**
   * Keeps what was taken over, starts the coordinator, tells the workers where to look for what is sent, and replaces
   * those that are made from another template.
   * @throws KubeError; ProblemsError where the pod template is wrong
   */
  async lookAround(): Promise<void> {
    await this.#options.keep(this.#applied);
    try {
      await this.#sendScout();
    } finally {
      // Workers of an earlier leader are waiting, whether or not it can be said now where to look.
      if (!this.#started && !this.#detached) this.coordinator.start();
      this.#started = true;
    }
    const { templateHash, pool } = this.#options;
    const hash = await templateHash();
    if (this.#detached) return;
    this.coordinator.roll((worker) => [null, hash].includes(pool.madeFrom(worker)));
  }

  async #sendScout(): Promise<void> {
    const { spec } = this.#applied;
    const names = configMapsOf(spec);
    const versions = names.map((name) => this.#options.configMapVersion(name) ?? null);
    const stamp = canonical([spec.source, spec.variables, spec.events, versions]);
    if (stamp === this.#stamp) return;
    const found: Record<string, Data> = {};
    for (const [index, name] of names.entries()) {
      const version = versions[index]!;
      const data = version === null ? null : await this.#options.readConfigMap(name, version);
      if (data !== null) found[name] = data;
    }
    this.coordinator.lookAt(scoutingOrder(spec, found, this.#key, this.coordinator.digest));
    this.#stamp = stamp;
  }

  stop(verdict: Verdict, reason: string): void {
    this.coordinator.stop(verdict, reason);
  }

  /** The test is gone: nothing more is kept of it. */
  disown(): void {
    this.#options.disown();
  }

  /**
   * Lets go of the run, which goes on without this process.
   * @param leads this process still leads: it brings what it has begun to an end, for 2 s at most
   */
  async detach(leads: boolean): Promise<void> {
    this.#detached = true;
    clearInterval(this.#timer);
    if (leads) await this.coordinator.retire();
    else this.coordinator.abandon();
    this.#options.pool.release();
    this.#letGo.resolve(null);
  }

  state(): TestState {
    const { phase, reason, suspended, digest, contentError, startedAt } = this.coordinator.outline();
    switch (phase) {
      case 'Preparing':
        return this.#starting(digest === null ? contentError : '');
      case 'Running':
        if (suspended) return this.#held();
        return { kind: 'running', message: this.#runningMessage(startedAt) };
      case 'Draining':
      case 'Ended':
        return { kind: 'ending', message: reason };
    }
  }

  figures(): RunFigures {
    const snapshot = this.coordinator.snapshot();
    const { startedAt, elapsedMs, scheduleMs, durationMs, suspended } = snapshot;
    const ends = startedAt !== null && durationMs !== null && !suspended;
    const endsAt = ends ? startedAt + elapsedMs + Math.max(0, durationMs - scheduleMs) : null;
    // Not before all workers have told a new leader what they have counted.
    const { complete } = this.coordinator.outline();
    return {
      summary: complete ? this.#summaryOf(snapshot) : null,
      recentRate: complete ? this.#recentRateOf(snapshot) : null,
      endsAt: endsAt === null ? null : new Date(Math.round(endsAt)).toISOString(),
    };
  }

  get workers(): { desired: number; ready: number; replicas: number } {
    const { ready } = this.coordinator.outline();
    return { desired: workerCount(this.#applied.spec), ready, replicas: this.#options.pool.size };
  }

  /** Its figures go on changing. */
  get isLive(): boolean {
    const { phase, suspended } = this.coordinator.outline();
    return phase === 'Draining' || (phase === 'Running' && !suspended);
  }

  /** It is not known yet whether it has begun: what an earlier leader has told of it stays. */
  get isRestoring(): boolean {
    return this.coordinator.outline().restoring;
  }

  get templatesLoaded(): boolean {
    return this.coordinator.digest !== null;
  }

  #summaryOf(snapshot: RunSnapshot): Summary {
    const summary = summarize(snapshot);
    const now = instant(new Date(this.#options.clock.wall()));
    const voting = new Set(summary.votes.workers.map(({ name }) => name));
    for (const name of this.votesSince.keys()) if (!voting.has(name)) this.votesSince.delete(name);
    for (const name of voting) if (!this.votesSince.has(name)) this.votesSince.set(name, now);
    return summary;
  }

  #recentRateOf({ scheduleMs, tally, targetRate, warmup }: RunSnapshot): number | null {
    return this.#recent.observe(scheduleMs, tally.counts.sent + warmup.counts.sent, targetRate);
  }

  #starting(templatesError: string): TestState {
    if (templatesError !== '') {
      const { kind } = this.#applied.spec.source;
      return {
        kind: 'starting',
        reason: 'TemplatesRefused',
        message: `${kind} cannot be used: ${templatesError}`,
        stalled: true,
      };
    }
    const { desired, ready } = this.workers;
    const text = this.#startTroubleText();
    const stalled = this.#trouble !== null && this.#now - this.#trouble.since > STALLED_AFTER_MS;
    return {
      kind: 'starting',
      reason: stalled ? 'WorkersCannotStart' : 'WaitingForWorkers',
      message: joined(`${ready} of ${desired} workers are ready`, text),
      stalled,
    };
  }

  #held(): TestState {
    const { killSwitch, wrong } = this.#options.settings();
    if (killSwitch) {
      const why =
        wrong === ''
          ? 'the kill switch of this cluster is on'
          : `the settings of this cluster are wrong (${wrong})`;
      return { kind: 'held', by: 'KillSwitch', message: `${why}: nothing is sent` };
    }
    return { kind: 'held', by: 'Suspended', message: 'spec.suspend is true: nothing is sent' };
  }

  #runningMessage(startedAt: number | null): string {
    const { desired, ready } = this.workers;
    const since = startedAt === null ? '' : ` since ${instant(new Date(startedAt))}`;
    const text = ready < desired ? this.#troubleText() : '';
    return joined(`${ready} of ${desired} workers send${since}`, text, this.#saveText());
  }

  /** What keeps the run from being kept. */
  #saveText(): string {
    const { saveError } = this.coordinator.outline();
    return saveError === '' ? '' : `the run cannot be saved, and no change of it takes effect: ${saveError}`;
  }

  /** What keeps the run from starting. */
  #startTroubleText(outline = this.coordinator.outline()): string {
    return this.#troubleText(outline) || this.#saveText();
  }

  /** What keeps workers from coming up, the first of them. */
  #troubleText({ missing } = this.coordinator.outline()): string {
    for (const worker of missing) {
      const text = this.#options.pool.trouble(worker);
      if (text !== '') return `${workerName(worker)} ${text}`;
    }
    return '';
  }

  get #now(): number {
    return this.#options.clock.now();
  }

  #watch(): void {
    const outline = this.coordinator.outline();
    const text = this.#startTroubleText(outline);
    if (text === '') this.#trouble = null;
    else this.#trouble = { text, since: this.#trouble?.since ?? this.#now };
    const seen = JSON.stringify({ ...outline, missing: text });
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.onChange();
  }

  async #end(): Promise<Summary> {
    const snapshot: RunSnapshot = await this.coordinator.ended;
    clearInterval(this.#timer);
    const summary = summarize(snapshot);
    await this.#options.saveResult(summary);
    return summary;
  }
}

/** The spec, held where the settings of the cluster keep it from being sent. */
export function heldSpec(spec: RunSpec, settings: Settings): RunSpec {
  const holds = settings.killSwitch || exceeds(spec, settings, []) !== null;
  return holds ? { ...spec, suspend: true } : spec;
}

function joined(...parts: string[]): string {
  return parts.filter((part) => part !== '').join('; ');
}

function placesOf({ loadtest, spec }: Wanted, ownMap: string): ReadonlySet<string> {
  const { namespace } = loadtest.metadata;
  return new Set([...configMapsOf(spec), ownMap].map((name) => `${namespace}/${name}`));
}

function canonicalSpec(spec: RunSpec): string {
  const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
  return createHash('sha256').update(JSON.stringify(spec, bigints)).digest('hex');
}
