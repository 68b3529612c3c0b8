import type { LaneBlock, LaneValues } from '../metrics/lane-block.ts';
import { DROP_REASONS, failureCode, failureName, LOCAL, SUCCEEDED } from '../metrics/outcome.ts';
import { WindowTally } from '../metrics/window.ts';
import { sentAs } from '../target/sent-as.ts';
import type { Target } from '../target/target.ts';
import type { Report, Transport } from '../transport/transport.ts';
import type { Clock } from './clock.ts';
import { InFlight } from './in-flight.ts';
import type { LaneControl } from './lane-control.ts';
import type { HitRecord, RecordSink } from './record.ts';
import type { Sampler } from './sampler.ts';
import { HitCursor } from './schedule/hit-cursor.ts';
import type { Segment } from './schedule/segment.ts';
import type { Targeter } from './targeter.ts';
import { WindowClock, type WindowStretch } from './window-clock.ts';

/** What a lane is to do; replaced as a whole when the plan changes. */
export interface LanePlan {
  /** Clock time of the run's start, in ms. */
  startAt: number;
  segments: readonly Segment[];
  /** Run time at which this lane's part ends, in ms; null: open. */
  endsAt: number | null;
  maxLagMs: number;
  /** Service time in ms over which a window is unhealthy: an unanswered hit older than that counts with its age. */
  latencyAboveMs: number;
  /** How long windows are; empty: nobody judges them. */
  windows: readonly WindowStretch[];
}

export interface LaneOptions {
  clock: Clock;
  /** The incarnation and the lane's index in it: they find the lane's stripe in the plan. */
  owner: string;
  index: number;
  /** Hits in flight at most. */
  slots: number;
  timeoutMs: number;
  connect: (slots: number, report: Report) => Transport<Target>;
  targeter: Targeter;
  block: LaneBlock;
  control: LaneControl;
  plan: LanePlan;
  records: RecordSink | null;
  /** Takes some of the hits of the main part; null: none are wanted. */
  samples: Sampler | null;
  events: LaneEvents;
}

/** What a lane tells its owner. */
export interface LaneEvents {
  /** Something can be done before the instant that the last `tick` named. */
  wake(): void;
  /** A window has ended. The tally is used again when this returns. */
  windowClosed(index: number, tally: WindowTally): void;
  /** A hit could not be rendered. Told for each of them. */
  templateFailed(error: unknown): void;
}

/** What a lane is doing, in `LaneValues.state`: one that stays in a render is caught in a template. */
export const IDLE = 0;
export const RENDERING = 1;

/** Hits handled in one tick at most, so that answers are read in between. */
const BATCH = 64;
/** How many renders the mean of their time looks back on, about. */
const RENDERS_REMEMBERED = 32;
/** How often a lane without a free slot looks for hits that have become too late, in ms. */
const BLOCKED_POLL_MS = 1;
/** How often counts are published at least, in ms. */
const PUBLISH_EVERY_MS = 100;
/** How long a stopped lane waits for answers, in ms. */
const STOP_GRACE_MS = 1000;
/** How often a lane that waits at a fence looks again, in ms. */
const FENCE_POLL_MS = 5;

const BUSY = DROP_REASONS.indexOf('busy');
const LATE = DROP_REASONS.indexOf('late');
const TEMPLATE = DROP_REASONS.indexOf('template');
const LOCAL_DROP = DROP_REASONS.indexOf('local');
const TIMEOUT = failureCode('timeout');
/** The outcome of a record for a hit that was still in flight when its run ended. */
const INTERRUPTED = -1;

/**
 * The attack of one lane: decides for each of its hits, at the instant it is due, whether it is sent or dropped, and
 * counts what becomes of it. Open loop: a slow target never makes it send less, only later or not at all, and both are
 * counted. It keeps no timer; whoever owns it calls `tick` at the instants that `tick` names.
 */
export class Lane {
  /** true when nothing is left to do: the plan is at its end, or was stopped, and nothing is in flight. */
  finished = false;

  readonly #options: LaneOptions;
  readonly #clock: Clock;
  readonly #cursor: HitCursor;
  readonly #windows = new WindowClock();
  readonly #window = new WindowTally();
  readonly #inFlight: InFlight;
  readonly #transport: Transport<Target>;
  readonly #block: LaneBlock;
  readonly #live: LaneValues;
  readonly #control: LaneControl;
  /** What is sent is told of when it is over. */
  readonly #keepsTargets: boolean;

