import type { LoadTest } from '../api/loadtest.ts';

/** What the controller keeps of a test beside the run's own record, in the same ConfigMap, as JSON. */
export interface TestRecord {
  /** Id of the run that is going on, or was the last. */
  run: string;
  /** The test as the run has taken it over. */
  applied: LoadTest;
  /** Image of the workers that it started with: a bounded run keeps it. */
  image: string;
}
