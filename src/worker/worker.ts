import type { Clock } from '../attack/clock.ts';
import {
  type Assignment,
  isNewer,
  type SyncRequest,
  type SyncResponse,
  type WorkerIdentity,
} from '../coordinator/protocol.ts';
import type { MetricsView } from '../metrics/prometheus.ts';
import type { WindowTally } from '../metrics/window.ts';
import { inSeconds } from '../units/duration.ts';
import { Ballot } from './ballot.ts';
import type { Beside } from './beside.ts';
import { RefusalError } from './conversation/caller.ts';
import { Conversation } from './conversation/conversation.ts';
import { Patience, type PatienceOptions } from './conversation/patience.ts';
import { Silence } from './conversation/silence.ts';
import type { SyncClient } from './conversation/sync-client.ts';
import { LaneGroup } from './lanes/lane-group.ts';
import { worksFor } from './lanes/works.ts';
import { excessOf, type Limits } from './limits.ts';
import { collectGarbage } from './memory.ts';
import { PlanKeeper } from './plan-keeper.ts';
import { Reporter } from './reporter.ts';
import { SetKeeper } from './set-keeper.ts';
import { Standing, type WorkerEnd } from './standing.ts';
import { Supplies } from './supplies.ts';

/** How often leases and lanes are looked at, in ms. */
const REVIEW_MS = 100;
/** Without an answer for this long, a worker at its limit of votes stops by itself whoever should decide, in ms. */
const ALONE_AFTER_MS = 2000;

export interface WorkerOptions extends PatienceOptions {
  run: string;
  worker: WorkerIdentity;
  /** Cores that it may count on. */
  cores: number;
  clock: Clock;
  client: SyncClient;
  beside: Beside;
  limits: Limits;
  /** Takes a line for whoever reads this worker's log. */
  say: (line: string) => void;
}

