import type { Clock } from '../attack/clock.ts';
import { rateOf, type Segment, scheduleTimeAt } from '../attack/schedule/segment.ts';
import {
  type Assignment,
  isNewer,
  type SyncRequest,
  type SyncResponse,
  type Version,
  type WorkerIdentity,
} from '../coordinator/protocol.ts';
import type { MetricsView } from '../metrics/prometheus.ts';
import type { WindowTally } from '../metrics/window.ts';
import type { Content } from '../template/content.ts';
import type { Protocol } from '../transport/protocol.ts';
import { Ballot } from './ballot.ts';
import type { Beside } from './beside.ts';
import { RefusalError } from './caller.ts';
import { Conversation } from './conversation.ts';
import { LaneGroup } from './lane-group.ts';
import { excessOf, type Limits } from './limits.ts';
import { collectGarbage } from './memory.ts';
import { Reporter } from './reporter.ts';
import { SetKeeper } from './set-keeper.ts';
import type { SyncClient } from './sync-client.ts';

/** How often leases and lanes are looked at, in ms. */
const REVIEW_MS = 100;
/** A leaving worker that hears nothing stops after this, in ms. */
const LEAVE_MS = 5000;
/** Without an answer for this long, a worker at its limit of votes stops by itself whoever should decide, in ms. */
const ALONE_AFTER_MS = 2000;
/** An answer that is late by this much is told of in the log, in ms. */
const SILENCE_MS = 5000;
/** How often it is looked again for a login that is not there, in ms. */
const LOGIN_RETRY_MS = 2000;
/** Below this limit of latency, sending up to 1 ms late on timers would be too slow to judge by, in ms. */
const PRECISE_BELOW_MS = 20;

export interface WorkerOptions {
  run: string;
  worker: WorkerIdentity;
  /** Cores that it may count on. */
  cores: number;
  clock: Clock;
  client: SyncClient;
  beside: Beside;
  limits: Limits;
  /** How long it tries to get a first answer, in ms. */
  firstAnswerMs: number;
  /** How long it tries to give its last word once it has ended, in ms. */
  lastWordMs: number;
  /** How long it may take from being asked to leave until it is gone, in ms; Infinity: as long as it takes. */
  graceMs: number;
  /** Takes a line for whoever reads this worker's log. */
  say: (line: string) => void;
}

/** How a worker has ended. */
export interface WorkerEnd {
  /** The exit code of the process: 0 when its last word is saved and it has not failed. */
  code: number;
  /** In words. */
  reason: string;
}

/** Of the time from being asked to leave until it must be gone: what may pass before it stops, and gives up. */
const GRACE_TO_SEND = 0.6;
const GRACE_TO_SPEAK = 0.9;

