import assert from 'node:assert/strict';
import { Lane, type LanePlan } from '../../src/attack/lane.ts';
import { LaneControl } from '../../src/attack/lane-control.ts';
import type { HitRecord } from '../../src/attack/record.ts';
import type { Sampler } from '../../src/attack/sampler.ts';
import type { WindowStretch } from '../../src/attack/window-clock.ts';
import { plannedHits } from '../../src/coordinator/course/ledger.ts';
import { type PlanGoal, RunPlan } from '../../src/coordinator/course/run-plan.ts';
import { LaneBlock, LaneValues } from '../../src/metrics/lane-block.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { LOCAL, SUCCEEDED } from '../../src/metrics/outcome.ts';
import type { Counts } from '../../src/metrics/tally.ts';
import { WindowTally } from '../../src/metrics/window.ts';
import type { HttpTarget, Target } from '../../src/target/target.ts';
import type { Report, Transport } from '../../src/transport/transport.ts';
import { FakeClock } from './fake-clock.ts';

/** The run's start on the lane's clock: far from 0, and no whole number, so that nothing passes for run time. */
export const START = 100_000.125;
const OWNER = 'worker-0';

/** What the target does with a hit. */
export interface Answer {
  afterMs: number;
  /** Default `SUCCEEDED`, with status 200. */
  outcome?: number;
  bytesOut?: number;
  bytesIn?: number;
}

/** A target that never answers. */
export const HANGS: Answer = { afterMs: Number.POSITIVE_INFINITY };

export interface WorldOptions {
  goal: Pick<PlanGoal, 'schedule'> & Partial<PlanGoal>;
  slots?: number;
  timeoutMs?: number;
  maxLagMs?: number;
  windowMs?: number | null;
  latencyAboveMs?: number;
  /** How the target answers a hit sent at run time `runMs`. Default: at once, in 1 ms. */
  answer?: (hit: number, runMs: number) => Answer;
  /** Called to render a hit; may throw, or let time pass. */
  render?: (hit: number, world: LaneWorld) => void;
  /** Stretches of run time in which the lane's event loop does not turn. */
  stalls?: [from: number, until: number][];
  /** After a stall timers come before answers that waited. */
  timersFirst?: boolean;
  records?: boolean;
  samples?: Sampler;
  block?: LaneBlock;
  /** Run time at which the lane begins. Default 0, or a bit before. */
  beginsAt?: number;
}

/** Times are run times in ms. */
export interface Sent {
  hit: number;
  at: number;
}

/**
 * A lane in virtual time: its clock goes from one instant that the lane or the target names to the next. All the laws of
 * counts are checked with everything that the lane publishes.
 */
export class LaneWorld {
  readonly clock: FakeClock;
  readonly control = new LaneControl();
  readonly block: LaneBlock;
  readonly plan: RunPlan;
  readonly lane: Lane;
  readonly sent: Sent[] = [];
  readonly aborted: Sent[] = [];
  readonly windows: { index: number; at: number; window: WindowTally }[] = [];
  readonly records: HitRecord[] = [];
  readonly templateFailures: { hit: number; error: unknown }[] = [];
  /** Lengths of windows, in place of the one that it began with. */
  stretches: WindowStretch[] | null = null;
  ticks = 0;
  flushes = 0;
  closed = 0;

  readonly #options: WorldOptions;
  readonly #slots: { hit: number; answerAt: number; answer: Answer }[];
  readonly #copy: Float64Array;
  #publishedAt = 0;
  #report: Report = () => assert.fail('nothing was sent');
  #wakeAt = 0;
  #woken = false;
  #rendering = -1;

