import { bucketOf, HISTOGRAM_BUCKETS, Histogram } from './histogram.ts';
import { DROP_REASONS, type DropReason } from './outcome.ts';

/** Maxima come first, all the rest are sums, as in a `Tally`. */
const SERVICE_MAX = 0;
const LATENESS_MAX = 1;
const LOOP_DELAY_MAX = 2;
const MAXIMA = 3;
const SENT = MAXIMA;
const SUCCEEDED = SENT + 1;
const FAILED = SUCCEEDED + 1;
const OVERDUE = FAILED + 1;
const PENDING = OVERDUE + 1;
const DROPS = PENDING + 1;
const SERVICE = DROPS + DROP_REASONS.length;
const LATENESS = SERVICE + HISTOGRAM_BUCKETS;
const LOOP_DELAY = LATENESS + HISTOGRAM_BUCKETS;
const SIZE = LOOP_DELAY + HISTOGRAM_BUCKETS;

/**
 * One window of one lane: what a stop vote is judged from. Windows of a worker's lanes merge by `add`. An outcome
 * belongs to the window in which it completes; at the window's end each hit still in flight is told to `outstanding`.
 */
export class WindowTally {
  static readonly size: number = SIZE;

  /** All of it; its buffer can be transferred to another thread. */
  readonly values: Float64Array;
  readonly #service: Histogram;
  readonly #lateness: Histogram;
  readonly #loopDelay: Histogram;

  /** @param values `WindowTally.size` long; left out: a new one of zeros */
  constructor(values: Float64Array = new Float64Array(SIZE)) {
    if (values.length !== SIZE) throw new RangeError(`a window has ${SIZE} values, not ${values.length}`);
    this.values = values;
    this.#service = new Histogram(values.subarray(SERVICE, LATENESS));
    this.#lateness = new Histogram(values.subarray(LATENESS, LOOP_DELAY));
    this.#loopDelay = new Histogram(values.subarray(LOOP_DELAY, SIZE));
  }

  /**
   * A hit is sent.
   * @param latenessUs the lane's own delay, in µs: sent minus due, or minus the instant a slot came free where there
   *   was none when it was due (that wait is the target's slowness)
   */
  send(latenessUs: number): void {
    this.values[SENT]! += 1;
    this.#record(LATENESS, LATENESS_MAX, latenessUs);
  }

  /** @param loopDelayUs how late the event loop was when the completion was seen, in µs */
  succeed(serviceUs: number, loopDelayUs: number): void {
    this.values[SUCCEEDED]! += 1;
    this.#record(SERVICE, SERVICE_MAX, serviceUs);
    this.#record(LOOP_DELAY, LOOP_DELAY_MAX, loopDelayUs);
  }

  fail(serviceUs: number, loopDelayUs: number): void {
    this.values[FAILED]! += 1;
    this.#record(SERVICE, SERVICE_MAX, serviceUs);
    this.#record(LOOP_DELAY, LOOP_DELAY_MAX, loopDelayUs);
  }

  /** A hit is not sent; a `local` drop was tried before, so it is among the sent of this window or an earlier one. */
  drop(reason: number): void {
    this.values[DROPS + reason]! += 1;
  }

  /**
   * A hit is still in flight at the window's end. Longer than the limit of latency, it counts in the percentile with
   * its age; longer than the window, as not succeeded; either way as one outcome.
   *
   * @param ageUs since it was sent, in µs
   * @param latencyAboveUs Infinity where latency is not judged
   */
  outstanding(ageUs: number, latencyAboveUs: number, windowUs: number): void {
    const slow = ageUs > latencyAboveUs;
    const overdue = ageUs > windowUs;
    if (slow) this.#record(SERVICE, SERVICE_MAX, ageUs);
    if (overdue) this.values[OVERDUE]! += 1;
    if (slow || overdue) this.values[PENDING]! += 1;
  }

  add(other: WindowTally): void {
    for (let index = 0; index < MAXIMA; index++) {
      if (other.values[index]! > this.values[index]!) this.values[index] = other.values[index]!;
    }
    for (let index = MAXIMA; index < SIZE; index++) this.values[index]! += other.values[index]!;
  }

  /** Empties it for the next window. */
  clear(): void {
    this.values.fill(0);
  }

  /** Sends tried in this window, also those that turned out to be `local` drops. */
  get sent(): number {
    return this.values[SENT]!;
  }

  get succeeded(): number {
    return this.values[SUCCEEDED]!;
  }

  get failed(): number {
    return this.values[FAILED]!;
  }

  /** Hits in flight for longer than the window. */
  get overdue(): number {
    return this.values[OVERDUE]!;
  }

  /** Hits in flight for longer than the window or the limit of latency: each an outcome of this window. */
  get pending(): number {
    return this.values[PENDING]!;
  }

  get drops(): Record<DropReason, number> {
    const [busy, late, local, template] = this.values.subarray(DROPS, DROPS + DROP_REASONS.length);
    return { busy: busy!, late: late!, local: local!, template: template! };
  }

  /** Service time of completions, and the ages of slow hits in flight, by nearest rank, in µs. @param p 0–100 */
  servicePercentileUs(p: number): number {
    return this.#service.percentile(p, this.values[SERVICE_MAX]);
  }

  /** How many times `servicePercentileUs` is taken from. */
  get serviceTotal(): number {
    return this.#service.total();
  }

  /** The lane's own delay of sends, in µs. */
  latenessPercentileUs(p: number): number {
    return this.#lateness.percentile(p, this.values[LATENESS_MAX]);
  }

  /** Delay of the event loop as completions saw it, in µs. */
  loopDelayPercentileUs(p: number): number {
    return this.#loopDelay.percentile(p, this.values[LOOP_DELAY_MAX]);
  }

  #record(histogramAt: number, maxAt: number, valueUs: number): void {
    this.values[histogramAt + bucketOf(valueUs)]! += 1;
    if (valueUs > this.values[maxAt]!) this.values[maxAt] = valueUs;
  }
}
