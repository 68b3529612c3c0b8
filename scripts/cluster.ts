// The tests against a whole cluster with pods of the project's own image: `npm run test:cluster [-- WORD…]`, where words
// are parts of files' paths or of tests' names, such as `faults`.
//
// The cluster is that of KUBECONFIG, which must not have Taz yet; without one, it is made by test/cluster/up and removed
// again. The image is TAZ_TEST_IMAGE, which the cluster can pull (TAZ_TEST_PULL_POLICY) or has; where that is not given,
// it is built and given to the node, if the cluster is one of test/cluster/up. TAZ_TEST_HOST is by which name pods reach
// this machine, TAZ_TEST_HOST_ADDRESS one of its addresses that they reach.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatTable, readTable } from '../test/cluster/e2e/fault-table.ts';
import { readMeasured } from '../test/cluster/e2e/measured.ts';
import { OPERATOR_NAMESPACE, RELEASE } from '../test/cluster/e2e/operator.ts';
import { runTests } from './testing/run-tests.ts';

/** A test may wait for a minute in which a controller is away, and for the run to end after that. */
const STALLED_AFTER_MS = 300_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const scripts = join(root, 'test', 'cluster');
const folder = mkdtempSync(join(tmpdir(), 'taz-cluster-'));

process.chdir(root);
const own = process.env['KUBECONFIG'] === undefined;
try {
  if (own) startCluster();
  findTools();
  refuseAnother();
  await withOurs(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  if (own) run(join(scripts, 'down'), ['--dir', join(folder, 'cluster')]);
  rmSync(folder, { recursive: true, force: true });
}

async function withOurs(words: string[]): Promise<void> {
  process.env['TAZ_TEST_IMAGE'] ??= buildImage();
  try {
    await test(words);
  } finally {
    if (!own) uninstall();
  }
}

async function test(words: string[]): Promise<void> {
  const table = join(folder, 'faults.jsonl');
  const figures = join(folder, 'measured.txt');
  process.env['TAZ_FAULT_TABLE'] = table;
  process.env['TAZ_MEASURED'] = figures;
  const files = globSync('test/cluster/e2e/*.cluster.ts', { cwd: root }).toSorted();
  const ran = await runTests(root, words, (text) => process.stdout.write(text), {
    files,
    isSerial: () => true,
    stalledAfterMs: STALLED_AFTER_MS,
  });
  console.log(readMeasured(figures));
  const rows = readTable(table);
  if (rows.length > 0) console.log(`\n${formatTable(rows)}`);
  if (ran.tests.length === 0) console.log(`no test has a path or a name with ${words.join(' or ')}`);
  if (ran.tests.length === 0 || ran.count('passed') < ran.tests.length) process.exitCode = 1;
}

function startCluster(): void {
  const dir = join(folder, 'cluster');
  run(join(scripts, 'up'), ['--dir', dir, '--while', String(process.pid)]);
  process.env['KUBECONFIG'] = join(dir, 'kubeconfig');
}

/** kubectl and helm: those of the cluster's own build, else those on the path. */
function findTools(): void {
  const env = join(dirname(process.env['KUBECONFIG']!), 'env');
  const [, bin] =
    (existsSync(env) ? /^KUBEBUILDER_ASSETS=(.*)$/m.exec(readFileSync(env, 'utf8')) : null) ?? [];
  if (bin !== undefined) process.env['PATH'] = `${bin}${delimiter}${process.env['PATH']}`;
  run('kubectl', ['version', '--client']);
  run('helm', ['version', '--short']);
}

/** Two operators would both look after every LoadTest. */
function refuseAnother(): void {
  const found = run('kubectl', [
    'get',
    'deployments',
    '-A',
    '-l',
    'app.kubernetes.io/name=taz',
    '-o',
    'name',
  ]);
  if (found.trim() !== '') throw new Error(`this cluster has Taz already: ${found.trim()}`);
}

function buildImage(): string {
  const dir = dirname(process.env['KUBECONFIG']!);
  if (!existsSync(join(dir, 'pids', 'node'))) {
    throw new Error('TAZ_TEST_IMAGE has to name an image: this cluster is not one of test/cluster/up');
  }
  const name = 'taz.local/taz:e2e';
  const archive = join(folder, 'taz.tar');
  run(join(scripts, 'image'), [archive, name]);
  run(join(scripts, 'load-image'), ['--dir', dir, archive]);
  return name;
}

function uninstall(): void {
  const gone = ['--ignore-not-found', '--wait=true', '--timeout=60s'];
  run('kubectl', ['delete', 'namespaces', '-l', 'taz.dev/e2e=true', ...gone]);
  run('helm', ['uninstall', RELEASE, '--namespace', OPERATOR_NAMESPACE, '--ignore-not-found']);
  run('kubectl', ['delete', 'namespace', OPERATOR_NAMESPACE, ...gone]);
  run('kubectl', ['delete', 'crd', 'loadtests.taz.dev', ...gone]);
}

/** @returns its standard output @throws Error where it fails */
function run(program: string, args: string[]): string {
  const { status, stdout, error } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${stdout}`);
  return stdout;
}