  constructor(options: WorldOptions) {
    const { slots = 64, block = new LaneBlock(2) } = options;
    this.#options = options;
    this.clock = new FakeClock(START + (options.beginsAt ?? -10.5));
    this.block = block;
    this.#copy = new Float64Array(LaneValues.size(2));
    this.#slots = Array.from({ length: slots }, () => ({
      hit: -1,
      answerAt: Number.POSITIVE_INFINITY,
      answer: HANGS,
    }));
    this.plan = new RunPlan({
      durationMs: null,
      warmupMs: 0,
      suspended: false,
      hitLimit: null,
      stripes: 1,
      owners: { [OWNER]: [0] },
      ...options.goal,
    });
    this.lane = new Lane({
      clock: this.clock,
      owner: OWNER,
      index: 0,
      slots,
      timeoutMs: options.timeoutMs ?? 5000,
      connect: (size, report) => this.#connect(size, report),
      targeter: this.#targeter(),
      block,
      control: this.control,
      plan: this.lanePlan(),
      records: options.records ? this.#sink() : null,
      samples: options.samples ?? null,
      events: {
        wake: () => {
          this.#woken = true;
        },
        windowClosed: (index, tally) => {
          const window = new WindowTally(tally.values.slice());
          this.windows.push({ index, at: this.runMs, window });
        },
        templateFailed: (error) => this.templateFailures.push({ hit: this.#rendering, error }),
      },
    });
  }

  /** The plan as it stands now, as it comes over the wire. */
  lanePlan(): LanePlan {
    const { windowMs = null, goal } = this.#options;
    return {
      startAt: START,
      segments: structuredClone(this.plan.segments),
      endsAt: this.plan.endsAt,
      maxLagMs: this.#options.maxLagMs ?? 1000,
      latencyAboveMs: this.#options.latencyAboveMs ?? Number.POSITIVE_INFINITY,
      windows:
        this.stretches ?? (windowMs === null ? [] : [{ from: goal.warmupMs ?? 0, index: 0, windowMs }]),
    };
  }

  /** From now on the lane follows the plan as it stands. */
  follow(): void {
    this.lane.follow(this.lanePlan());
    this.#woken = true;
  }

  get runMs(): number {
    return this.clock.now() - START;
  }

  /** Lets time pass until the lane is finished, or up to `runMs`. */
  run(untilMs: number = Number.POSITIVE_INFINITY): this {
    const until = START + untilMs;
    const { timersFirst = false } = this.#options;
    while (!this.lane.finished) {
      if (this.#woken || this.#wakeAt <= this.clock.now()) this.#tick();
      else {
        const wanted = Math.min(this.#wakeAt, this.#nextAnswerAt());
        const next = this.#afterStall(Math.max(wanted, this.clock.now()));
        if (next > until) {
          this.clock.to(Math.max(this.clock.now(), until));
          return this;
        }
        this.clock.to(next);
        if (timersFirst && this.#wakeAt <= next) this.#tick();
        this.#answerDue();
      }
    }
    return this;
  }

  /** What the lane has counted, published or not; main part and warm-up. */
  get counts(): Counts {
    return this.block.live.tally.counts;
  }
  get warmup(): Counts {
    return this.block.live.warmup.counts;
  }

  /** What was published last. */
  get published(): Counts {
    this.block.read(this.#copy);
    return new LaneValues(2, this.#copy).tally.counts;
  }

  #tick(): void {
    this.#woken = false;
    const before = this.clock.now();
    this.#wakeAt = this.lane.tick();
    this.ticks++;
    this.#checkPublished();
    // A real clock has moved on by then.
    if (this.#wakeAt <= this.clock.now() && !this.lane.finished) this.clock.by(0.001);
    assert.ok(this.clock.now() >= before);
  }

  #afterStall(at: number): number {
    for (const [from, until] of this.#options.stalls ?? []) {
      if (at > START + from && at < START + until) return START + until;
    }
    return at;
  }

  #nextAnswerAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { answerAt } of this.#slots) if (answerAt < next) next = answerAt;
    return next;
  }

  /** Tells of all answers that have come, in their order. */
  #answerDue(): void {
    const now = this.clock.now();
    for (let next = this.#nextAnswerAt(); next <= now; next = this.#nextAnswerAt()) {
      const index = this.#slots.findIndex(({ answerAt }) => answerAt === next);
      const slot = this.#slots[index]!;
      slot.answerAt = Number.POSITIVE_INFINITY;
      slot.hit = -1;
      const { outcome = SUCCEEDED, bytesOut = 10, bytesIn = 20 } = slot.answer;
      const status = outcome === SUCCEEDED ? 200 : outcome < 600 ? outcome : 0;
      const error = outcome === SUCCEEDED ? '' : outcome === LOCAL ? 'no ports' : 'broken';
      this.#report(index, outcome, status, bytesOut, bytesIn, error);
    }
  }

  #connect(size: number, report: Report): Transport<Target> {
    assert.equal(size, this.#slots.length);
    this.#report = report;
    return {
      send: (index, target) => {
        const hit = Number((target as HttpTarget).path.slice(1));
        const slot = this.#slots[index]!;
        assert.equal(slot.hit, -1, `slot ${index} is taken by hit ${slot.hit}`);
        assert.ok(!this.lane.finished, `hit ${hit} was sent by a lane that has finished`);
        const answer = this.#options.answer?.(hit, this.runMs) ?? { afterMs: 1 };
        slot.hit = hit;
        slot.answer = answer;
        slot.answerAt = this.clock.now() + answer.afterMs;
        this.sent.push({ hit, at: this.runMs });
      },
      abort: (index) => {
        const slot = this.#slots[index]!;
        assert.notEqual(slot.hit, -1, `slot ${index} is free already`);
        this.aborted.push({ hit: slot.hit, at: this.runMs });
        slot.hit = -1;
        slot.answerAt = Number.POSITIVE_INFINITY;
      },
      close: () => {
        this.closed++;
        return Promise.resolve();
      },
    };
  }

  #targeter() {
    const targeter = {
      label: 0,
      next: (hit: number): Target => {
        this.#rendering = hit;
        targeter.label = hit % 2;
        this.#options.render?.(hit, this);
        return {
          method: 'POST',
          origin: 'http://127.0.0.1:9',
          path: `/${hit}`,
          headers: ['a', 'b'],
          body: Buffer.from('{}'),
        };
      },
    };
    return targeter;
  }

  #sink() {
    return {
      write: (record: HitRecord) => this.records.push(record),
      flush: () => {
        this.flushes++;
      },
      close: () => {
        this.closed++;
      },
    };
  }

  /** The laws of counts, for the warm-up and the main part, with the hits of the plan below the cursor. */
  #checkPublished(): void {
    const now = this.clock.now();
    if (now < this.#publishedAt + 100 && !this.lane.finished) return;
    this.#publishedAt = now;
    assert.ok(this.block.read(this.#copy));
    const { tally, warmup, cursor } = new LaneValues(2, this.#copy);
    const planned = plannedHits(this.plan.segments, [
      { incarnation: OWNER, cursors: [cursor], lostBelow: null },
    ]);
    const broken = [
      ...checkLaws(tally.counts, planned.main.scheduled, planned.main.unreported),
      ...checkLaws(warmup.counts, planned.warmup.scheduled, planned.warmup.unreported),
    ];
    assert.deepEqual(broken, [], `at ${this.runMs} ms`);
  }
}

/** For every a < b: hits sent in [a, b] ≤ F(b) − F(a − maxLag) + 1; and no hit is sent before it is due. */
export function checkRate(
  sent: readonly Sent[],
  hitsBefore: (runMs: number) => number,
  maxLagMs: number,
): void {
  const times = sent.map(({ at }) => at).sort((a, b) => a - b);
  const until = times.map(hitsBefore);
  const from = times.map((at) => hitsBefore(at - maxLagMs));
  for (let a = 0; a < times.length; a++) {
    if (a + 1 > Math.floor(until[a]! + 1e-6) + 1) assert.fail(`${a + 1} hits sent by ${times[a]} ms`);
    for (let b = a; b < times.length; b++) {
      const most = until[b]! - from[a]! + 1;
      if (b - a + 1 > most + 1e-6)
        assert.fail(`${b - a + 1} hits in ${times[a]}–${times[b]} ms, not ${most}`);
    }
  }
}
