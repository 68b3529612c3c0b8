import { HitCursor } from '../../src/attack/schedule/hit-cursor.ts';
import {
  type Assignment,
  isNewer,
  type SyncRequest,
  type SyncResponse,
  type Version,
  type WorkerReport,
} from '../../src/coordinator/protocol.ts';
import type { PoolWorker } from '../../src/coordinator/worker-pool.ts';
import type { Content } from '../../src/template/content.ts';
import { ClockOffset } from '../../src/worker/conversation/clock-offset.ts';
import { fenceAt } from '../../src/worker/lanes/fence.ts';
import type { LaneSet } from '../../src/worker/lanes/lane-messages.ts';
import { SetKeeper } from '../../src/worker/set-keeper.ts';
import { Counting } from './calls.ts';
import type { FakeCluster } from './fake-cluster.ts';

/** A lane that decides all its due hits whenever it is looked at. */
interface FakeLane {
  cursor: HitCursor;
  /** Which of the assignments it works by; 0: none yet. */
  version: number;
  segments: Assignment['segments'];
  endsAt: number | null;
  /** Sets, each for the hits due from clock time `at` on. */
  sets: { set: LaneSet; at: number }[];
  /** A set that it holds ready. */
  prepared: LaneSet | null;
}

/** How a worker behaves; all times in ms. */
export interface FakeWorkerOptions {
  /** From its process's start to its first call. */
  bootMs: number;
  /** From its first assignment to lanes that are ready; Infinity: never. */
  prepareMs: number;
  /** From a set to lanes that hold it ready. */
  compileMs: () => number;
  /** Until a lane has taken a plan over. */
  followMs: () => number;
  /** How long a hit is in flight. */
  serviceMs: () => number;
  /** Share of the hits that are dropped. */
  dropped: number;
  /** Its clock minus the coordinator's. */
  skewMs: number;
  /** A call without an answer has failed after this. */
  callTimeoutMs: number;
}

export const PROMPT: FakeWorkerOptions = {
  bootMs: 20,
  prepareMs: 30,
  compileMs: () => 0,
  followMs: () => 0,
  serviceMs: () => 0,
  dropped: 0,
  skewMs: 0,
  callTimeoutMs: 400,
};

/** A worker as the coordinator sees it: talks by the protocol, and has simulated lanes in place of threads. */
export class FakeWorker {
  readonly worker: PoolWorker;
  readonly incarnation: string;
  readonly counting = new Counting();
  readonly options: FakeWorkerOptions;
  state: SyncRequest['state'] = 'starting';
  /** Nothing comes through to it or from it before this instant of the cluster's clock. */
  silentUntil = Number.NEGATIVE_INFINITY;
  dead = false;
  /** What it says of its votes. */
  vote: Pick<WorkerReport, 'votes' | 'voteReason' | 'wantsStop'> = {
    votes: 0,
    voteReason: '',
    wantsStop: false,
  };
  saturated = false;
  notes: WorkerReport['notes'] = [];
  problem = '';
  assignment: Assignment | null = null;
  calls = 0;
  /** Digest of the order by which it looks for what is sent; null: it does not. */
  scouts: string | null = null;
  readonly #cluster: FakeCluster;
  readonly sets: SetKeeper;
  readonly #offset = new ClockOffset();
  readonly #flights: { warmup: boolean; label: number; answeredAt: number }[] = [];
  #lanes: FakeLane[] = [];
  #taken = 0;
  #acknowledged: Version | null = null;
  #startAt: number | null = null;
  #answeredAt: number;
  #fence = Number.POSITIVE_INFINITY;
  #leaseEnd = Number.POSITIVE_INFINITY;
  #stoppedAt = Number.POSITIVE_INFINITY;
  #reporting = false;