/**
 * A worker: asks the coordinator what it should be doing, does it in its lanes, and says what came of it. It is safe
 * alone: without answers it stops at the end of its lease, and at its own limit of votes.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #clock: Clock;
  readonly #conversation: Conversation;
  readonly #ballot = new Ballot();
  readonly #lanes: LaneGroup;
  readonly #sets: SetKeeper;
  readonly #reporter = new Reporter();
  readonly #done = Promise.withResolvers<WorkerEnd>();

  #state: SyncRequest['state'] = 'starting';
  #assignment: Assignment | null = null;
  #acknowledged: Version | null = null;
  #problem = '';
  /** What it waits for before it can go on; empty: nothing. */
  #waiting = '';
  /** Why it cannot go on; empty while it can. */
  #failure = '';
  /** Why it sends no more, in words; empty while it does, or would. */
  #stopReason = '';
  /** How many plans it has taken: lanes know them by it, whichever coordinator they are from. */
  #plans = 0;
  /** The last failure of a template, in words. */
  #templateFailure = '';
  /** A set as it travels, that is not complete yet; null: there is none. */
  #fetched: Content | null = null;
  /** Clock times in ms. */
  #startAt: number | null = null;
  #leaseEnd = Number.POSITIVE_INFINITY;
  #leavingSince: number | null = null;
  #endedAt: number | null = null;
  /** Since when no answer has come, where that was said; null: it was not. */
  #silentSince: number | null = null;

  constructor(options: WorkerOptions) {
    const { clock, client } = options;
    this.#options = options;
    this.#clock = clock;
    this.#conversation = new Conversation(client, clock, {
      request: (urgent) => this.#request(urgent),
      hear: (response) => this.#hear(response),
      isUrgent: () => this.#over,
    });
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
    this.#sets = new SetKeeper({
      clock,
      lanes: this.#lanes,
      fetch: (digest) => this.#fetch(digest),
      // Leases bound how long it can be without a coordinator, and the coordinator how long without a Secret.
      isPassing: (error) => !(error instanceof RefusalError),
      waiting: (reason) => this.#wait(reason),
      changed: () => this.#conversation.callAtOnce(),
      // Nobody waits for this thread while it looks for what is left of the old set.
      swapped: () => {
        this.#options.say(`sends from set ${this.#sets.report.running?.slice(0, 12)}`);
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
    if (this.#leavingSince !== null) return;
    this.#leavingSince = this.#clock.now();
    if (this.#over) return;
    // The start may be named already, and hits given to it, before it hears of that.
    if (this.#state === 'ready' || this.#state === 'running') this.#state = 'leaving';
    else this.#stop('was asked to leave before the start');
    this.#conversation.callAtOnce();
  }

  /** Nobody is there to answer any more, or to wait for it: stops, and goes. @param why in words */
  abandon(why: string): void {
    this.#stop(why);
    setTimeout(() => this.#done.resolve({ code: 1, reason: why }), 1500).unref();
  }

  /** For probes: whether it has lanes that could attack. */
  get ready(): boolean {
    return this.#state === 'ready' || this.#state === 'running' || this.#state === 'leaving';
  }

  /** What a scrape shows. */
  metrics(): MetricsView {
    const { tally, warmup } = this.#lanes.counts();
    const { labels, refused } = this.#assignment?.content ?? { labels: [], refused: 0 };
    return {
      labels,
      tally,
      warmup: warmup.counts,
      topics: this.#lanes.topics(),
      targetRate: this.#over ? 0 : rateOf(this.#segments, this.#options.worker.incarnation, this.#runMs),
      votes: { votes: this.#ballot.votes, limit: this.#assignment?.stopWhen?.votes ?? 0 },
      digest: this.#sets.report.running ?? '',
      reloads: { applied: this.#sets.swaps, refused },
      generatorSaturated: this.#ballot.saturated,
    };
  }

  /** Run time now, in ms; less than 0 before the start is known. */
  get #runMs(): number {
    return this.#startAt === null ? -1 : this.#clock.now() - this.#startAt;
  }

  get #segments(): readonly Segment[] {
    return this.#assignment?.segments ?? [];
  }

  get #over(): boolean {
    return this.#state === 'ended' || this.#state === 'failed';
  }

  // --- talking to the coordinator ---

  #request(urgent: boolean): SyncRequest {
    const { run, worker, cores } = this.#options;
    return {
      run,
      worker,
      state: this.#state,
      received: this.#assignment?.version ?? null,
      acknowledged: this.#acknowledged,
      content: this.#sets.report,
      cores,
      lanes: this.#lanes.size,
      report: this.#reporter.report(this.#lanes.counts(), this.#ballot),
      problem: this.#problem || this.#waiting,
      urgent,
    };
  }

  #hear(response: SyncResponse): void {
    this.#reporter.acknowledge(response.acknowledged, response.resync);
    this.#endSilence();
    this.#options.beside.hear(response, (digest) => this.#sets.held(digest));
    const { assignment } = response;
    if (assignment !== null && isNewer(assignment.version, this.#assignment?.version ?? null)) {
      this.#take(assignment);
    }
    this.#renewLease(response.leaseMs);
    if (response.dismissed) this.#stop('the run has no use for it any more');
    if (response.saved && (this.#over || response.dismissed))
      this.#done.resolve({
        code: this.#state === 'failed' ? 1 : 0,
        reason: this.#failure || this.#stopReason,
      });
  }

  #renewLease(leaseMs: number): void {
    const forever = this.#assignment?.afterLease === 'Continue';
    this.#leaseEnd = forever ? Number.POSITIVE_INFINITY : this.#conversation.answeredAt + leaseMs;
    this.#lanes.setLease(this.#leaseEnd);
    this.#setFence();
  }

  #setFence(): void {
    const assignment = this.#assignment;
    if (assignment === null) return;
    this.#lanes.setFence(this.#conversation.answeredAt, assignment.fenceMs, this.#plans);
  }

  // --- doing what it is told ---

  #take(assignment: Assignment): void {
    const before = this.#assignment;
    const first = before === null;
    this.#assignment = assignment;
    this.#plans++;
    if (before !== null && before.version.epoch !== assignment.version.epoch)
      this.#conversation.meetAnother();
    const excess = excessOf(assignment.segments, this.#options.limits.maxRate);
    if (excess !== null) return this.#fail(excess);
    const scheduleMs = scheduleTimeAt(assignment.segments, this.#runMs);
    this.#ballot.follow(assignment.stopWhen, assignment.warmupMs, scheduleMs);
    this.#sets.follow(assignment.content, this.#startAt);
    if (first) {
      this.#prepare(assignment).catch((error: unknown) => {
        this.#fail(error instanceof Error ? error.message : String(error));
      });
    } else if (this.#state !== 'starting') {
      this.#followPlan();
    }
    if (assignment.stop) this.#stop('the coordinator has ended the run');
  }

  async #prepare(assignment: Assignment): Promise<void> {
    const set = await this.#sets.first();
    const protocol = await this.#loggedIn(assignment.protocol);
    if (protocol === null) return;
    const { worker, limits } = this.#options;
    const { index, replacement, incarnation } = worker;
    const { lanes } = assignment;
    const labels = assignment.content.mostLabels;
    this.#reporter.start(labels);
    const works = Array.from({ length: lanes }, (_, lane) => ({
      owner: incarnation,
      index: lane,
      identity: { lane: index * lanes + lane, lanes: assignment.workers * lanes, replacement },
      set,
      labels,
      protocol,
      allowedHosts: limits.allowedHosts,
      records: assignment.records,
      samples: assignment.samples ?? 0,
    }));
    this.#lanes.start(works);
    this.#sets.begin(set);
  }

  /** @returns null: it has ended meanwhile */
  async #loggedIn(protocol: Protocol): Promise<Protocol | null> {
    while (!this.#over) {
      try {
        const loggedIn = await this.#options.beside.logIn(protocol);
        this.#wait('');
        return loggedIn;
      } catch (error) {
        this.#wait((error as Error).message);
        await new Promise((resolve) => setTimeout(resolve, LOGIN_RETRY_MS));
      }
    }
    return null;
  }

  /** @throws Error when the set cannot be had, or a secret in it, for now or for ever */
  async #fetch(digest: string): Promise<Content> {
    const { client, beside } = this.#options;
    if (this.#fetched?.digest !== digest) this.#fetched = await client.content(digest);
    const complete = await beside.complete(this.#fetched);
    this.#fetched = null;
    return complete;
  }

  #lookAtSets(): void {
    this.#sets.look();
    this.#getReady();
  }

  #getReady(): void {
    if (this.#state !== 'starting' || !this.#lanes.ready || !this.#sets.isCurrent) return;
    collectGarbage();
    this.#state = 'ready';
    this.#options.say(`ready to send in ${this.#lanes.size === 1 ? '1 lane' : `${this.#lanes.size} lanes`}`);
    this.#followPlan();
  }

  /** Gives the newest plan to the lanes, once there is a start to count from. */
  #followPlan(): void {
    const assignment = this.#assignment!;
    if (this.#over) return;
    if (assignment.startAt === null) {
      this.#acknowledged = assignment.version;
      this.#conversation.callAtOnce();
      return;
    }
    this.#startAt ??= this.#conversation.toLocal(assignment.startAt);
    this.#sets.follow(assignment.content, this.#startAt);
    if (this.#state === 'ready') {
      this.#state = 'running';
      this.#options.say(`the run starts at ${new Date(assignment.startAt).toISOString()}`);
    }
    const latencyAboveMs = assignment.stopWhen?.latencyAboveMs ?? Number.POSITIVE_INFINITY;
    this.#lanes.follow({
      version: this.#plans,
      plan: {
        startAt: this.#startAt,
        segments: assignment.segments,
        endsAt: assignment.endsAt,
        maxLagMs: assignment.maxLagMs,
        latencyAboveMs,
        windows: this.#ballot.windows,
      },
      precise: latencyAboveMs < PRECISE_BELOW_MS,
    });
  }

  /** Every lane follows the newest plan: so says the worker. */
  #acknowledge(): void {
    if (!this.#lanes.follows(this.#plans)) return;
    this.#acknowledged = this.#assignment!.version;
    this.#setFence();
    this.#conversation.callAtOnce();
  }

  #judge(index: number, window: WindowTally): void {
    const before = this.#ballot.votes;
    if (this.#ballot.count(index, window)) {
      return this.#fail(`every hit of a window failed in its template: ${this.#templateFailure}`);
    }
    if (this.#ballot.votes === before) return;
    if (this.#ballot.atLimit && this.#assignment?.stopWhen?.decidedBy === 'AnyWorker')
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
    if (reason === this.#waiting) return;
    this.#waiting = reason;
    if (reason === '') return;
    this.#options.say(`waits: ${reason}`);
    this.#conversation.callAtOnce();
  }

  #stop(reason: string): void {
    this.#stopReason ||= reason;
    this.#lanes.stop();
    this.#endWhenFinished();
  }

  #endWhenFinished(): void {
    if (this.#over || !this.#lanes.finished) return;
    this.#state = this.#failure === '' ? 'ended' : 'failed';
    this.#endedAt = this.#clock.now();
    this.#stopReason ||= 'its part of the schedule is done';
    this.#options.say(`sends no more: ${this.#stopReason}`);
    this.#conversation.callAtOnce();
  }

  #fail(reason: string): void {
    if (this.#failure !== '') return;
    this.#failure = reason;
    this.#problem = reason;
    this.#stop(reason);
  }

  // --- watching over itself ---

  #review(): void {
    const now = this.#clock.now();
    const { answeredAt } = this.#conversation;
    this.#lanes.look(REVIEW_MS);
    if (this.#lanes.size > 0) this.#lookAtSets();
    const alone = now - answeredAt;
    if (!this.#over && now > this.#leaseEnd && this.#problem === '') {
      this.#problem = `stopped by itself: no answer from the coordinator for ${seconds(alone)}`;
      this.#stop(this.#problem);
    }
    if (this.#ballot.atLimit && alone > ALONE_AFTER_MS)
      this.#stop(`has all votes to stop, and no answer from the coordinator: ${this.#ballot.reason}`);
    if (this.#leavingSince !== null) this.#reviewLeaving(now, this.#leavingSince);
    if (alone > SILENCE_MS) this.#tellSilence(answeredAt, now);
    const { firstAnswerMs, lastWordMs } = this.#options;
    if (this.#assignment === null && alone > firstAnswerMs) this.#giveUp('the coordinator gave no answer');
    if (this.#endedAt !== null && now - this.#endedAt > lastWordMs)
      this.#giveUp('its last counts are not saved');
  }

  #reviewLeaving(now: number, since: number): void {
    const { graceMs } = this.#options;
    if (now - Math.max(since, this.#conversation.answeredAt) > LEAVE_MS)
      this.#stop('was asked to leave, and the coordinator gave no answer');
    if (now - since > graceMs * GRACE_TO_SEND) this.#stop('was asked to leave, and its time is up');
    if (now - since > graceMs * GRACE_TO_SPEAK) this.#giveUp('its last counts are not saved');
  }

  /** Goes without having been heard. */
  #giveUp(what: string): void {
    const { failure } = this.#conversation;
    const reason = [this.#failure, what, failure].filter((each) => each !== '').join('; ');
    this.#done.resolve({ code: 1, reason });
  }

  #tellSilence(answeredAt: number, now: number): void {
    if (this.#silentSince !== null) return;
    this.#silentSince = answeredAt;
    const { failure } = this.#conversation;
    const why = failure === '' ? '' : ` (${failure})`;
    const left = this.#leaseEnd - now;
    const until =
      this.#over || left === Number.POSITIVE_INFINITY ? '' : `; it stops in ${seconds(Math.max(0, left))}`;
    this.#options.say(`no answer from the coordinator for ${seconds(now - answeredAt)}${why}${until}`);
  }

  #endSilence(): void {
    if (this.#silentSince === null) return;
    this.#options.say(
      `the coordinator answers again, after ${seconds(this.#clock.now() - this.#silentSince)}`,
    );
    this.#silentSince = null;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
