import type { RanTest } from './ran-tests.ts';

/** The committed list of all tests. */
export const LIST_FILE = 'test/tests.txt';

/**
 * How a whole run differs from the committed list: what did not pass, what is in the list and did not run, what ran and
 * is not in the list. Empty where all is well. A name that stands twice has to run twice.
 */
export function compareWithList(ran: readonly RanTest[], list: readonly string[]): string[] {
  const problems = ran
    .filter((test) => test.outcome !== 'passed')
    .map(({ name, outcome }) => `${outcome}: ${name}`);
  const missing = subtract(
    list,
    ran.map((test) => test.name),
  );
  const unknown = subtract(
    ran.map((test) => test.name),
    list,
  );
  problems.push(...missing.map((name) => `did not run: ${name}`));
  problems.push(...unknown.map((name) => `not in the list: ${name}`));
  if (ran.length === 0) problems.push('no test ran at all');
  return problems;
}

/** The list as a text, one test a line, sorted so that a change shows as a small difference. */
export function formatList(names: readonly string[]): string {
  return names
    .map(oneLine)
    .toSorted(byCodeUnits)
    .map((name) => `${name}\n`)
    .join('');
}

export function parseList(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '');
}

/** Tests that ran as a text, to hand from one process to another: one a line, its outcome first. */
export function formatRecord(tests: readonly RanTest[]): string {
  return tests.map(({ name, outcome }) => `${outcome}\t${oneLine(name)}\n`).join('');
}

/** @throws SyntaxError for a line that `formatRecord` would not have written */
export function parseRecord(text: string): RanTest[] {
  return parseList(text).map((line) => {
    const [, outcome, name] = /^(passed|failed|skipped|todo)\t(.+)$/s.exec(line) ?? [];
    if (outcome === undefined || name === undefined) throw new SyntaxError(`not a line of a record: ${line}`);
    return { outcome: outcome as RanTest['outcome'], name };
  });
}

function oneLine(name: string): string {
  return name.replaceAll(/\s*[\r\n]\s*/g, ' ');
}

/** What `names` has more of than `others`. */
function subtract(names: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const name of others) left.set(oneLine(name), (left.get(oneLine(name)) ?? 0) + 1);
  return names.map(oneLine).filter((name) => {
    const count = left.get(name) ?? 0;
    left.set(name, count - 1);
    return count <= 0;
  });
}

/** The same on every machine, whatever its language. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
