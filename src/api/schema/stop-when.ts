import { celPattern } from './cel.ts';
import { choice, duration, fields, integer, percentage, text } from './kinds.ts';

const PERCENTILE = /^p[5-9][0-9](?:\.[0-9]{1,3})?$/;

const Percentile = text(1, 8, 'a percentile from p50 to p99.9 such as p50, p99, p99.9', {
  holds: (value) => PERCENTILE.test(value) && Number(value.slice(1)) <= 99.9,
  cel: (self) => `${self}.matches(${celPattern(PERCENTILE)}) && double(${self}.substring(1)) <= 99.9`,
});

/** When the service's own numbers say stop. */
export const StopWhen = fields({
  successBelow: percentage().optional(),
  latencyAbove: duration('0.01ms', '1h').optional(),
  percentile: Percentile.optional(),
  window: duration('1s', '24h').default('10s'),
  votes: integer(1, 100_000).default(10),
  minOutcomes: integer(1, 1_000_000).default(1),
  decidedBy: choice('AnyWorker', 'MajorityOfWorkers', 'AllWorkers').default('AnyWorker'),
  onStop: choice('Ready', 'Stall').default('Ready'),
});
