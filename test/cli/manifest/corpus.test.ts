import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeFailure, UsageError } from '../../../src/cli/errors.ts';
import { loadManifest } from '../../../src/cli/manifest/load.ts';
import { prepareRun } from '../../../src/cli/manifest/prepare.ts';

/**
 * Wrong manifests, each with one `# expect:` line for each problem that must be reported, in order: parts of the
 * message, separated by `|`.
 */
const corpus = join(import.meta.dirname, '../../corpus/manifests');
const files = readdirSync(corpus);

test('the corpus is there', () => {
  assert.ok(files.length >= 140, `${files.length} files`);
});

for (const file of files) {
  test(`${file} gives a clear message`, async () => {
    const path = join(corpus, file);
    const expected = [...readFileSync(path, 'latin1').matchAll(/^# expect: (.*)$/gm)].map(([, parts]) =>
      Buffer.from(parts!, 'latin1').toString('utf8').split(' | '),
    );
    assert.ok(expected.length > 0, 'it says what it expects');
    const started = performance.now();
    const error = await failureOf(path);
    assert.ok(performance.now() - started < 5000, 'it answers soon');

    const problems = error.problems.length === 0 ? [error.message] : error.problems;
    assert.equal(problems.length, expected.length, problems.join('\n'));
    for (const [index, parts] of expected.entries()) {
      const problem = problems[index]!;
      for (const part of parts) assert.ok(problem.includes(part), `${problem}\ndoes not say: ${part}`);
      assert.ok(problem.includes(file), `${problem}\ndoes not name the file`);
      assert.ok(problem.length < path.length + 600, `${problem}\nis too long`);
      assert.doesNotMatch(problem, /hunter2/, 'a secret is repeated');
    }
    const shown = describeFailure(error, false);
    assert.equal(shown.exitCode, 2);
    assert.doesNotMatch(shown.text, /^\s+at |\[object|Error:|undefined/m);
  });
}

async function failureOf(path: string): Promise<UsageError> {
  try {
    await prepareRun(await loadManifest([path]), new Map());
  } catch (error) {
    assert.ok(error instanceof UsageError, String((error as Error).stack));
    return error;
  }
  throw new assert.AssertionError({ message: `${path} passes` });
}
