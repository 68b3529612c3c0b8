/** Whether an object shows all that is wanted of it. It may show more: what others have added, and defaults. */
export function covers(shown: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(shown) || shown.length !== wanted.length) return false;
    return wanted.every((item, index) => covers(shown[index], item));
  }
  if (wanted === null || typeof wanted !== 'object') return shown === wanted;
  if (shown === null || typeof shown !== 'object') return false;
  return Object.entries(wanted).every(([field, value]) =>
    covers((shown as Record<string, unknown>)[field], value),
  );
}
