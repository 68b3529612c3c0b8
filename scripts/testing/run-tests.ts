import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { RanTests, type TestEventData } from './ran-tests.ts';
import { Screen } from './screen.ts';

/** A run in which nothing happens for so long is ended: a test waits for what will not come. */
const STALLED_AFTER_MS = 180_000;

export interface TestFiles {
  /** Below the root, as it is the folder that they run in. */
  files: readonly string[];
  /** Those run one by one when the others are done. */
  isSerial: (file: string) => boolean;
  /** After so long without any event a run is ended, in ms. */
  stalledAfterMs: number;
}

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
 * The test files below `<root>/test`. Those named `*.serial.test.ts` measure time, those named `*.long.serial.test.ts`
 * take minutes besides.
 */
export function usualTests(root: string): TestFiles {
  return {
    files: globSync('test/**/*.test.ts', { cwd: root }).toSorted(),
    isSerial: (file) => file.endsWith('.serial.test.ts'),
    stalledAfterMs: STALLED_AFTER_MS,
  };
}

/** The usual ones but for those that take minutes. */
export function shortTests(root: string): TestFiles & { left: number } {
  const usual = usualTests(root);
  const files = usual.files.filter((file) => !file.endsWith('.long.serial.test.ts'));
  return { ...usual, files, left: usual.files.length - files.length };
}

/**
 * Runs test files and shows how it goes.
 * @param words which tests, see `selectTests`
 */
export async function runTests(
  root: string,
  words: readonly string[],
  write: (text: string) => void,
  { files: all, isSerial, stalledAfterMs }: TestFiles = usualTests(root),
): Promise<RanTests> {
  const { files, names } = selectTests(all, words);
  const startedAt = performance.now();
  // What test files share, such as an API server, ends with this process.
  process.env['TAZ_TEST_RUN'] = String(process.pid);
  // Most of what a test file, or a process that it starts, does is compiling the same sources.
  process.env['NODE_COMPILE_CACHE'] ??= join(root, 'node_modules/.cache/compiled');
  const ran = new RanTests(root);
  const screen = new Screen(root, write);
  const phases = [
    // Tests wait for processes and sockets more than they compute: two at a time, also where there is one core.
    { files: files.filter((file) => !isSerial(file)), concurrency: Math.max(2, availableParallelism() - 1) },
    { files: files.filter(isSerial), concurrency: 1 },
  ];
  for (const phase of phases) {
    if (phase.files.length > 0) await runPhase(root, { ...phase, names, stalledAfterMs }, ran, screen);
  }
  screen.ended(ran, performance.now() - startedAt);
  return ran;
}

async function runPhase(
  root: string,
  {
    files,
    concurrency,
    names,
    stalledAfterMs,
  }: { files: string[]; concurrency: number; names: string[]; stalledAfterMs: number },
  ran: RanTests,
  screen: Screen,
): Promise<void> {
  const stall = new AbortController();
  const watch = setTimeout(() => {
    stall.abort(new Error(`nothing has happened for ${stalledAfterMs / 1000} s: the run was ended`));
  }, stalledAfterMs);
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
