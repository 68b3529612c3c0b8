import { relative } from 'node:path';

/** What of node:test's `test:start`, `test:pass` and `test:fail` events is read here. */
export interface TestEventData {
  name: string;
  nesting: number;
  /** Where the test is written; a helper, where a helper defines tests. */
  file?: string | undefined;
  /** The test file that was run. */
  entryFile?: string | undefined;
  skip?: string | boolean | undefined;
  todo?: string | boolean | undefined;
  details?: { type?: string | undefined; error?: { failureType?: unknown; cause?: unknown } } | undefined;
}

export type Outcome = 'passed' | 'failed' | 'skipped' | 'todo';

export interface RanTest {
  /** `test/units/rate.test.ts > suite > test`. */
  name: string;
  outcome: Outcome;
}

/**
 * Makes the list of tests that ran from node:test's events, each with the path of its file and the names around it. A
 * suite is no test of its own; when its hook fails, that is a failed test, and when it is skipped, a skipped one. A file
 * that ends badly, or that has no tests at all, is a failed test.
 */
export class RanTests {
  readonly #root: string;
  readonly #tests: RanTest[] = [];
  readonly #skipped = new Map<string, number>();
  readonly #names = new Map<string, string[]>();

  /** @param root the folder that paths are shown from */
  constructor(root: string) {
    this.#root = root;
  }

  get tests(): readonly RanTest[] {
    return this.#tests;
  }

  /** Why tests were skipped, as far as they say it: reason to how many. */
  get skipReasons(): ReadonlyMap<string, number> {
    return this.#skipped;
  }

  started(data: TestEventData): void {
    const names = this.#namesOf(data);
    names.length = data.nesting;
    names.push(data.name);
  }

  /** @returns the test that ended; null for a suite whose tests speak for it */
  ended(data: TestEventData, passed: boolean): RanTest | null {
    const isSkipped = passed && outcomeOf(data, passed) === 'skipped';
    if (data.details?.type === 'suite' && !isSkipped && (passed || failedBySubtest(data))) return null;
    const test: RanTest = isWholeFile(data)
      ? { name: `${this.#pathOf(data)} > (${passed ? 'no tests' : 'file'})`, outcome: 'failed' }
      : { name: this.#fullName(data), outcome: outcomeOf(data, passed) };
    if (test.outcome === 'skipped' && typeof data.skip === 'string') {
      this.#skipped.set(data.skip, (this.#skipped.get(data.skip) ?? 0) + 1);
    }
    this.#tests.push(test);
    return test;
  }

  count(outcome: Outcome): number {
    return this.#tests.filter((test) => test.outcome === outcome).length;
  }

  #fullName(data: TestEventData): string {
    return [this.#pathOf(data), ...this.#namesOf(data).slice(0, data.nesting), data.name].join(' > ');
  }

  #namesOf(data: TestEventData): string[] {
    const path = this.#pathOf(data);
    let names = this.#names.get(path);
    if (!names) this.#names.set(path, (names = []));
    return names;
  }

  #pathOf({ entryFile, file }: TestEventData): string {
    return relative(this.#root, entryFile ?? file ?? '');
  }
}

/** Whether all that is wrong with it is a test inside it, which is reported by itself. */
export function failedBySubtest(data: TestEventData): boolean {
  return data.details?.error?.failureType === 'subtestsFailed';
}

/** node:test reports a file as a test named by its path where the file has no tests or failed as a whole. */
function isWholeFile(data: TestEventData): boolean {
  return data.nesting === 0 && data.name === data.file;
}

function outcomeOf(data: TestEventData, passed: boolean): Outcome {
  if (data.skip !== undefined && data.skip !== false) return 'skipped';
  if (data.todo !== undefined && data.todo !== false) return 'todo';
  return passed ? 'passed' : 'failed';
}
