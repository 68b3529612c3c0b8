// Everything a change has to pass. `npm test` runs all steps and all tests but the long ones, which run in CI and with
// TAZ_TEST_LONG=1; `npm test -- WORD…` runs the tests whose path or name holds the words, and nothing else. Other scripts use `check.ts --step NAME…` and `check.ts --fix`.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runTests, shortTests, usualTests } from './testing/run-tests.ts';
import { formatRecord } from './testing/test-list.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = ['src', 'test', 'scripts', 'bench'];

type Steps = Readonly<Record<string, string[]>>;

const STEPS: Steps = {
  generated: [process.execPath, 'scripts/generate.ts', '--check'],
  formatting: ['biome', 'check', '--error-on-warnings'],
  lint: ['oxlint', ...SOURCES],
  types: ['tsc', '--project', '.'],
};

/** What a machine can mend by itself. */
const FIXES: Steps = {
  generated: [process.execPath, 'scripts/generate.ts'],
  lint: ['oxlint', '--fix', ...SOURCES],
  formatting: ['biome', 'check', '--write'],
};

process.chdir(root);
const [first, ...rest] = process.argv.slice(2);
if (first === '--step') {
  for (const name of rest) runStep(STEPS, name);
} else if (first === '--fix') {
  for (const name of Object.keys(FIXES)) runStep(FIXES, name);
} else {
  const words = first === undefined ? [] : [first, ...rest];
  if (words.length === 0) for (const name of Object.keys(STEPS)) runStep(STEPS, name);
  await test(words);
}

/** A step prints only where it fails; the others go on, so that one run tells all there is to mend. */
function runStep(steps: Steps, name: string): void {
  const [command, ...args] = steps[name] ?? [];
  if (command === undefined) throw new Error(`no step ${name}; there are ${Object.keys(steps).join(', ')}`);
  const startedAt = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (status === 0) {
    console.log(`✔ ${name} (${seconds} s)`);
    return;
  }
  console.log(
    `✖ ${name}: ${command} ${args.join(' ')}\n${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`,
  );
  process.exitCode = 1;
}

async function test(words: string[]): Promise<void> {
  const short = shortTests(root);
  const all = words.length > 0 || Boolean(process.env['CI']) || process.env['TAZ_TEST_LONG'] === '1';
  const files = all ? usualTests(root) : short;
  const ran = await runTests(root, words, (text) => process.stdout.write(text), files);
  if (!all)
    console.log(`${short.left} files of long tests were left out: TAZ_TEST_LONG=1 npm test runs them too`);
  const record = process.env['TAZ_TESTS_RAN'];
  if (record !== undefined) writeFileSync(record, formatRecord(ran.tests));
  if (ran.tests.length === 0) console.log(`no test has a path or a name with ${words.join(' or ')}`);
  if (ran.tests.length === 0 || ran.count('failed') > 0) process.exitCode = 1;
}
