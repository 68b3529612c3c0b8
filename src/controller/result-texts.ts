import type { Summary } from '../report/summary.ts';

/** A result as it is kept, whole first, then with less and less in it where there is no room: what it adds up to stays. */
export function* resultTexts(summary: Summary): Generator<string> {
  yield JSON.stringify(summary);
  for (let { samples } = summary; samples.length > 0; ) {
    // Of all kinds, and from the whole time, as before.
    samples = samples.filter((_, index) => index % 2 === 1);
    yield JSON.stringify({ ...summary, samples } satisfies Summary);
  }
  const bare: Summary = { ...summary, samples: [], workers: [] };
  yield JSON.stringify(bare);
  yield JSON.stringify({ ...bare, targets: {} } satisfies Summary);
}
