import { changesBetween, type FieldChange } from '../../api/changes.ts';
import type { LoadTest } from '../../api/loadtest.ts';
import { parseLoadTest } from '../../api/parse.ts';
import { type Fields, isFields, valueAt } from '../../api/written.ts';

/** What of a saved manifest can be done to a run that goes on on this machine. */
export interface HotPart {
  /** What holds from now on: as it was saved, but for the fields below, which are as they were. */
  loadtest: LoadTest;
  /** What is different from before. */
  applied: FieldChange[];
  /** What has to wait. */
  waiting: FieldChange[];
}

/**
 * Divides the changes of a manifest into those that are done in place and those that the next run is for.
 * @param before what holds now
 * @returns null where the test has another protocol: what was saved was written for another run
 * @throws ProblemsError where what can be done does not go with what has to wait
 */
export function hotPart(before: LoadTest, saved: LoadTest): HotPart | null {
  const changes = changesBetween(before, saved);
  if (changes.some((change) => change.class === 'new run')) return null;
  const [applied, waiting] = [changes.filter(isInPlace), changes.filter((change) => !isInPlace(change))];
  const merged: Fields = structuredClone({ ...saved, metadata: before.metadata });
  for (const { path } of waiting) {
    const steps = path.split('.');
    put(merged, steps, valueAt(before, steps));
  }
  return { loadtest: parseLoadTest(merged), applied, waiting };
}

/** Nothing is mounted here: Secrets are read from the manifest files, like all the rest of what is sent. */
function isInPlace({ path, class: own }: FieldChange): boolean {
  return own === 'hot' || (own === 'rolling' && /^spec\.(?:variables|templates|targets)\b/.test(path));
}

/** What has to wait never stands in a list. @param value undefined: nothing stands there */
function put(map: Fields, [step, ...rest]: string[], value: unknown): void {
  const name = step!;
  if (rest.length > 0) {
    const inner = isFields(map[name]) ? map[name] : {};
    put(inner, rest, value);
    map[name] = inner;
  } else if (value === undefined) delete map[name];
  else map[name] = value;
}