  #plan: LanePlan;
  #targeter: Targeter;
  /** Those that take its place, each for the hits due from clock time `at` on; in their order. */
  readonly #successors: { targeter: Targeter; at: number }[] = [];
  /** `at` of the first of them; Infinity: there is none. */
  #retargetAt = Number.POSITIVE_INFINITY;
  #windowEnd = Number.POSITIVE_INFINITY;
  /** Clock time at which sending was stopped; Infinity: not yet. */
  #stoppedAt = Number.POSITIVE_INFINITY;
  #blocked = false;
  /** When a slot came free after none had been. */
  #unblockedAt = Number.NEGATIVE_INFINITY;
  /** When the last tick asked to be called again. */
  #wakeAt = Number.POSITIVE_INFINITY;
  #publishedAt = Number.NEGATIVE_INFINITY;
  #sends = 0;
  /** How long rendering takes, in ms: a mean in which older renders fade. */
  #renderMs = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#targeter = options.targeter;
    this.#block = options.block;
    this.#live = options.block.live;
    this.#control = options.control;
    this.#keepsTargets = options.records !== null || options.samples !== null;
    this.#inFlight = new InFlight(options.slots);
    this.#transport = options.connect(options.slots, this.#report);
    this.#cursor = new HitCursor(options.owner, options.index, options.block.live.cursor);
    this.#plan = options.plan;
    this.follow(options.plan);
    this.#windows.skipTo(this.#clock.now() - this.#plan.startAt);
    this.#windowEnd = this.#endOfWindow();
  }

  /** Takes over another plan; hits that are decided stay so. */
  follow(plan: LanePlan): void {
    this.#plan = plan;
    this.#cursor.follow(plan.segments);
    this.#windows.follow(plan.segments, plan.windows);
    this.#windowEnd = this.#endOfWindow();
  }

  /**
   * Hits due from clock time `at` on, in ms, get their targets from `targeter`; those due before it, and sent late, from
   * the one before. @param at not before that of an earlier call
   */
  retarget(targeter: Targeter, at: number): void {
    this.#successors.push({ targeter, at });
    // A plan may yet change, but never for hits due before now.
    this.#replaceTargeter(Math.min(this.#clock.now(), this.#plan.startAt + this.#cursor.dueAt));
  }

  /** Sends nothing more, and gives up after a second what is not answered by then. */
  stop(): void {
    this.#stoppedAt = Math.min(this.#stoppedAt, this.#clock.now());
    this.#options.events.wake();
  }

  /** Does everything that is due. @returns the clock time, in ms, at which it wants to be called again */
  tick(): number {
    let now = this.#clock.now();
    this.#live.heartbeat = now;
    this.#closeWindows(now);
    this.#expire(now);
    now = this.#sendDue(now);
    this.#finishWhenDone(now);
    if (this.finished || now >= this.#publishedAt + PUBLISH_EVERY_MS) this.#publish(now);
    this.#wakeAt = this.finished ? Number.POSITIVE_INFINITY : this.#nextWake(now);
    return this.#wakeAt;
  }

  /** Closes connections and files. */
  async close(): Promise<void> {
    await this.#transport.close();
    this.#targeter.close?.();
    for (const { targeter } of this.#successors) targeter.close?.();
    this.#options.records?.close();
  }

  /** All hits due before clock time `due` are decided. */
  #replaceTargeter(due: number): void {
    for (let next = this.#successors[0]; next !== undefined && next.at <= due; next = this.#successors[0]) {
      this.#targeter.close?.();
      this.#targeter = next.targeter;
      this.#successors.shift();
    }
    this.#retargetAt = this.#successors[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  #sendDue(from: number): number {
    let now = from;
    const { startAt, maxLagMs } = this.#plan;
    for (let left = BATCH; left > 0 && now < this.#stoppedAt && now < this.#control.leaseEnd; left--) {
      const due = startAt + this.#cursor.dueAt;
      if (!(due <= now) || due >= this.#control.fence) break;
      const tooLateAt = due + maxLagMs;
      // What would be too late when it is rendered is not rendered: under overload every hit stands at that edge.
      const decideBy = tooLateAt - Math.min(2 * this.#renderMs, maxLagMs / 2);
      if (now > decideBy) this.#drop(this.#dropReason(decideBy));
      else if (this.#inFlight.free > 0) this.#send(due, tooLateAt);
      else break;
      now = this.#clock.now();
    }
    return now;
  }

  /** A hit was `busy` when no slot was free at the instant it became too late, else the lane was `late`. */
  #dropReason(tooLateAt: number): number {
    return this.#blocked || this.#unblockedAt > tooLateAt ? BUSY : LATE;
  }

  #drop(reason: number): void {
    if (this.#cursor.warmup) {
      this.#live.warmup.drop(reason);
    } else {
      this.#live.tally.drop(-1, reason);
      this.#window.drop(reason);
    }
    this.#pass();
  }

  #send(due: number, tooLateAt: number): void {
    const hit = this.#cursor.hit;
    if (due >= this.#retargetAt) this.#replaceTargeter(due);
    let target: Target;
    // Whoever ends a lane that does not come back from rendering finds here which hit it was.
    this.#live.cursor = hit;
    this.#live.state = RENDERING;
    const before = this.#clock.now();
    try {
      target = this.#targeter.next(hit);
    } catch (error) {
      this.#live.state = IDLE;
      this.#drop(TEMPLATE);
      this.#options.events.templateFailed(error);
      return;
    }
    this.#live.state = IDLE;
    const now = this.#clock.now();
    this.#noteRender(now - before);
    if (now > tooLateAt) return this.#drop(LATE);
    const label = this.#targeter.label;
    const slots = this.#inFlight;
    const slot = slots.take();
    if (slots.free === 0) this.#blocked = true;
    slots.hit[slot] = hit;
    slots.seq[slot] = this.#sends++;
    slots.dueAt[slot] = due;
    slots.sentAt[slot] = now;
    slots.label[slot] = label;
    if (this.#keepsTargets) slots.target[slot] = target;
    if (this.#cursor.warmup) {
      slots.warmup[slot] = 1;
      this.#live.warmup.send();
    } else {
      slots.warmup[slot] = 0;
      this.#live.tally.send(label, (now - due) * 1000);
      this.#window.send((now - Math.max(due, this.#unblockedAt)) * 1000);
    }
    this.#pass();
    this.#transport.send(slot, target);
  }

  /** One slow render, such as a pause of the machine, is no reason to expect another; many are. */
  #noteRender(tookMs: number): void {
    const most = 1.5 * this.#renderMs + 0.02;
    if (tookMs > most) this.#renderMs = most;
    else this.#renderMs += (tookMs - this.#renderMs) / RENDERS_REMEMBERED;
  }

  /** The present hit is decided. */
  #pass(): void {
    this.#cursor.advance();
    this.#live.cursor = this.#cursor.floor;
  }

  readonly #report: Report = (slot, outcome, status, bytesOut, bytesIn, error) => {
    const now = this.#clock.now();
    this.#closeWindows(now);
    const slots = this.#inFlight;
    const serviceUs = (now - slots.sentAt[slot]!) * 1000;
    const label = slots.label[slot]!;
    if (slots.warmup[slot] === 1) {
      const { warmup } = this.#live;
      if (outcome === SUCCEEDED) warmup.succeed();
      else if (outcome === LOCAL) warmup.unsend();
      else warmup.fail();
    } else {
      const { tally } = this.#live;
      const responseUs = (now - slots.dueAt[slot]!) * 1000;
      const loopDelayUs = Math.max(0, now - this.#wakeAt) * 1000;
      if (outcome === LOCAL) {
        tally.unsend(label, (slots.sentAt[slot]! - slots.dueAt[slot]!) * 1000);
        this.#window.drop(LOCAL_DROP);
      } else if (outcome === SUCCEEDED) {
        tally.succeed(label, status, serviceUs, responseUs, bytesOut, bytesIn);
        this.#window.succeed(serviceUs, loopDelayUs);
      } else {
        tally.fail(label, outcome, status, serviceUs, responseUs, bytesOut, bytesIn);
        this.#window.fail(serviceUs, loopDelayUs);
      }
    }
    this.#record(slot, now, outcome, status, bytesOut, bytesIn, error);
    this.#release(slot, now);
  };

  #release(slot: number, now: number): void {
    this.#inFlight.release(slot);
    if (this.#blocked) {
      this.#blocked = false;
      this.#unblockedAt = now;
      this.#options.events.wake();
    } else if (this.#inFlight.taken === 0 && this.#sendsNoMore(now)) {
      this.#options.events.wake();
    }
  }

  /** Ends the hits that have been in flight for the whole timeout. */
  #expire(now: number): void {
    const slots = this.#inFlight;
    const { timeoutMs } = this.#options;
    while (slots.oldest !== -1 && now >= slots.sentAt[slots.oldest]! + timeoutMs) {
      const slot = slots.oldest;
      this.#transport.abort(slot);
      this.#report(slot, TIMEOUT, 0, 0, 0, `no answer within ${timeoutMs} ms`);
    }
  }

  #closeWindows(now: number): void {
    while (now >= this.#windowEnd) {
      const windows = this.#windows;
      this.#countOutstanding(this.#windowEnd);
      this.#options.events.windowClosed(windows.index, this.#window);
      this.#window.clear();
      windows.index++;
      this.#windowEnd = this.#endOfWindow();
    }
  }

  #countOutstanding(at: number): void {
    const slots = this.#inFlight;
    const { windowMs } = this.#windows;
    const { latencyAboveMs } = this.#plan;
    for (let slot = slots.oldest; slot !== -1; slot = slots.after(slot)) {
      const age = at - slots.sentAt[slot]!;
      if (age <= windowMs && age <= latencyAboveMs) break;
      if (slots.warmup[slot] === 0)
        this.#window.outstanding(age * 1000, latencyAboveMs * 1000, windowMs * 1000);
    }
  }

  #endOfWindow(): number {
    return this.#plan.startAt + this.#windows.endsAt;
  }

  #finishWhenDone(now: number): void {
    if (!this.#sendsNoMore(now)) return;
    if (now >= this.#lastMoment()) this.#interruptAll(now);
    this.finished = this.#inFlight.taken === 0;
  }

  /**
   * Whether sending was stopped or the plan is at its end with every hit decided. An end beyond the fence is none: a
   * change is being prepared that may bring more hits.
   */
  #sendsNoMore(now: number): boolean {
    if (now >= this.#stoppedAt) return true;
    const end = this.#endOfPlan();
    return this.#cursor.hit === Number.POSITIVE_INFINITY && now >= end && end <= this.#control.fence;
  }

  #endOfPlan(): number {
    return this.#plan.endsAt === null ? Number.POSITIVE_INFINITY : this.#plan.startAt + this.#plan.endsAt;
  }

  /** When a lane that sends nothing more stops to wait for answers. */
  #lastMoment(): number {
    return Math.min(this.#stoppedAt + STOP_GRACE_MS, this.#endOfPlan() + this.#options.timeoutMs);
  }

  #interruptAll(now: number): void {
    const slots = this.#inFlight;
    while (slots.oldest !== -1) {
      const slot = slots.oldest;
      this.#transport.abort(slot);
      if (slots.warmup[slot] === 1) this.#live.warmup.interrupt();
      else this.#live.tally.interrupt(slots.label[slot]!);
      this.#record(slot, now, INTERRUPTED, 0, 0, 0, 'interrupted');
      slots.release(slot);
    }
  }

  #record(
    slot: number,
    now: number,
    outcome: number,
    status: number,
    bytesOut: number,
    bytesIn: number,
    error: string,
  ): void {
    const slots = this.#inFlight;
    const target = slots.target[slot];
    if (!target) return;
    const { records, samples } = this.#options;
    const sentAt = slots.sentAt[slot]!;
    const isSample = samples !== null && slots.warmup[slot] === 0 && samples.wants(outcome, now - sentAt);
    if (records === null && !isSample) return;
    const record: HitRecord = {
      seq: slots.seq[slot]!,
      hit: slots.hit[slot]!,
      label: slots.label[slot]!,
      outcome,
      status,
      error: outcome > SUCCEEDED && error === '' ? failureName(outcome) : error,
      sentAtWall: this.#clock.wall() - (now - sentAt),
      serviceMs: now - sentAt,
      lagMs: sentAt - slots.dueAt[slot]!,
      bytesOut,
      bytesIn,
      ...sentAs(target),
    };
    records?.write(record);
    if (isSample) samples.take(record);
  }

  #publish(now: number): void {
    this.#publishedAt = now;
    this.#block.publish();
    this.#options.records?.flush();
  }

  #nextWake(now: number): number {
    let wake = Math.min(this.#publishedAt + PUBLISH_EVERY_MS, this.#windowEnd);
    const slots = this.#inFlight;
    if (slots.oldest !== -1) wake = Math.min(wake, slots.sentAt[slots.oldest]! + this.#options.timeoutMs);
    if (this.#sendsNoMore(now)) return Math.min(wake, this.#lastMoment());
    if (now >= this.#control.leaseEnd) return wake;
    const due = this.#plan.startAt + this.#cursor.dueAt;
    if (due === Number.POSITIVE_INFINITY) {
      const end = this.#endOfPlan();
      return Math.min(wake, end > now ? end : now + FENCE_POLL_MS);
    }
    if (due >= this.#control.fence) return Math.min(wake, Math.max(due, now + FENCE_POLL_MS));
    if (this.#blocked) return Math.min(wake, Math.max(due + this.#plan.maxLagMs, now + BLOCKED_POLL_MS));
    return Math.min(wake, due);
  }
}
