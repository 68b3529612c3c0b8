import { editDistance } from '../units/edit-distance.ts';

/** The longest word that a suggestion is looked for. */
const MAX_LENGTH = 64;

/** The word of `known` that `word` was probably meant to be; null where none is close. */
export function closest(word: string, known: readonly string[]): string | null {
  if (word.length > MAX_LENGTH) return null;
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}
