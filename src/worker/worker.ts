import { randomUUID } from 'node:crypto';
import type { Clock } from '../attack/clock.ts';
import type { LanePlan } from '../attack/lane.ts';
import { rateOf } from '../attack/schedule/segment.ts';
import {
  type Assignment,
  isNewer,
  type SyncRequest,
  type SyncResponse,
  type Version,
  type WorkerBootstrap,
  type WorkerReport,
} from '../coordinator/protocol.ts';
import { workerName } from '../coordinator/worker-pool.ts';
import type { MetricsView } from '../metrics/prometheus.ts';
import { CountsBlock, Tally } from '../metrics/tally.ts';
import { mergeTopics } from '../metrics/topic-counts.ts';
import { VectorSender } from '../metrics/vector-codec.ts';
import { openTargets } from '../target/target-lines.ts';
import type { Content } from '../template/content.ts';
import { Ballot } from './ballot.ts';
import { ClockOffset } from './clock-offset.ts';
import { fenceAt } from './fence.ts';
import { LaneHandle } from './lane-handle.ts';
import { SyncClient } from './sync-client.ts';
import { Watchdog } from './watchdog.ts';
import { WindowCollector } from './window-collector.ts';

/** How often leases and lanes are looked at, in ms. */
const REVIEW_MS = 100;
/** A leaving worker that hears nothing stops after this, in ms. */
const LEAVE_MS = 5000;
/** How long a worker that has ended tries to give its last word, in ms. */
const LAST_WORD_MS = 10_000;
/** Without an answer for this long, a worker at its limit of votes stops by itself whoever should decide, in ms. */
const ALONE_AFTER_MS = 2000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;
/** Below this limit of latency, sending up to 1 ms late on timers would be too slow to judge by, in ms. */
const PRECISE_BELOW_MS = 20;
const MOST_NOTES = 20;

/**
 * A worker: asks the coordinator what it should be doing, does it in its lanes, and says what came of it. It is safe
 * alone: without answers it stops at the end of its lease, and at its own limit of votes.
 */
export class Worker {
  readonly #bootstrap: WorkerBootstrap;
  readonly #clock: Clock;
  readonly #client: SyncClient;
  readonly #incarnation: string;
  readonly #offset = new ClockOffset();
  readonly #ballot = new Ballot();
  readonly #watchdog: Watchdog;
  readonly #done = Promise.withResolvers<number>();

