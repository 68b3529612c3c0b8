import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Stands in for the registry's side: it notes how it was called and makes what a real npm would make. */
const NPM = `
const { appendFileSync, mkdirSync, rmSync, symlinkSync, existsSync } = require('node:fs');
const folder = process.cwd().endsWith('node') ? 'tools/node' : '.';
appendFileSync(process.env.NPM_LOG, [folder, process.argv0, ...process.argv.slice(2)].join(' ') + '\\n');
if (process.env.NPM_FAILS) { console.error('npm error code ENOTFOUND'); process.exit(1); }
rmSync('node_modules', { recursive: true, force: true });
if (process.env.NPM_HAS_NO_NODE) process.exit();
mkdirSync('node_modules');
const bin = 'node_modules/node-os-cpu/bin';
if (folder !== '.') {
  mkdirSync(bin, { recursive: true });
  symlinkSync(process.execPath, bin + '/node');
}
`;

function checkout(t: TestContext) {
  const home = mkdtempSync(join(tmpdir(), 'taz set-up '));
  t.after(() => rmSync(home, { recursive: true }));
  for (const folder of ['scripts', 'tools/node', 'other']) mkdirSync(join(home, folder), { recursive: true });
  const script = fileURLToPath(new URL('../../scripts/node24.js', import.meta.url));
  copyFileSync(script, join(home, 'scripts/node24.js'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(home, 'package-lock.json'), '{}');
  writeFileSync(join(home, 'tools/node/package-lock.json'), '{}');
  writeFileSync(join(home, 'other/package.json'), '{ "type": "commonjs" }');
  writeFileSync(join(home, 'other/npm-cli.js'), NPM);
  writeFileSync(join(home, 'old.mjs'), "Object.defineProperty(process, 'version', { value: 'v18.20.8' });");
  const log = join(home, 'npm.log');
  return {
    home,
    /** What npm was called with since the last look. */
    npmCalls: () => {
      const calls = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
      rmSync(log, { force: true });
      return calls;
    },
    setUp: (
      args: string[] = [],
      { old = false, env = {} }: { old?: boolean; env?: NodeJS.ProcessEnv } = {},
    ) => {
      const before = old ? ['--import', join(home, 'old.mjs')] : [];
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...before, join(home, 'scripts/node24.js'), ...args],
        {
          encoding: 'utf8',
          cwd: tmpdir(),
          env: { ...process.env, npm_execpath: join(home, 'other/npm-cli.js'), NPM_LOG: log, ...env },
        },
      );
      return { status, stdout, stderr };
    },
  };
}

const FLAGS = 'ci --ignore-scripts --no-audit --no-fund --loglevel=error';

test('it installs what is missing, once, and is quiet when there is nothing to do', (t) => {
  const { setUp, npmCalls } = checkout(t);
  assert.deepEqual(setUp(), { status: 0, stdout: '', stderr: 'set-up: installing the dependencies …\n' });
  assert.deepEqual(npmCalls(), [`. ${process.execPath} ${FLAGS}`]);
  assert.deepEqual(setUp(), { status: 0, stdout: '', stderr: '' });
  assert.deepEqual(npmCalls(), []);
});

test('it installs again when package-lock.json is another, or node_modules is gone', (t) => {
  const { home, setUp, npmCalls } = checkout(t);
  setUp();
  npmCalls();
  writeFileSync(join(home, 'package-lock.json'), '{ }');
  assert.equal(setUp().status, 0);
  assert.equal(npmCalls().length, 1);
  rmSync(join(home, 'node_modules'), { recursive: true });
  assert.equal(setUp().status, 0);
  assert.equal(npmCalls().length, 1);
  assert.equal(setUp().stderr, '');
});

test('an install that failed is told in a sentence, and tried again the next time', (t) => {
  const { setUp, npmCalls } = checkout(t);
  for (let i = 0; i < 2; i++) {
    const { status, stderr } = setUp(['-e', 'console.log(1)'], { env: { NPM_FAILS: '1' } });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /npm error code ENOTFOUND\nset-up: npm could not install the dependencies \(.*\); is its registry in reach\?\n$/,
    );
    assert.equal(npmCalls().length, 1);
  }
});

test('where Node is old, Node 24 comes first and then runs what is to be run', (t) => {
  const { home, setUp, npmCalls } = checkout(t);
  const { status, stdout, stderr } = setUp(['-p', 'process.version + " " + process.env.PATH'], { old: true });
  const bin = join(home, 'tools/node/node_modules/node-os-cpu/bin');
  assert.equal(status, 0);
  // npm runs in the new Node as soon as there is one: in an old one it leaves out tools that need a newer one.
  assert.deepEqual(npmCalls(), [`tools/node ${process.execPath} ${FLAGS}`, `. ${bin}/node ${FLAGS}`]);
  assert.match(
    stderr,
    /^set-up: installing Node 24 \(yours is v18\.20\.8\) …\nset-up: installing the dependencies …\n$/,
  );
  // The stand-in for Node 24 is the Node of this test, started without what makes it look old.
  assert.ok(stdout.startsWith(`${process.version} ${bin}:${join(home, 'node_modules/.bin')}:`), stdout);
  assert.equal(setUp([], { old: true }).stderr, '');
  assert.deepEqual(npmCalls(), []);
});

test('a platform without a package, and being offline, are told', (t) => {
  const { setUp } = checkout(t);
  const { status, stdout, stderr } = setUp(['-p', '1'], { old: true, env: { NPM_HAS_NO_NODE: '1' } });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(
    stderr,
    /set-up: npm got no Node 24 for \w+ \w+; is its registry in reach\? Or install Node 24 by hand/,
  );
});

test('a Node that is new enough is not got again', (t) => {
  const { home, setUp } = checkout(t);
  assert.equal(setUp(['-p', 'process.execPath']).stdout, `${process.execPath}\n`);
  assert.ok(!existsSync(join(home, 'tools/node/node_modules')));
});

test('what is run gets its arguments as they are, and its exit code is kept', (t) => {
  const { setUp } = checkout(t);
  const script = 'console.log(JSON.stringify(process.argv.slice(1))); process.exitCode = 3';
  const { status, stdout } = setUp(['-e', script, '--', 'a b', '$HOME', '']);
  assert.deepEqual([status, JSON.parse(stdout)], [3, ['a b', '$HOME', '']]);
});
