/** What docs/loadtest.md says of a field. */
export interface FieldReference {
  path: string;
  meaning: string;
  /** What holds where the field is left out; empty: nothing does. */
  standard: string;
  bounds: string;
  change: string;
}

/** The rows of the tables of fields in docs/loadtest.md, in their order. Those of status have but a meaning. */
export function fieldReference(page: string, block: 'spec' | 'status' = 'spec'): FieldReference[] {
  const rows = new RegExp(`^\\| \`(${block}\\.[^\`]+)\` \\| (.*) \\|$`, 'gm');
  return [...page.matchAll(rows)].map(([, path, rest]) => {
    const [meaning = '', standard = '', bounds = '', change = ''] = rest!
      .split('|')
      .map((cell) => cell.trim());
    return { path: path!, meaning, standard: standard === '–' ? '' : standard, bounds, change };
  });
}

/** What the page says of each field, as a text without marks: path to paragraphs. */
export function fieldDescriptions(page: string): Map<string, string> {
  const fields = [...fieldReference(page), ...fieldReference(page, 'status')];
  return new Map(fields.map((field) => [field.path, describe(field)]));
}

function describe({ meaning, standard, bounds, change }: FieldReference): string {
  const parts = [
    meaning.replace(/^(?!true:|false:)./, (letter) => letter.toUpperCase()),
    standard && standard !== 'as below' && `Default: ${standard}`,
    bounds && `Bounds: ${bounds}`,
    change && `Change while a run goes on: ${change}`,
  ];
  return parts
    .filter(Boolean)
    .map((part) => `${part}.`)
    .join('\n\n')
    .replaceAll('`', '');
}
