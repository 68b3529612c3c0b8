// Plain JavaScript for Node 18: it runs before anything is installed.
//
//   node scripts/node24.js               sets up what is missing: the dependencies, and Node 24 where Node is older
//   node scripts/node24.js FILE [ARG…]   the same, then runs FILE in Node 24 and ends as it ends
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const home = dirname(dirname(fileURLToPath(import.meta.url)));
const nodeFolder = join(home, 'tools', 'node');

class SetupError extends Error {}

/** @returns {string} the path of a Node that is new enough */
function setUp() {
  let node = process.execPath;
  if (majorOf(process.version) < NEEDED) {
    install(
      node,
      nodeFolder,
      `Node ${NEEDED} (yours is ${process.version})`,
      () => findOwnNode() !== undefined,
    );
    node = /** @type {string} */ (findOwnNode());
  }
  install(node, home, 'the dependencies', () => true);
  return node;
}

/** The Node in the one package that npm chose for this platform. (Not in `.bin`: npm 10 leaves that empty.) */
function findOwnNode() {
  const packages = join(nodeFolder, 'node_modules');
  const names = existsSync(packages) ? readdirSync(packages) : [];
  return names
    .map((name) => join(packages, name, 'bin', 'node'))
    .find((node) => existsSync(node) && isCurrent(node));
}

/**
 * Installs what a folder's package-lock.json says, unless its node_modules was made from that very file.
 *
 * @param {string} node what npm runs in: it leaves out optional packages that do not fit its own Node's version
 * @param {string} folder
 * @param {string} what in words
 * @param {() => boolean} isComplete whether the result can be used: npm passes over an optional package in silence
 */
function install(node, folder, what, isComplete) {
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const stamp = join(folder, 'node_modules', '.made-from-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && isComplete()) return;

  console.error(`set-up: installing ${what} …`);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env['npm_execpath'];
  const [command, before] = npm?.endsWith('.js') ? [node, [npm]] : ['npm', []];
  const { status, error } = spawnSync(command, [...before, 'ci', ...flags], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PATH: pathWith(node) },
  });
  if (error) throw new SetupError(`cannot start npm: ${error.message}`);
  if (status !== 0) {
    throw new SetupError(
      `npm could not install ${what} (its message stands above); is its registry in reach?`,
    );
  }
  if (!isComplete()) {
    throw new SetupError(
      `npm got no Node ${NEEDED} for ${process.platform} ${process.arch}; is its registry in reach? ` +
        `Or install Node ${NEEDED} by hand (https://nodejs.org), then start again.`,
    );
  }
  writeFileSync(stamp, lock);
}

/** @param {string} node its path */
function isCurrent(node) {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return status === 0 && majorOf(stdout) >= NEEDED;
}

/** @param {string} version such as `v24.1.0` */
function majorOf(version) {
  return Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
}

/**
 * Ends with the child's exit code; a signal's is 1.
 *
 * @param {string} node
 * @param {string[]} args
 */
function run(node, args) {
  const child = spawn(node, args, { stdio: 'inherit', env: { ...process.env, PATH: pathWith(node) } });
  for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

/** @param {string} node found first on the path, and the tools of the project after it */
function pathWith(node) {
  return [dirname(node), join(home, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
}

/** @param {unknown} error */
function fail(error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`set-up: ${error.message}`);
  process.exitCode = 1;
}

try {
  const node = setUp();
  if (process.argv.length > 2) run(node, process.argv.slice(2));
} catch (error) {
  fail(error);
}
