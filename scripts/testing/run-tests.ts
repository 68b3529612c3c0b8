import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { RanTests, type TestEventData } from './ran-tests.ts';
import { Screen } from './screen.ts';

/** A run in which nothing happens for so long is ended: a test waits for what will not come. */
const STALLED_AFTER_MS = 180_000;

export interface TestSelection {
  files: string[];
  /** Names of tests; empty: all tests of the files. */
  names: string[];
}

/**
 * What a developer asked for: each word is a part of a file's path, or else of a test's name. No words: everything.
 * @param files all test files
 */
export function selectTests(files: readonly string[], words: readonly string[]): TestSelection {
  const isPath = (word: string) => files.some((file) => file.includes(word));
  const paths = words.filter(isPath);
  return {
    files: files.filter((file) => paths.length === 0 || paths.some((path) => file.includes(path))),
    names: words.filter((word) => !isPath(word)),
  };
}

/**
 * Runs the test files below `<root>/test` and shows how it goes. Files named `*.serial.test.ts` measure time: they run
 * one by one when the others are done.
 * @param words which tests, see `selectTests`
 */
export async function runTests(
  root: string,
  words: readonly string[],
  write: (text: string) => void,
): Promise<RanTests> {
  const all = globSync('test/**/*.test.ts', { cwd: root }).toSorted();
  const { files, names } = selectTests(all, words);
  const isSerial = (file: string) => file.endsWith('.serial.test.ts');
  const startedAt = performance.now();
  // What test files share, such as an API server, ends with this process.
  process.env['TAZ_TEST_RUN'] = String(process.pid);
  const ran = new RanTests(root);
  const screen = new Screen(root, write);
  const phases = [
    // Tests wait for processes and sockets more than they compute: two at a time, also where there is one core.
    { files: files.filter((file) => !isSerial(file)), concurrency: Math.max(2, availableParallelism() - 1) },
    { files: files.filter(isSerial), concurrency: 1 },
  ];
  for (const phase of phases) {
    if (phase.files.length > 0) await runPhase(root, phase.files, phase.concurrency, names, ran, screen);
  }
  screen.ended(ran, performance.now() - startedAt);
  return ran;
}

async function runPhase(
  root: string,
  files: string[],
  concurrency: number,
  names: string[],
  ran: RanTests,
  screen: Screen,
): Promise<void> {
  const stall = new AbortController();
  const watch = setTimeout(() => {
    stall.abort(new Error(`nothing has happened for ${STALLED_AFTER_MS / 1000} s: the run was ended`));
  }, STALLED_AFTER_MS);
  const events = run({
    files: files.map((file) => join(root, file)),
    cwd: root,
    concurrency,
    testNamePatterns: names.map((name) => new RegExp(RegExp.escape(name))),
    signal: stall.signal,
  });
  for await (const event of events) {
    watch.refresh();
    const data = event.data as TestEventData & { message?: string; duration_ms?: number };
    switch (event.type) {
      case 'test:start':
        ran.started(data);
        break;
      case 'test:pass':
      case 'test:fail':
        show(screen, data, ran.ended(data, event.type === 'test:pass'));
        break;
      case 'test:stdout':
      case 'test:stderr':
        screen.printed(data.file, data.message ?? '');
        break;
      case 'test:summary':
        if (data.file !== undefined) screen.fileEnded(data.file, data.duration_ms ?? 0);
        break;
    }
  }
  clearTimeout(watch);
}

function show(screen: Screen, data: TestEventData, test: ReturnType<RanTests['ended']>): void {
  if (test?.outcome === 'failed') screen.failed(data, test.name);
  else if (test) screen.passed(data);
}
