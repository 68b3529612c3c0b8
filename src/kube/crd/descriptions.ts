/**
 * What each field means, from the tables of the LoadTest reference (docs/loadtest.md): path to a sentence or more.
 * Rows are `| path | meaning | default | bounds | change |`, of status `| path | meaning |`.
 */
export function fieldDescriptions(reference: string): Map<string, string> {
  const descriptions = new Map<string, string>();
  for (const [, path, row] of reference.matchAll(/^\| `((?:spec|status)\.[^`]+)` \| (.*) \|$/gm)) {
    const [meaning = '', standard = '', bounds = '', change = ''] = row!.split('|').map((cell) => cell.trim());
    descriptions.set(
      path!,
      [
        sentence(meaning),
        // A default in plain words is not in the schema.
        /^(?:–||`.*`|as below)$/.test(standard) ? '' : `Default: ${sentence(standard)}`,
        bounds === '' ? '' : `Bounds: ${sentence(bounds)}`,
        change === '' ? '' : `Change: ${sentence(change)}`,
      ]
        .filter((part) => part !== '')
        .join(' '),
    );
  }
  return descriptions;
}

function sentence(text: string): string {
  const first = /^[a-z]+\b/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return first.endsWith('.') ? first : `${first}.`;
}
