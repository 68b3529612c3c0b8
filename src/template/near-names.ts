import { editDistance } from '../units/edit-distance.ts';

/**
 * The names that a misspelt one may have meant, the nearest first, at most three. Differences in case, separators and
 * endings (`.json`) count little.
 */
export function nearNames(name: string, names: Iterable<string>): string[] {
  const wanted = simplified(name.slice(0, LONGEST));
  const found: { name: string; distance: number }[] = [];
  for (const candidate of names) {
    const simple = simplified(candidate.slice(0, LONGEST));
    const distance = editDistance(wanted, simple);
    const within = Math.max(1, Math.floor(Math.max(wanted.length, simple.length) / 3));
    const contains =
      wanted.length > 2 && simple.length > 2 && (simple.includes(wanted) || wanted.includes(simple));
    if (distance <= within || contains) found.push({ name: candidate, distance });
  }
  return found
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map((near) => near.name);
}

/** `; did you mean "a" or "b"?`, or nothing where no name is near. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const near = nearNames(name, names).map((candidate) => `"${candidate}"`);
  if (near.length === 0) return '';
  const last = near.pop()!;
  return `; did you mean ${near.length > 0 ? `${near.join(', ')} or ${last}` : last}?`;
}

/** Longer names are compared by their beginning, so that the time is bounded. */
const LONGEST = 64;

function simplified(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.(?:json|txt|eta|tmpl)$/, '')
    .replaceAll(/[-_. ]/g, '');
}
