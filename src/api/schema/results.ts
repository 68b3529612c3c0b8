import { MOST_SAMPLES } from '../../attack/hit-sample.ts';
import { duration, fields, integer } from './kinds.ts';

/** What is kept of a run. */
export const Results = fields({
  keep: duration('1m').default('24h'),
  samples: integer(0, MOST_SAMPLES).default(0),
});