/**
 * A worker: asks the coordinator what it should be doing, does it in its lanes, and says what came of it. It is safe
 * alone: without answers it stops at the end of its lease, and at its own limit of votes.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #clock: Clock;
  readonly #standing = new Standing();
  readonly #conversation: Conversation;
  readonly #silence: Silence;
  readonly #patience: Patience;
  readonly #lanes: LaneGroup;
  readonly #plan: PlanKeeper;
  readonly #sets: SetKeeper;
  readonly #supplies: Supplies;
  readonly #ballot = new Ballot();
  readonly #reporter = new Reporter();
  readonly #done = Promise.withResolvers<WorkerEnd>();
  /** The last failure of a template, in words. */
  #templateFailure = '';

  constructor(options: WorkerOptions) {
    const { clock, client, beside, say } = options;
    this.#options = options;
    this.#clock = clock;
    this.#conversation = new Conversation(client, clock, {
      request: (urgent) => this.#request(urgent),
      hear: (response) => this.#hear(response),
      isUrgent: () => this.#standing.isOver,
    });
    this.#silence = new Silence(say);
    this.#patience = new Patience(options);
    this.#lanes = new LaneGroup(clock, {
      ready: () => this.#lookAtSets(),
      failed: (reason) => this.#fail(reason),
      followed: () => this.#acknowledge(),
      setChanged: () => this.#lookAtSets(),
      window: (index, window) => this.#judge(index, window),
      templateFailed: (reason) => this.#noteTemplateFailure(reason),
      finished: () => this.#endWhenFinished(),
      note: (text) => this.#note(text),
    });
    const lanes = this.#lanes;
    this.#plan = new PlanKeeper({ clock, lanes, toLocal: (time) => this.#conversation.toLocal(time) });
    const waiting = (reason: string): void => this.#wait(reason);
    this.#supplies = new Supplies({ client, beside, waiting });
    this.#sets = new SetKeeper({
      clock,
      lanes,
      fetch: (digest) => this.#supplies.content(digest),
      // Leases bound how long it can be without a coordinator, and the coordinator how long without a Secret.
      isPassing: (error) => !(error instanceof RefusalError),
      waiting,
      changed: () => this.#conversation.callAtOnce(),
      // Nobody waits for this thread while it looks for what is left of the old set.
      swapped: () => {
        say(`sends from set ${this.#sets.report.running?.slice(0, 12)}`);
        collectGarbage();
      },
      failed: (reason) => this.#fail(reason),
    });
    this.#ballot.note = (line) => this.#note(line);
  }

  /** Works until its last word is saved. */
  async run(): Promise<WorkerEnd> {
    const timer = setInterval(() => this.#review(), REVIEW_MS);
    void this.#conversation.keepUp();
    const end = await this.#done.promise;
    this.#conversation.end();
    clearInterval(timer);
    this.#options.beside.end();
    await this.#lanes.end();
    return end;
  }

  /** Wants to go: works on until a successor has taken over, or stops after 5 s without an answer. */
  leave(): void {
    if (!this.#patience.leave(this.#clock.now()) || this.#standing.isOver) return;
    if (!this.#standing.leave()) this.#stop('was asked to leave before the start');
    this.#conversation.callAtOnce();
  }

  /** Nobody is there to answer any more, or to wait for it: stops, and goes. @param why in words */
  abandon(why: string): void {
    this.#stop(why);
    setTimeout(() => this.#done.resolve({ code: 1, reason: why }), 1500).unref();
  }

  /** For probes: whether it has lanes that could attack. */
  get ready(): boolean {
    return this.#standing.isAble;
  }

  /** What a scrape shows. */
  metrics(): MetricsView {
    const { tally, warmup } = this.#lanes.counts();
    const { assignment } = this.#plan;
    const { labels, refused } = assignment?.content ?? { labels: [], refused: 0 };
    return {
      labels,
      tally,
      warmup: warmup.counts,
      topics: this.#lanes.topics(),
      targetRate: this.#standing.isOver ? 0 : this.#plan.rateOf(this.#options.worker.incarnation),
      votes: { votes: this.#ballot.votes, limit: assignment?.stopWhen?.votes ?? 0 },
      digest: this.#sets.report.running ?? '',
      reloads: { applied: this.#sets.swaps, refused },
      generatorSaturated: this.#ballot.saturated,
    };
  }

  // --- talking to the coordinator ---

  #request(urgent: boolean): SyncRequest {
    const { run, worker, cores } = this.#options;
    return {
      run,
      worker,
      state: this.#standing.state,
      received: this.#plan.assignment?.version ?? null,
      acknowledged: this.#plan.acknowledged,
      content: this.#sets.report,
      cores,
      lanes: this.#lanes.size,
      report: this.#reporter.report(this.#lanes.counts(), this.#ballot),
      problem: this.#standing.problem,
      urgent,
    };
  }

  #hear(response: SyncResponse): void {
    this.#reporter.acknowledge(response.acknowledged, response.resync);
    this.#silence.end(this.#clock.now());
    this.#options.beside.hear(response, (digest) => this.#sets.held(digest));
    const { assignment, dismissed } = response;
    if (assignment !== null && isNewer(assignment.version, this.#plan.assignment?.version ?? null)) {
      this.#take(assignment);
    }
    this.#plan.renewLease(this.#conversation.answeredAt, response.leaseMs);
    if (dismissed) this.#stop('the run has no use for it any more');
    if (response.saved && (this.#standing.isOver || dismissed)) this.#done.resolve(this.#standing.end);
  }

  // --- doing what it is told ---

  #take(assignment: Assignment): void {
    const before = this.#plan.assignment;
    this.#plan.take(assignment);
    if (before !== null && before.version.epoch !== assignment.version.epoch)
      this.#conversation.meetAnother();
    const excess = excessOf(assignment.segments, this.#options.limits.maxRate);
    if (excess !== null) return this.#fail(excess);
    this.#ballot.follow(assignment.stopWhen, assignment.warmupMs, this.#plan.scheduleMs);
    this.#sets.follow(assignment.content, this.#plan.startAt);
    if (before === null) {
      this.#prepare(assignment).catch((error: unknown) => {
        this.#fail(error instanceof Error ? error.message : String(error));
      });
    } else if (this.#standing.state !== 'starting') {
      this.#followPlan();
    }
    if (assignment.stop) this.#stop('the coordinator has ended the run');
  }

  async #prepare(assignment: Assignment): Promise<void> {
    const set = await this.#sets.first();
    const protocol = await this.#supplies.loggedIn(assignment.protocol, () => !this.#standing.isOver);
    if (protocol === null) return;
    const { worker, limits } = this.#options;
    this.#reporter.start(assignment.content.mostLabels);
    this.#lanes.start(worksFor(worker, assignment, { set, protocol, allowedHosts: limits.allowedHosts }));
    this.#sets.begin(set);
  }

  #lookAtSets(): void {
    this.#sets.look();
    this.#getReady();
  }

  #getReady(): void {
    if (this.#standing.state !== 'starting' || !this.#lanes.ready || !this.#sets.isCurrent) return;
    collectGarbage();
    this.#standing.getReady();
    this.#options.say(`ready to send in ${this.#lanes.size === 1 ? '1 lane' : `${this.#lanes.size} lanes`}`);
    this.#followPlan();
  }

  /** Gives the newest plan to the lanes, once there is a start to count from. */
  #followPlan(): void {
    if (this.#standing.isOver) return;
    const { content, startAt } = this.#plan.assignment!;
    const start = this.#plan.start();
    if (startAt === null || start === null) return this.#conversation.callAtOnce();
    this.#sets.follow(content, start);
    if (this.#standing.begin()) this.#options.say(`the run starts at ${new Date(startAt).toISOString()}`);
    this.#plan.follow(this.#ballot.windows);
  }

  #acknowledge(): void {
    if (this.#plan.acknowledge(this.#conversation.answeredAt)) this.#conversation.callAtOnce();
  }

  #judge(index: number, window: WindowTally): void {
    const before = this.#ballot.votes;
    if (this.#ballot.count(index, window)) {
      return this.#fail(`every hit of a window failed in its template: ${this.#templateFailure}`);
    }
    if (this.#ballot.votes === before) return;
    if (this.#ballot.atLimit && this.#plan.assignment?.stopWhen?.decidedBy === 'AnyWorker')
      this.#stop(`has all votes to stop: ${this.#ballot.reason}`);
    this.#conversation.callAtOnce();
  }

  #noteTemplateFailure(reason: string): void {
    if (reason !== this.#templateFailure) this.#note(`a target could not be rendered: ${reason}`);
    this.#templateFailure = reason;
  }

  /** Tells people something, here and through the coordinator. */
  #note(text: string): void {
    this.#reporter.note(text);
    this.#options.say(text);
  }

  /** @param reason what it waits for, in words; empty: no more */
  #wait(reason: string): void {
    if (!this.#standing.wait(reason) || reason === '') return;
    this.#options.say(`waits: ${reason}`);
    this.#conversation.callAtOnce();
  }

  #stop(reason: string): void {
    this.#standing.stop(reason);
    this.#lanes.stop();
    this.#endWhenFinished();
  }

  #endWhenFinished(): void {
    if (this.#standing.isOver || !this.#lanes.finished) return;
    this.#standing.finish(this.#clock.now());
    this.#options.say(`sends no more: ${this.#standing.stopReason}`);
    this.#conversation.callAtOnce();
  }

  #fail(reason: string): void {
    if (this.#standing.fail(reason)) this.#stop(reason);
  }

  // --- watching over itself ---

  #review(): void {
    const now = this.#clock.now();
    const { answeredAt, failure } = this.#conversation;
    this.#lanes.look(REVIEW_MS);
    if (this.#lanes.size > 0) this.#lookAtSets();
    this.#stopAlone(now, now - answeredAt);
    const reason = this.#patience.stopReason({ now, answeredAt });
    if (reason !== null) this.#stop(reason);
    const { isOver, endedAt } = this.#standing;
    this.#silence.look(now, answeredAt, failure, isOver ? Number.POSITIVE_INFINITY : this.#plan.leaseEnd);
    const isTold = this.#plan.assignment !== null;
    const end = this.#patience.end({ now, answeredAt, isTold, endedAt });
    if (end !== null) this.#goUnheard(end);
  }

  /** Stops without being told to, where it was without an answer for too long. */
  #stopAlone(now: number, aloneMs: number): void {
    const standing = this.#standing;
    if (!standing.isOver && now > this.#plan.leaseEnd && !standing.isTroubled) {
      const reason = `stopped by itself: no answer from the coordinator for ${inSeconds(aloneMs)}`;
      standing.stopAlone(reason);
      this.#stop(reason);
    }
    if (this.#ballot.atLimit && aloneMs > ALONE_AFTER_MS)
      this.#stop(`has all votes to stop, and no answer from the coordinator: ${this.#ballot.reason}`);
  }

  #goUnheard(what: string): void {
    const reasons = [this.#standing.failure, what, this.#conversation.failure];
    this.#done.resolve({ code: 1, reason: reasons.filter((each) => each !== '').join('; ') });
  }
}
