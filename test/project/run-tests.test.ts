import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { RanTest } from '../../scripts/testing/ran-tests.ts';
import { selectTests } from '../../scripts/testing/run-tests.ts';

const HEAD =
  "import { describe, it, test } from 'node:test'; import { writeFileSync, existsSync } from 'node:fs';\n";

/** Runs test files of a folder of their own in a process of its own: node:test does not run inside itself. */
async function runFiles(t: TestContext, files: Record<string, string>, words: string[] = []) {
  const root = mkdtempSync(join(tmpdir(), 'taz-tests-'));
  t.after(() => rmSync(root, { recursive: true }));
  const module = new URL('../../scripts/testing/run-tests.ts', import.meta.url).href;
  const script = `
    import { runTests } from ${JSON.stringify(module)};
    let screen = '';
    const ran = await runTests(${JSON.stringify(root)}, ${JSON.stringify(words)}, (text) => { screen += text; });
    console.log(JSON.stringify({ tests: ran.tests, screen }));`;
  const written = Object.entries(files).map(([path, text]) => [path, HEAD + text] as const);
  for (const [path, text] of [
    ['package.json', '{ "type": "module" }'],
    ['main.js', script],
    ...written,
  ] as const) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'main.js')], {
    env: { ...env, NO_COLOR: '1' },
  });
  const { tests, screen } = JSON.parse(stdout) as { tests: RanTest[]; screen: string };
  return { screen, lines: tests.map(({ name, outcome }) => `${outcome}: ${name}`) };
}

test('all kinds of ends are told, failures whole, with a summary', async (t) => {
  const { screen, lines } = await runFiles(t, {
    'test/a.test.ts': `
      describe('suite', () => { it('one', () => {}); it.skip('two', () => {}); it.todo('three'); });
      test('parent', async (t) => { await t.test('child', () => { throw new Error('boom'); }); });
      console.log('printed by a failing file');`,
    'test/b/b.test.ts': `test('quiet', () => { console.log('printed by a good file'); });`,
    'test/c.test.ts': `throw new Error('crash');`,
    'test/d.test.ts': '',
    'test/helper.ts': `test('not a test file', () => {});`,
  });
  assert.deepEqual(lines.toSorted(), [
    'failed: test/a.test.ts > parent',
    'failed: test/a.test.ts > parent > child',
    'failed: test/c.test.ts > (file)',
    'failed: test/d.test.ts > (no tests)',
    'passed: test/a.test.ts > suite > one',
    'passed: test/b/b.test.ts > quiet',
    'skipped: test/a.test.ts > suite > two',
    'todo: test/a.test.ts > suite > three',
  ]);
  assert.match(screen, /✖ test\/a\.test\.ts > parent > child\n +Error: boom\n +at /);
  assert.doesNotMatch(screen, /✖ test\/a\.test\.ts > parent\n/);
  assert.match(screen, /printed by a failing file/);
  assert.doesNotMatch(screen, /printed by a good file/);
  assert.match(screen, /crash/);
  assert.match(screen, /^✔ test\/b\/b\.test\.ts 1 tests, \d+ ms$/m);
  assert.match(screen, /\n# tests 8\n# pass 2\n# fail 4\n# skipped 1\n# todo 1\n# duration_ms \d+\n$/);
});

test('serial files run alone, after all others', async (t) => {
  // Each file leaves a mark while it runs; a serial one must not meet another's.
  const marking = (name: string) => `
    const marks = new URL('.', import.meta.url);
    test('${name}', async () => {
      const others = ['s1', 's2', 'p1', 'p2'].filter((other) => existsSync(new URL(other, marks)));
      if ('${name}'.startsWith('s') && others.length > 0) throw new Error('beside ' + others);
      writeFileSync(new URL('${name}', marks), '');
      await new Promise((resolve) => setTimeout(resolve, 150));
      (await import('node:fs')).rmSync(new URL('${name}', marks));
    });`;
  const { lines } = await runFiles(t, {
    'test/a1.serial.test.ts': marking('s1'),
    'test/a2.serial.test.ts': marking('s2'),
    'test/p1.test.ts': marking('p1'),
    'test/p2.test.ts': marking('p2'),
  });
  assert.deepEqual(lines.slice(0, 2).toSorted(), [
    'passed: test/p1.test.ts > p1',
    'passed: test/p2.test.ts > p2',
  ]);
  assert.deepEqual(lines.slice(2), [
    'passed: test/a1.serial.test.ts > s1',
    'passed: test/a2.serial.test.ts > s2',
  ]);
});

test('a word runs the tests of that name, special characters taken as they are', async (t) => {
  const files = { 'test/a.test.ts': `test('a (b) c', () => {}); test('a b c', () => {});` };
  assert.deepEqual((await runFiles(t, files, ['(b)'])).lines, ['passed: test/a.test.ts > a (b) c']);
});

test('words select files by path, and else tests by name', () => {
  const files = ['test/units/rate.test.ts', 'test/units/duration.test.ts', 'test/cli/main.test.ts'];
  const rows: [words: string[], files: string[], names: string[]][] = [
    [[], files, []],
    [['units'], files.slice(0, 2), []],
    [['test/cli/main.test.ts'], files.slice(2), []],
    [['rate', 'cli/'], [files[0]!, files[2]!], []],
    [['hangs'], files, ['hangs']],
    [['units', 'hangs'], files.slice(0, 2), ['hangs']],
  ];
  for (const [words, selected, names] of rows) {
    assert.deepEqual(selectTests(files, words), { files: selected, names }, words.join(' '));
  }
});
