import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = `
  const { argv, execArgv, pid, env } = process;
  if (argv[2] === 'wait') { process.once('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); }
  else process.exitCode = Number(argv[2] ?? 0);
  console.log(JSON.stringify({ args: argv.slice(2), main: argv[1], execArgv, pid, cache: env.NODE_COMPILE_CACHE }));`;

/** A folder as the project is, with a main that tells how it was called. */
function project(t: TestContext) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'taz bin ')));
  t.after(() => rmSync(root, { recursive: true }));
  const home = join(root, 'the project');
  for (const folder of [
    'bin',
    'src/cli',
    'node_modules',
    'tools/node/node_modules/node-os-cpu/bin',
    '../path',
    '../home',
  ]) {
    mkdirSync(join(home, folder), { recursive: true });
  }
  copyFileSync(fileURLToPath(new URL('../../bin/taz', import.meta.url)), join(home, 'bin/taz'));
  writeFileSync(join(home, 'src/cli/main.ts'), MAIN);
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(home, 'package-lock.json'), '{}');
  const path = join(root, 'path');
  return {
    root,
    home,
    taz: join(home, 'bin/taz'),
    /** Only what the script may need, and a `node` where the test puts one. */
    env: { PATH: `${path}:/usr/bin:/bin`, HOME: join(root, 'home') } as NodeJS.ProcessEnv,
    /** A `node` on PATH: this one, or one that says it is of another version. */
    putNode: (version: string) => {
      rmSync(join(path, 'node'), { force: true });
      if (version === 'current') symlinkSync(process.execPath, join(path, 'node'));
      else writeExecutable(join(path, 'node'), `#!/bin/sh\necho ${version}\n`);
    },
    putOwnNode: () => {
      symlinkSync(process.execPath, join(home, 'tools/node/node_modules/node-os-cpu/bin/node'));
    },
  };
}

function writeExecutable(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

function run(file: string, args: string[], options: { env: NodeJS.ProcessEnv; cwd?: string }) {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', ...options });
  return { status, stderr, told: stdout === '' ? null : (JSON.parse(stdout) as Record<string, unknown>) };
}

test('arguments and exit code pass as they are, without a word of Node', (t) => {
  const { taz, home, env, putNode } = project(t);
  putNode('current');
  const { status, stderr, told } = run(taz, ['3', 'a b', '', '$HOME *', '--x=1'], { env });
  assert.deepEqual([status, stderr, told?.['args']], [3, '', ['3', 'a b', '', '$HOME *', '--x=1']]);
  assert.equal(told?.['main'], join(home, 'src/cli/main.ts'));
});

test('it finds its folder from anywhere and through any links', (t) => {
  const { root, taz, home, env, putNode } = project(t);
  putNode('current');
  mkdirSync(join(root, 'links/deep'), { recursive: true });
  symlinkSync(taz, join(root, 'links/absolute'));
  symlinkSync('../../the project/bin/taz', join(root, 'links/deep/relative'));
  symlinkSync('deep/relative', join(root, 'links/twice'));
  symlinkSync(join(home, 'bin'), join(root, 'links/folder'));
  const rows: [file: string, cwd: string][] = [
    [join(root, 'links/absolute'), '/'],
    [join(root, 'links/deep/relative'), '/'],
    [join(root, 'links/twice'), root],
    [join(root, 'links/folder/taz'), '/'],
    ['./taz', join(home, 'bin')],
    ['bin/taz', home],
    ['../links/twice', home],
  ];
  for (const [file, cwd] of rows) {
    const { stderr, told } = run(file, [], { env: { ...env, CDPATH: root }, cwd });
    assert.equal(told?.['main'], join(home, 'src/cli/main.ts'), `${file} in ${cwd}: ${stderr}`);
  }
  const onPath = run('taz', [], { env: { ...env, PATH: `${join(home, 'bin')}:${env['PATH']}` }, cwd: '/' });
  assert.equal(onPath.told?.['main'], join(home, 'src/cli/main.ts'));
});

test('signals reach taz itself', async (t) => {
  const { taz, env, putNode } = project(t);
  putNode('current');
  const child = spawn(taz, ['wait'], { env });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal((JSON.parse(line.toString()) as { pid: number }).pid, child.pid);
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 7);
});

test('an old Node on PATH gives way to the one of the set-up', (t) => {
  const { taz, env, putNode, putOwnNode } = project(t);
  putOwnNode();
  for (const version of ['v18.20.8', 'v23.11.1', 'v9.0.0', 'nonsense', '']) {
    putNode(version);
    assert.equal(run(taz, [], { env }).status, 0, version);
  }
});

test('a current Node on PATH is used, also a later one', (t) => {
  const { root, taz, env, putNode } = project(t);
  const later = `#!/bin/sh\n[ "$1" = --version ] && { echo v100.0.0; exit; }\nexec '${process.execPath}' "$@"\n`;
  putNode('v1.0.0');
  writeExecutable(join(root, 'path/node'), later);
  assert.equal(run(taz, [], { env }).status, 0);
});

test('what is missing is said in one line, with what to run', (t) => {
  const { taz, home, env, putNode } = project(t);
  const missing = (what: string) => ({
    status: 1,
    stderr: `taz: needs ${what}; get them with: npm --prefix "${home}" run setup\n`,
    told: null,
  });
  putNode('v20.20.2');
  assert.deepEqual(run(taz, ['--help'], { env }), missing('Node 24 or newer'));
  rmSync(join(home, 'node_modules'), { recursive: true });
  assert.deepEqual(run(taz, ['--help'], { env }), missing('Node 24 or newer and the dependencies'));
  putNode('current');
  assert.deepEqual(run(taz, ['--help'], { env }), missing('the dependencies'));
  // Installed as a package it has no lock file, and its dependencies stand elsewhere.
  rmSync(join(home, 'package-lock.json'));
  assert.equal(run(taz, [], { env }).status, 0);
});

test('compiled code is kept in the cache folder of the user, where there is one', (t) => {
  const { root, taz, env, putNode } = project(t);
  putNode('current');
  const blocked = join(root, 'a file');
  writeFileSync(blocked, '');
  const rows: [more: NodeJS.ProcessEnv, cache: string | undefined][] = [
    [{}, join(root, 'home/.cache/taz')],
    [{ XDG_CACHE_HOME: join(root, 'xdg') }, join(root, 'xdg/taz')],
    [{ NODE_COMPILE_CACHE: join(root, 'own') }, join(root, 'own')],
    [{ XDG_CACHE_HOME: blocked }, undefined],
    [{ HOME: '' }, undefined],
    [{ HOME: undefined }, undefined],
  ];
  for (const [more, cache] of rows) {
    const { status, stderr, told } = run(taz, [], { env: { ...env, ...more } });
    assert.deepEqual([status, stderr, told?.['cache']], [0, '', cache], JSON.stringify(more));
  }
});
