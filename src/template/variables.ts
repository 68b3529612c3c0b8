/** Inherits nothing: `it.constructor` is as undefined as any other name that the test has no variable for. */
const NOTHING = Object.freeze(Object.create(null)) as object;

/** What templates know as `it`: the variables, which no template can change. */
export function variablesObject(variables: Record<string, string | string[]>): object {
  // An object with a prototype, if an empty one, is what V8 reads quickest.
  const it = Object.create(NOTHING) as Record<string, unknown>;
  for (const [name, value] of Object.entries(variables)) {
    const shown = typeof value === 'string' ? value : Object.freeze([...value]);
    Object.defineProperty(it, name, { value: shown, enumerable: true });
  }
  return Object.freeze(it);
}