  constructor(cluster: FakeCluster, worker: PoolWorker, options: FakeWorkerOptions) {
    this.#cluster = cluster;
    this.worker = worker;
    this.options = options;
    this.incarnation = `w${worker.index}.${worker.replacement}`;
    this.#answeredAt = this.#now;
    this.sets = new SetKeeper({
      clock: { now: () => this.#now },
      lanes: {
        prepare: (set) => this.#prepare(set),
        swap: (at) => {
          for (const lane of this.#lanes) lane.sets.push({ set: lane.prepared!, at });
        },
        havePrepared: (digest) =>
          this.#lanes.every(({ prepared }) => prepared !== null && prepared.content.digest === digest),
        haveTaken: (digest) => this.#lanes.every(({ sets }) => sets.at(-1)!.set.content.digest === digest),
      },
      fetch: (digest) => this.#fetch(digest),
      isPassing: () => false,
      waiting: () => {},
      changed: () => this.call(true),
      swapped: () => {},
      failed: (reason) => this.fail(reason),
    });
    cluster.after(options.bootMs, () => this.#keepCalling());
  }

  get #now(): number {
    return this.#cluster.now + this.options.skewMs;
  }

  get #over(): boolean {
    return this.state === 'ended' || this.state === 'failed';
  }

  leave(): void {
    if (this.dead || this.#over || this.state === 'leaving') return;
    if (this.state === 'ready' || this.state === 'running') this.state = 'leaving';
    else this.#stop();
    this.call(true);
  }

  fail(problem: string): void {
    this.problem = problem;
    this.state = 'failed';
    this.call(true);
  }

  /** What its lanes do at this instant. */
  work(): void {
    if (this.dead) return;
    const now = this.#now;
    if (this.#lanes.length > 0) this.#lookAtSets();
    for (const lane of this.#lanes) {
      while (this.#startAt! + lane.cursor.dueAt <= now && this.#startAt! + lane.cursor.dueAt < this.#fence) {
        if (now >= this.#leaseEnd || now >= this.#stoppedAt) break;
        this.#decide(lane);
      }
    }
    for (let at = this.#flights.length - 1; at >= 0; at--) {
      const { warmup, label, answeredAt } = this.#flights[at]!;
      if (now < answeredAt && now < this.#stoppedAt + 1000) continue;
      this.#land(warmup, label, now >= answeredAt);
      this.#flights.splice(at, 1);
    }
    if (now > this.#leaseEnd && !this.#over) this.#stop();
    this.#endWhenDone(now);
  }

  #decide(lane: FakeLane): void {
    const { cursor } = lane;
    const { tally, warmup } = this.counting;
    const drops = this.#cluster.random() < this.options.dropped;
    const of = cursor.warmup ? warmup : null;
    const due = this.#startAt! + cursor.dueAt;
    while (lane.sets.length > 1 && lane.sets[1]!.at <= due) lane.sets.shift();
    const { digest, labels } = lane.sets[0]!.set.content;
    const label = Math.max(0, labels.indexOf(`${digest}.json`));
    this.#cluster.decide(cursor.hit, { dueAt: cursor.dueAt, worker: this, dropped: drops, digest });
    if (drops) {
      if (of === null) tally.drop(-1, 0);
      else of.drop(0);
    } else {
      if (of === null) tally.send(label, 0);
      else of.send();
      this.#flights.push({ warmup: cursor.warmup, label, answeredAt: this.#now + this.options.serviceMs() });
    }
    cursor.advance();
  }

  #land(warmup: boolean, label: number, answered: boolean): void {
    if (warmup && answered) this.counting.warmup.succeed();
    else if (warmup) this.counting.warmup.interrupt();
    else if (answered) this.counting.tally.succeed(label, 200, 1, 1, 0, 0);
    else this.counting.tally.interrupt(label);
  }

  #prepare(set: LaneSet): void {
    for (const lane of this.#lanes) {
      lane.prepared = null;
      this.#cluster.after(this.options.compileMs(), () => {
        if (this.dead) return;
        lane.prepared = set;
        this.#lookAtSets();
      });
    }
  }

  #fetch(digest: string): Promise<Content> {
    return new Promise((resolve, reject) => {
      this.#cluster.carryContent(this, digest, (content) => {
        if (this.dead) return;
        if (content === null) reject(new Error('no content of that digest'));
        else resolve(content);
      });
    });
  }

  #stop(): void {
    this.#stoppedAt = Math.min(this.#stoppedAt, this.#now);
  }

  #endWhenDone(now: number): void {
    if (this.#over || this.#flights.length > 0) return;
    const atEnd = (lane: FakeLane) =>
      lane.version > 0 &&
      lane.cursor.hit === Number.POSITIVE_INFINITY &&
      lane.endsAt !== null &&
      now >= this.#startAt! + lane.endsAt &&
      this.#startAt! + lane.endsAt <= this.#fence;
    if (now < this.#stoppedAt && (this.#lanes.length === 0 || !this.#lanes.every(atEnd))) return;
    this.state = 'ended';
    this.call(true);
  }

  // --- talking ---

  #keepCalling(): void {
    if (this.dead) return;
    this.#send(this.#over, (failed) => {
      this.#cluster.after(failed ? 50 : 0, () => this.#keepCalling());
    });
  }

  /** A call beside the regular one. */
  call(urgent: boolean): void {
    if (!this.dead) this.#send(urgent, () => {});
  }

  #send(urgent: boolean, then: (failed: boolean) => void): void {
    const sentAt = this.#now;
    const request = this.#request(urgent);
    let settled = false;
    const settle = (failed: boolean) => {
      if (settled) return;
      settled = true;
      then(failed);
    };
    this.calls++;
    this.#cluster.after(this.options.callTimeoutMs + 600, () => settle(true));
    this.#cluster.carry(this, request, (response) => {
      if (this.dead || settled) return;
      this.#hear(response, sentAt);
      settle(false);
    });
  }

  #request(urgent: boolean): SyncRequest {
    return {
      run: this.#cluster.run,
      worker: { ...this.worker, incarnation: this.incarnation },
      state: this.state,
      received: this.assignment?.version ?? null,
      acknowledged: this.#acknowledged,
      content: this.sets.report,
      cores: 2,
      lanes: this.state === 'starting' ? 0 : this.#lanes.length,
      report: this.#reporting ? this.report() : null,
      problem: this.problem,
      urgent,
    };
  }

  report(): WorkerReport {
    return this.counting.report({
      cursors: this.#lanes.map(({ cursor }) => cursor.floor),
      ...this.vote,
      saturated: this.saturated,
      notes: this.notes,
    });
  }

  #hear(response: SyncResponse, sentAt: number): void {
    this.#offset.observe(sentAt, this.#now, response.heldMs, response.now);
    this.#answeredAt = Math.max(this.#answeredAt, sentAt + response.heldMs);
    if (response.resync) this.counting.sender.reset();
    else this.counting.sender.acknowledge(response.acknowledged);
    const { assignment } = response;
    if (assignment !== null && isNewer(assignment.version, this.assignment?.version ?? null)) {
      this.#take(assignment);
    }
    const forever = this.assignment?.afterLease === 'Continue';
    this.#leaseEnd = forever ? Number.POSITIVE_INFINITY : this.#answeredAt + response.leaseMs;
    this.#setFence();
    if (response.scouting !== null && response.scouting !== this.scouts) {
      this.#cluster.carryScouting(this, response.scouting);
    }
    this.scouts = response.scouting;
    const { prepared, running } = this.sets.report;
    if (response.wanted !== null && (response.wanted === prepared || response.wanted === running)) {
      this.#cluster.carryKept(this, response.wanted);
    }
    if (response.dismissed) this.#stop();
    if (response.saved && (this.#over || response.dismissed)) this.#cluster.exit(this, 'exited with code 0');
  }

  #setFence(): void {
    const { assignment } = this;
    if (assignment === null) return;
    this.#fence = fenceAt(this.#fence, this.#answeredAt, assignment.fenceMs, this.#following);
  }

  get #following(): boolean {
    return this.#lanes.every(({ version }) => version >= this.#taken);
  }

  #take(assignment: Assignment): void {
    const first = this.assignment === null;
    this.assignment = assignment;
    this.#taken++;
    this.sets.follow(assignment.content, this.#startAt);
    if (first) {
      this.#reporting = true;
      void this.#begin(assignment.lanes);
    } else if (this.state !== 'starting') {
      this.#followPlan();
    }
    if (assignment.stop) this.#stop();
  }

  async #begin(lanes: number): Promise<void> {
    const set = await this.sets.first();
    this.#cluster.after(this.options.prepareMs, () => this.#startLanes(lanes, set));
  }

  #startLanes(lanes: number, set: LaneSet): void {
    if (this.dead || this.#over) return;
    this.#lanes = Array.from({ length: lanes }, (_, lane) => ({
      cursor: new HitCursor(this.incarnation, lane),
      version: 0,
      segments: [],
      endsAt: null,
      sets: [{ set, at: Number.NEGATIVE_INFINITY }],
      prepared: null,
    }));
    this.sets.begin(set);
    this.#lookAtSets();
  }

  #lookAtSets(): void {
    this.sets.look();
    if (this.state !== 'starting' || !this.sets.isCurrent) return;
    this.state = 'ready';
    this.#followPlan();
  }

  #followPlan(): void {
    const assignment = this.assignment!;
    if (this.#over) return;
    if (assignment.startAt === null) {
      this.#acknowledged = assignment.version;
      this.call(true);
      return;
    }
    this.#startAt ??= this.#offset.toLocal(assignment.startAt);
    this.sets.follow(assignment.content, this.#startAt);
    if (this.state === 'ready') this.state = 'running';
    const taken = this.#taken;
    for (const lane of this.#lanes) {
      this.#cluster.after(this.options.followMs(), () => this.#follow(lane, taken, assignment));
    }
  }

  #follow(lane: FakeLane, taken: number, { segments, endsAt }: Assignment): void {
    if (this.dead || taken <= lane.version) return;
    lane.version = taken;
    lane.endsAt = endsAt;
    lane.cursor.follow(segments);
    const newest = this.assignment!.version;
    if (!this.#following) return;
    this.#acknowledged = newest;
    this.#setFence();
    this.call(true);
  }
}
