import {
  type Counts,
  DROPS,
  FAILED_HITS,
  IN_FLIGHT,
  INTERRUPTED,
  interruptInFlight,
  LOCAL_DROP,
  readCounts,
  SENT,
  SUCCEEDED_HITS,
} from './counts.ts';
import { Distribution } from './distribution.ts';
import { bucketOf } from './histogram.ts';
import * as at from './layout.ts';
import { type DropReason, failureCode, failureName, OUTCOME_CODES, SUCCEEDED } from './outcome.ts';

export { type Counts, CountsBlock, dropped } from './counts.ts';

const OTHER = failureCode('other');

/**
 * Everything counted about one part of a run: one lane's, one worker's, or the whole run's. All of it stands in one
 * array (`layout.ts`), so that merging is plain arithmetic and the array travels and is shared as it is.
 *
 * Counting allocates nothing. In each counting method all buckets are found before the first store: a thread can be
 * ended only at a call or a loop, so the array of an ended lane still obeys the laws of counts.
 */
export class Tally {
  /** Length of the array of a tally with that many labels. */
  static size(labels: number): number {
    return at.tallySize(labels);
  }

  readonly labels: number;
  readonly values: Float64Array;
  readonly service: Distribution;
  readonly response: Distribution;
  readonly lag: Distribution;
  readonly #sums: number;
  readonly #firstLabel: number;

  /**
   * @param labels how many labels are counted apart
   * @param values the array to count in, `Tally.size(labels)` long; left out: a new one of zeros
   */
  constructor(labels: number, values: Float64Array = new Float64Array(at.tallySize(labels))) {
    if (values.length !== at.tallySize(labels)) {
      throw new RangeError(
        `a tally of ${labels} labels has ${at.tallySize(labels)} values, not ${values.length}`,
      );
    }
    const sums = at.sumsAt(labels);
    this.labels = labels;
    this.values = values;
    this.#sums = sums;
    this.#firstLabel = at.labelAt(labels, 0);
    this.service = new Distribution(
      values,
      sums + at.SERVICE_HISTOGRAM,
      sums + at.SERVICE_SUM,
      at.SERVICE_MAX,
    );
    this.response = new Distribution(
      values,
      sums + at.RESPONSE_HISTOGRAM,
      sums + at.RESPONSE_SUM,
      at.RESPONSE_MAX,
    );
    this.lag = new Distribution(values, sums + at.LAG_HISTOGRAM, sums + at.LAG_SUM, at.LAG_MAX);
  }

  /** A hit is sent. @param lagUs sent minus due, in µs */
  send(label: number, lagUs: number): void {
    const values = this.values;
    const sums = this.#sums;
    const own = this.#firstLabel + label * at.LABEL_SIZE;
    const lag = wholeUs(lagUs);
    const lagBucket = sums + at.LAG_HISTOGRAM + bucketOf(lag);
    values[sums + SENT]! += 1;
    values[sums + IN_FLIGHT]! += 1;
    values[own + SENT]! += 1;
    values[own + IN_FLIGHT]! += 1;
    values[lagBucket]! += 1;
    values[sums + at.LAG_SUM]! += lag;
    if (lag > values[at.LAG_MAX]!) values[at.LAG_MAX] = lag;
  }

  /**
   * A hit in flight succeeded.
   *
   * @param status the protocol's own status, 0 where none came
   * @param serviceUs completion minus send, in µs
   * @param responseUs completion minus the instant it was due, in µs
   */
  succeed(
    label: number,
    status: number,
    serviceUs: number,
    responseUs: number,
    bytesOut: number,
    bytesIn: number,
  ): void {
    this.#complete(SUCCEEDED_HITS, SUCCEEDED, label, status, serviceUs, responseUs, bytesOut, bytesIn);
  }

  /** A hit in flight failed. @param outcome a code of `outcome.ts`; one out of range counts as `other` */
  fail(
    label: number,
    outcome: number,
    status: number,
    serviceUs: number,
    responseUs: number,
    bytesOut: number,
    bytesIn: number,
  ): void {
    const code = outcome > SUCCEEDED && outcome < OUTCOME_CODES ? outcome : OTHER;
    this.#complete(FAILED_HITS, code, label, status, serviceUs, responseUs, bytesOut, bytesIn);
  }

