import { COUNTERS } from './counts.ts';
import { HISTOGRAM_BUCKETS } from './histogram.ts';
import { OUTCOME_CODES } from './outcome.ts';

/**
 * Where everything stands in the one array of a `Tally`, in this order:
 *
 *     maxima   service, response, lag, then the service time of each label
 *     sums     counters, bytes, sums of times, statuses, failures, three histograms
 *     labels   for each label: counters, sum of service time, histogram of service time
 *
 * Maxima merge by the greater, all the rest by addition. Every value is a whole number ≥ 0, times in µs, so that
 * doubles hold all of it exactly up to 2⁵³ and what was added can be taken back without a trace.
 */

/** Maxima, from the array's beginning. */
export const SERVICE_MAX = 0;
export const RESPONSE_MAX = 1;
export const LAG_MAX = 2;
export const LABEL_MAXIMA = 3;

/** Sums, from `sumsAt(labels)`; the nine counters come first. */
export const BYTES_OUT: number = COUNTERS;
export const BYTES_IN: number = BYTES_OUT + 1;
export const SERVICE_SUM: number = BYTES_IN + 1;
export const RESPONSE_SUM: number = SERVICE_SUM + 1;
export const LAG_SUM: number = RESPONSE_SUM + 1;
/** Indexed by HTTP status; index 0 counts completions without one. */
export const STATUSES: number = LAG_SUM + 1;
export const STATUS_CODES = 600;
/** Indexed by outcome code. */
export const FAILURES: number = STATUSES + STATUS_CODES;
export const SERVICE_HISTOGRAM: number = FAILURES + OUTCOME_CODES;
export const RESPONSE_HISTOGRAM: number = SERVICE_HISTOGRAM + HISTOGRAM_BUCKETS;
export const LAG_HISTOGRAM: number = RESPONSE_HISTOGRAM + HISTOGRAM_BUCKETS;
const SUMS: number = LAG_HISTOGRAM + HISTOGRAM_BUCKETS;

/** One label, from `labelAt(labels, label)`; its counters come first. */
export const LABEL_SERVICE_SUM: number = COUNTERS;
export const LABEL_SERVICE_HISTOGRAM: number = LABEL_SERVICE_SUM + 1;
export const LABEL_SIZE: number = LABEL_SERVICE_HISTOGRAM + HISTOGRAM_BUCKETS;

/** Where the sums begin, which is also how many maxima there are. */
export function sumsAt(labels: number): number {
  return LABEL_MAXIMA + labels;
}

export function labelAt(labels: number, label: number): number {
  return sumsAt(labels) + SUMS + label * LABEL_SIZE;
}

/** Length of the whole array. */
export function tallySize(labels: number): number {
  return labelAt(labels, labels);
}
