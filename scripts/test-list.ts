// The committed list of tests: `test-list.ts update` runs all tests and writes it; `test-list.ts compare RECORD`
// fails where the run recorded in RECORD (by TAZ_TESTS_RAN=RECORD npm test) differs from it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from './testing/run-tests.ts';
import { compareWithList, formatList, LIST_FILE, parseList, parseRecord } from './testing/test-list.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const list = join(root, LIST_FILE);
const [mode, record] = process.argv.slice(2);

if (mode === 'update') {
  const { tests } = await runTests(root, [], (text) => process.stdout.write(text));
  // Against the list of its own names, what remains is what did not pass.
  const names = tests.map((test) => test.name);
  report(compareWithList(tests, parseList(formatList(names))), `${LIST_FILE} is not written:`);
  if (process.exitCode !== 1) {
    writeFileSync(list, formatList(names));
    console.log(`${LIST_FILE}: ${names.length} tests`);
  }
} else if (mode === 'compare' && record !== undefined) {
  const ran = parseRecord(readFileSync(record, 'utf8'));
  const problems = compareWithList(ran, parseList(readFileSync(list, 'utf8')));
  report(problems, `the tests that ran differ from ${LIST_FILE} (npm run test:list makes it again):`);
  if (problems.length === 0) console.log(`all ${ran.length} tests of ${LIST_FILE} ran and passed`);
} else {
  throw new Error('test-list.ts update, or test-list.ts compare RECORD');
}

function report(problems: string[], heading: string): void {
  if (problems.length === 0) return;
  console.error([heading, ...problems.map((problem) => `  ${problem}`)].join('\n'));
  process.exitCode = 1;
}