  #state: SyncRequest['state'] = 'starting';
  #assignment: Assignment | null = null;
  #acknowledged: Version | null = null;
  #lanes: LaneHandle[] = [];
  #content: Content | null = null;
  #windows: WindowCollector | null = null;
  #sender: VectorSender | null = null;
  #problem = '';
  /** Messages for people that the coordinator has not yet acknowledged, each with the report that carried it first. */
  #notes: { id: number; text: string; sequence: number }[] = [];
  #lastNote = 0;
  /** Why it cannot go on; empty while it can. */
  #failure = '';
  /** The last failure of a template, in words. */
  #templateFailure = '';
  /** Versions that each lane works by. */
  #followed: number[] = [];
  /** Lanes that have said that they are ready. */
  readonly #ready = new Set<number>();
  /** Clock times in ms. */
  #startAt: number | null = null;
  #answeredAt: number;
  #leaseEnd = Number.POSITIVE_INFINITY;
  #leavingSince: number | null = null;
  #endedAt: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(bootstrap: WorkerBootstrap, clock: Clock) {
    this.#bootstrap = bootstrap;
    this.#incarnation = `${workerName(bootstrap)}-${randomUUID()}`;
    this.#clock = clock;
    this.#client = new SyncClient(bootstrap.coordinator, bootstrap.token);
    this.#watchdog = new Watchdog(clock);
    this.#answeredAt = clock.now();
    this.#ballot.note = (line) => this.#note(line);
  }

  /** Works until its last word is saved. @returns the exit code of the process */
  async run(): Promise<number> {
    this.#timer = setInterval(() => this.#review(), REVIEW_MS);
    void this.#keepCalling();
    const code = await this.#done.promise;
    clearInterval(this.#timer);
    await Promise.all(this.#lanes.map((lane) => lane.end()));
    return code;
  }

  /** Wants to go: works on until a successor has taken over, or stops after 5 s without an answer. */
  leave(): void {
    if (this.#leavingSince !== null || this.#over) return;
    this.#leavingSince = this.#clock.now();
    if (this.#state !== 'running') this.#stop();
    else this.#state = 'leaving';
    void this.#call(true).catch(() => {});
  }

  /** Nobody is there to answer any more: stops, and goes. */
  abandon(): void {
    this.#stop();
    setTimeout(() => this.#done.resolve(1), 1500).unref();
  }

  /** For probes: whether it has lanes that could attack. */
  get ready(): boolean {
    return this.#state === 'ready' || this.#state === 'running' || this.#state === 'leaving';
  }

  get labels(): string[] {
    return this.#content?.labels ?? [];
  }

  /** What a scrape shows. */
  metrics(): MetricsView {
    const { tally, warmup } = this.#counts();
    const runMs = this.#startAt === null ? -1 : this.#clock.now() - this.#startAt;
    return {
      tally,
      warmup: warmup.counts,
      topics: mergeTopics(this.#lanes.map((lane) => lane.topics())),
      targetRate: this.#over ? 0 : rateOf(this.#assignment?.segments ?? [], this.#incarnation, runMs),
      votes: { votes: this.#ballot.votes, limit: this.#assignment?.stopWhen?.votes ?? 0 },
      digest: this.#content?.digest ?? '',
      generatorSaturated: this.#ballot.saturated,
    };
  }

  /** What its lanes have counted, warm-up apart. */
  #counts(): { tally: Tally; warmup: CountsBlock; cursors: number[] } {
    const tally = new Tally(this.labels.length);
    const warmup = new CountsBlock();
    const cursors = this.#lanes.map((lane) => {
      const counts = lane.counts();
      tally.add(counts.tally);
      warmup.add(counts.warmup);
      return counts.cursor;
    });
    return { tally, warmup, cursors };
  }

  get #over(): boolean {
    return this.#state === 'ended' || this.#state === 'failed';
  }

  // --- talking to the coordinator ---

  async #keepCalling(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    const over = new AbortController();
    void this.#done.promise.then(() => over.abort());
    while (!over.signal.aborted) {
      try {
        await this.#call(this.#over);
        retryMs = FIRST_RETRY_MS;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, retryMs * (0.5 + Math.random())));
        retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
      }
    }
  }

  async #call(urgent: boolean): Promise<void> {
    const sentAt = this.#clock.now();
    const request = this.#request(urgent);
    const response = await this.#client.sync(request);
    this.#hear(response, sentAt);
  }

  #callAtOnce(): void {
    this.#call(true).catch(() => {
      // The regular call says the same, as soon as it gets through.
    });
  }

  #request(urgent: boolean): SyncRequest {
    const { run, index, replacement, cores } = this.#bootstrap;
    return {
      run,
      worker: { index, replacement, incarnation: this.#incarnation },
      state: this.#state,
      received: this.#assignment?.version ?? null,
      acknowledged: this.#acknowledged,
      cores,
      lanes: this.#lanes.length,
      report: this.#report(),
      problem: this.#problem,
      urgent,
    };
  }

  #report(): WorkerReport | null {
    if (this.#sender === null) return null;
    const { tally, warmup, cursors } = this.#counts();
    const vector = new Float64Array(tally.values.length + warmup.values.length);
    vector.set(tally.values);
    vector.set(warmup.values, tally.values.length);
    const counters = this.#sender.encode(vector);
    for (const note of this.#notes) if (note.sequence === 0) note.sequence = counters.sequence;
    return {
      cursors,
      counters,
      votes: this.#ballot.votes,
      voteReason: this.#ballot.reason,
      wantsStop: this.#ballot.atLimit,
      saturated: this.#ballot.saturated,
      notes: this.#notes.map(({ id, text }) => ({ id, text })),
    };
  }

  #hear(response: SyncResponse, sentAt: number): void {
    const now = this.#clock.now();
    this.#offset.observe(sentAt, now, response.heldMs, response.now);
    this.#answeredAt = Math.max(this.#answeredAt, sentAt + response.heldMs);
    if (this.#sender !== null) {
      if (response.resync) this.#sender.reset();
      else this.#sender.acknowledge(response.acknowledged);
      this.#notes = this.#notes.filter(
        (note) => note.sequence === 0 || note.sequence > response.acknowledged,
      );
    }
    const { assignment } = response;
    if (assignment !== null && isNewer(assignment.version, this.#assignment?.version ?? null)) {
      this.#take(assignment);
    }
    this.#renewLease(response.leaseMs);
    if (response.dismissed) this.#stop();
    if (response.saved && (this.#over || response.dismissed))
      this.#done.resolve(this.#state === 'failed' ? 1 : 0);
  }

  #renewLease(leaseMs: number): void {
    const forever = this.#assignment?.afterLease === 'Continue';
    this.#leaseEnd = forever ? Number.POSITIVE_INFINITY : this.#answeredAt + leaseMs;
    for (const lane of this.#lanes) {
      // A stopped lane stays so.
      if (lane.control.leaseEnd !== 0) lane.control.leaseEnd = this.#leaseEnd;
    }
    this.#setFence();
  }

  #setFence(): void {
    const assignment = this.#assignment;
    if (assignment === null) return;
    const following = this.#followed.every((version) => version >= assignment.version.n);
    for (const { control } of this.#lanes) {
      control.fence = fenceAt(control.fence, this.#answeredAt, assignment.fenceMs, following);
    }
  }

  // --- doing what it is told ---

  #take(assignment: Assignment): void {
    const first = this.#assignment === null;
    this.#assignment = assignment;
    this.#ballot.follow(assignment.stopWhen, assignment.warmupMs);
    if (first) {
      this.#prepare(assignment).catch((error: unknown) => {
        this.#fail(error instanceof Error ? error.message : String(error));
      });
    } else if (this.#state !== 'starting') {
      this.#followPlan();
    }
    if (assignment.stop) this.#stop();
  }

  async #prepare(assignment: Assignment): Promise<void> {
    const content = await this.#client.content(assignment.content);
    const lines = content.kind === 'targets' ? await openTargets(content.files) : null;
    const { index, replacement } = this.#bootstrap;
    const { lanes } = assignment;
    this.#content = content;
    this.#windows = new WindowCollector(lanes);
    this.#followed = new Array<number>(lanes).fill(0);
    this.#sender = new VectorSender(Tally.size(content.labels.length) + CountsBlock.size);
    const limitMs = assignment.stopWhen?.latencyAboveMs ?? null;
    for (let lane = 0; lane < lanes; lane++) {
      const setup = {
        owner: this.#incarnation,
        index: lane,
        identity: { lane: index * lanes + lane, lanes: assignment.workers * lanes, replacement },
        content,
        lines,
        protocol: assignment.protocol,
        warmupMs: assignment.warmupMs,
        windowMs: this.#ballot.windowMs,
        precise: limitMs !== null && limitMs < PRECISE_BELOW_MS,
        records: assignment.records,
      };
      this.#lanes.push(new LaneHandle(setup, this.#clock, this.#eventsOf(lane)));
    }
  }

  #eventsOf(lane: number) {
    return {
      ready: () => {
        this.#ready.add(lane);
        if (this.#ready.size === this.#lanes.length && this.#state === 'starting') {
          this.#state = 'ready';
          this.#followPlan();
        }
      },
      failed: (reason: string) => this.#fail(reason),
      followed: (version: number) => {
        this.#followed[lane] = version;
        this.#acknowledge();
      },
      window: (index: number, values: Float64Array) => this.#judge(lane, index, values),
      templateFailed: (reason: string) => {
        if (reason !== this.#templateFailure) this.#note(`a target could not be rendered: ${reason}`);
        this.#templateFailure = reason;
      },
      finished: () => this.#endWhenFinished(),
      died: (reason: string) => void this.#restart(lane, reason),
    };
  }

  /** Gives the newest plan to the lanes, once there is a start to count from. */
  #followPlan(): void {
    const assignment = this.#assignment!;
    if (this.#over) return;
    if (assignment.startAt === null) {
      this.#acknowledged = assignment.version;
      this.#callAtOnce();
      return;
    }
    this.#startAt ??= this.#offset.toLocal(assignment.startAt);
    if (this.#state === 'ready') this.#state = 'running';
    const plan: LanePlan = {
      startAt: this.#startAt,
      segments: assignment.segments,
      endsAt: assignment.endsAt,
      maxLagMs: assignment.maxLagMs,
      latencyAboveMs: assignment.stopWhen?.latencyAboveMs ?? Number.POSITIVE_INFINITY,
    };
    for (const lane of this.#lanes) if (!lane.finished) lane.follow(assignment.version.n, plan);
  }

  /** Every lane follows the newest plan: so says the worker. */
  #acknowledge(): void {
    const { version } = this.#assignment!;
    if (!this.#followed.every((followed) => followed >= version.n)) return;
    this.#acknowledged = version;
    this.#setFence();
    this.#callAtOnce();
  }

  #judge(lane: number, index: number, values: Float64Array): void {
    const before = this.#ballot.votes;
    for (const whole of this.#windows!.add(lane, index, values)) {
      if (this.#ballot.count(whole.index, whole.window)) {
        return this.#fail(`every hit of a window failed in its template: ${this.#templateFailure}`);
      }
    }
    if (this.#ballot.votes === before) return;
    if (this.#ballot.atLimit && this.#assignment?.stopWhen?.decidedBy === 'AnyWorker') this.#stop();
    this.#callAtOnce();
  }

  #stop(): void {
    for (const lane of this.#lanes) lane.stop();
    this.#endWhenFinished();
  }

  #endWhenFinished(): void {
    if (this.#over || this.#lanes.some((lane) => !lane.finished)) return;
    this.#state = this.#failure === '' ? 'ended' : 'failed';
    this.#endedAt = this.#clock.now();
    this.#callAtOnce();
  }

  #fail(reason: string): void {
    if (this.#failure !== '') return;
    this.#failure = reason;
    this.#problem = reason;
    this.#stop();
  }

  async #restart(index: number, reason: string): Promise<void> {
    const lane = this.#lanes[index]!;
    if (this.#over || lane.finished || this.#restarting.has(index)) return;
    this.#restarting.add(index);
    if (this.#watchdog.allowRestart()) {
      this.#note(`lane ${index} ${reason} and was started anew`);
      await lane.restart();
    } else {
      await lane.giveUp();
      this.#fail(`lane ${index} ${reason}, for the fourth time within a minute`);
    }
    this.#restarting.delete(index);
  }

  readonly #restarting = new Set<number>();

  // --- watching over itself ---

  #review(): void {
    const now = this.#clock.now();
    this.#watchdog.look(REVIEW_MS);
    this.#lanes.forEach((lane, index) => {
      if (this.#watchdog.isStuck(lane.aliveAt)) {
        void this.#restart(index, 'did not move for over 1 s');
      }
    });
    const alone = now - this.#answeredAt;
    if (!this.#over && now > this.#leaseEnd && this.#problem === '') {
      this.#problem = `stopped by itself: no answer from the coordinator for ${Math.round(alone / 100) / 10} s`;
      this.#stop();
    }
    if (this.#ballot.atLimit && alone > ALONE_AFTER_MS) this.#stop();
    if (this.#leavingSince !== null && now - Math.max(this.#leavingSince, this.#answeredAt) > LEAVE_MS)
      this.#stop();
    if (this.#assignment === null && alone > LAST_WORD_MS * 6) this.#done.resolve(1);
    if (this.#endedAt !== null && now - this.#endedAt > LAST_WORD_MS) this.#done.resolve(1);
  }

  #note(text: string): void {
    if (this.#notes.length < MOST_NOTES) this.#notes.push({ id: ++this.#lastNote, text, sequence: 0 });
  }
}
