import { createHash } from 'node:crypto';

/** The most characters of a name that is also a host name or the value of a label. */
const MAX_NAME = 63;

/** The most characters of a test's name in the names of its children, so that every suffix fits behind. */
const MAX_STEM = 40;

const HASH_LENGTH = 10;

/** What ends as shortened names do: taken as it is, it could be another's shortened name. */
const HASHED = new RegExp(`-[0-9a-f]{${HASH_LENGTH}}$`);

/**
 * The name of an object that a test owns: at most 63 lower-case letters, digits and `-`. The same for the same test and
 * suffix for ever, and no two tests of a namespace share one: where the test's name is not taken as it is, a hash of it
 * follows.
 * @param test name of the LoadTest
 * @param suffix what the object is to the test: without a `-`, such as `run`
 */
export function childName(test: string, suffix: string): string {
  return joined(test, suffix);
}

/**
 * The name of a worker's pod. All its parts but the first have no `-`, and there are always as many: so no two workers of
 * any two tests share one.
 * @param run id of the run
 */
export function podName(test: string, run: string, index: number, replacement: number): string {
  return joined(test, `${hashOf(run).slice(0, 8)}-${index}-${replacement}`);
}

/** A name as the value of a label, of at most 63 characters: as it is, where it fits. */
export function labelValueOf(name: string): string {
  return fitted(name, MAX_NAME, (text) => text);
}

function joined(test: string, suffix: string): string {
  const name = `${fitted(test, MAX_STEM, (text) => text.replaceAll('.', '-'))}-${suffix}`;
  if (name.length > MAX_NAME) throw new RangeError(`"${suffix}" is too long behind a name`);
  return name;
}

/** @param altered what has to become of a text of any length */
function fitted(name: string, most: number, altered: (text: string) => string): string {
  const text = altered(name);
  if (text === name && name.length <= most && !HASHED.test(name)) return name;
  const head = text.slice(0, most - HASH_LENGTH - 1).replace(/[-._]+$/, '');
  return `${head}-${hashOf(name).slice(0, HASH_LENGTH)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
