/** What docs/loadtest.md says of a field. */
export interface FieldReference {
  path: string;
  meaning: string;
  /** What holds where the field is left out; empty: nothing does. */
  standard: string;
  bounds: string;
  change: string;
}

/** The rows of the tables of fields in docs/loadtest.md, in their order. */
export function fieldReference(page: string): FieldReference[] {
  return [...page.matchAll(/^\| `(spec\.[^`]+)` \| (.*) \|$/gm)].map(([, path, rest]) => {
    const [meaning = '', standard = '', bounds = '', change = ''] = rest!
      .split('|')
      .map((cell) => cell.trim());
    return { path: path!, meaning, standard: standard === '–' ? '' : standard, bounds, change };
  });
}