  /** A hit in flight is given up because the run ends. */
  interrupt(label: number): void {
    const values = this.values;
    const own = this.#firstLabel + label * at.LABEL_SIZE;
    values[this.#sums + INTERRUPTED]! += 1;
    values[this.#sums + IN_FLIGHT]! -= 1;
    values[own + INTERRUPTED]! += 1;
    values[own + IN_FLIGHT]! -= 1;
  }

  /** A hit is not sent. @param label -1 where it is not known; @param reason index into `DROP_REASONS` */
  drop(label: number, reason: number): void {
    const values = this.values;
    values[this.#sums + DROPS + reason]! += 1;
    if (label >= 0) values[this.#firstLabel + label * at.LABEL_SIZE + DROPS + reason]! += 1;
  }

  /**
   * Takes a send back that turned out to be a `local` drop: it never left this machine.
   * @param lagUs what `send` was given; the longest lag may keep it
   */
  unsend(label: number, lagUs: number): void {
    const values = this.values;
    const sums = this.#sums;
    const own = this.#firstLabel + label * at.LABEL_SIZE;
    const lag = wholeUs(lagUs);
    const lagBucket = sums + at.LAG_HISTOGRAM + bucketOf(lag);
    values[sums + SENT]! -= 1;
    values[sums + IN_FLIGHT]! -= 1;
    values[sums + DROPS + LOCAL_DROP]! += 1;
    values[own + SENT]! -= 1;
    values[own + IN_FLIGHT]! -= 1;
    values[own + DROPS + LOCAL_DROP]! += 1;
    values[lagBucket]! -= 1;
    values[sums + at.LAG_SUM]! -= lag;
  }

  /** Interrupts all that is in flight: its lane or worker is gone. */
  interruptAll(): void {
    interruptInFlight(this.values, this.#sums);
    for (let label = 0; label < this.labels; label++) {
      interruptInFlight(this.values, at.labelAt(this.labels, label));
    }
  }

  /** Merges another tally of as many labels into this one: the same as if its hits had been counted here. */
  add(other: Tally): void {
    if (other.labels !== this.labels) {
      throw new RangeError(`a tally of ${other.labels} labels does not merge into one of ${this.labels}`);
    }
    const values = this.values;
    const from = other.values;
    for (let index = 0; index < this.#sums; index++) {
      if (from[index]! > values[index]!) values[index] = from[index]!;
    }
    for (let index = this.#sums; index < values.length; index++) values[index]! += from[index]!;
  }

  get counts(): Counts {
    return readCounts(this.values, this.#sums);
  }

  get drops(): Record<DropReason, number> {
    return this.counts.drops;
  }

  /** Bytes of the bodies sent. */
  get bytesOut(): number {
    return this.values[this.#sums + at.BYTES_OUT]!;
  }

  /** Bytes of the bodies received. */
  get bytesIn(): number {
    return this.values[this.#sums + at.BYTES_IN]!;
  }

  /** Completions under an HTTP status, 100–599; 0: those without one. */
  status(code: number): number {
    return this.values[this.#sums + at.STATUSES + code]!;
  }

  /** Failures under an outcome code. */
  failure(code: number): number {
    return this.values[this.#sums + at.FAILURES + code]!;
  }

  /** The HTTP statuses that came, with their counts. */
  statuses(): Record<string, number> {
    const found: Record<string, number> = {};
    for (let code = 1; code < at.STATUS_CODES; code++) {
      const count = this.status(code);
      if (count > 0) found[code] = count;
    }
    return found;
  }

  /** The failures that happened, by name (`http_503`, `timeout`), with their counts. */
  failures(): Record<string, number> {
    const found: Record<string, number> = {};
    for (let code = 0; code < OUTCOME_CODES; code++) {
      const count = this.failure(code);
      if (count > 0) found[failureName(code)] = count;
    }
    return found;
  }

  /** What was counted under one label. */
  label(label: number): LabelTally {
    if (!Number.isInteger(label) || label < 0 || label >= this.labels) {
      throw new RangeError(`label ${label} is not one of 0 to ${this.labels - 1}`);
    }
    return new LabelTally(this.values, at.labelAt(this.labels, label), at.LABEL_MAXIMA + label);
  }

  #complete(
    counter: number,
    outcome: number,
    label: number,
    status: number,
    serviceUs: number,
    responseUs: number,
    bytesOut: number,
    bytesIn: number,
  ): void {
    const values = this.values;
    const sums = this.#sums;
    const own = this.#firstLabel + label * at.LABEL_SIZE;
    const service = wholeUs(serviceUs);
    const response = wholeUs(responseUs);
    const serviceBucket = bucketOf(service);
    const responseBucket = bucketOf(response);
    const known = status > 0 && status < at.STATUS_CODES ? status : 0;
    values[sums + counter]! += 1;
    values[sums + IN_FLIGHT]! -= 1;
    values[own + counter]! += 1;
    values[own + IN_FLIGHT]! -= 1;
    if (outcome !== SUCCEEDED) values[sums + at.FAILURES + outcome]! += 1;
    values[sums + at.STATUSES + known]! += 1;
    values[sums + at.BYTES_OUT]! += bytesOut;
    values[sums + at.BYTES_IN]! += bytesIn;
    values[sums + at.SERVICE_SUM]! += service;
    values[sums + at.RESPONSE_SUM]! += response;
    values[own + at.LABEL_SERVICE_SUM]! += service;
    values[sums + at.SERVICE_HISTOGRAM + serviceBucket]! += 1;
    values[sums + at.RESPONSE_HISTOGRAM + responseBucket]! += 1;
    values[own + at.LABEL_SERVICE_HISTOGRAM + serviceBucket]! += 1;
    if (service > values[at.SERVICE_MAX]!) values[at.SERVICE_MAX] = service;
    if (response > values[at.RESPONSE_MAX]!) values[at.RESPONSE_MAX] = response;
    if (service > values[at.LABEL_MAXIMA + label]!) values[at.LABEL_MAXIMA + label] = service;
  }
}

/** A live view of what a `Tally` counted under one label. */
export class LabelTally {
  readonly service: Distribution;
  readonly #values: Float64Array;
  readonly #at: number;

  /** @param begin where the label's sums begin; @param maxAt where its longest service time stands */
  constructor(values: Float64Array, begin: number, maxAt: number) {
    this.#values = values;
    this.#at = begin;
    this.service = new Distribution(
      values,
      begin + at.LABEL_SERVICE_HISTOGRAM,
      begin + at.LABEL_SERVICE_SUM,
      maxAt,
    );
  }

  get counts(): Counts {
    return readCounts(this.#values, this.#at);
  }
}

/** Whole microseconds, so that sums stay exact; NaN and negative numbers count as 0, as in `bucketOf`. */
function wholeUs(valueUs: number): number {
  return valueUs > 0 ? Math.floor(valueUs) : 0;
}
