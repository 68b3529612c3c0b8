import { duration, fields, integer } from './kinds.ts';

/** What is kept of a run. */
export const Results = fields({
  keep: duration('1m').default('24h'),
  samples: integer(0, 10_000).default(0),
});
