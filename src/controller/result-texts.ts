import type { Summary } from '../report/summary.ts';

/** A result as it is kept, whole first, then with less and less in it where there is no room: what it adds up to stays. */
export function* resultTexts(summary: Summary): Generator<string> {
  yield JSON.stringify(summary);
  yield JSON.stringify({ ...summary, workers: [] } satisfies Summary);
  yield JSON.stringify({ ...summary, workers: [], targets: {} } satisfies Summary);
}
