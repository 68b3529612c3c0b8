import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createProgram } from '../../src/cli/program.ts';
import { runTaz, spawnTaz } from './taz-process.ts';

test('--help, help and --version answer on stdout with code 0', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const [long, word, ofCommand, printed] = await Promise.all([
    runTaz(['--help']),
    runTaz(['help']),
    runTaz(['help', 'target']),
    runTaz(['--version']),
  ]);
  assert.match(long.stdout, /^Usage: taz /);
  assert.match(
    long.stdout,
    /Exit codes: 0 completed, 1 failed, 2 wrong usage or manifest, 3 stopped by votes/,
  );
  assert.deepEqual(word, long);
  assert.match(ofCommand.stdout, /^Usage: taz target /);
  assert.deepEqual(printed, { code: 0, stdout: `${version}\n`, stderr: '' });
  for (const { code, stderr } of [long, ofCommand]) assert.deepEqual([code, stderr], [0, '']);
});

/** Commands that only what Taz makes in a cluster runs. */
const HIDDEN = new Set(['worker']);

test('every command for people has a description and is in the help', () => {
  const program = createProgram();
  const help = program.helpInformation();
  assert.ok(program.commands.length > HIDDEN.size);
  for (const command of program.commands) {
    assert.notEqual(command.description(), '', command.name());
    const isShown = new RegExp(`^ {2}${command.name()} `, 'm').test(help);
    assert.equal(isShown, !HIDDEN.has(command.name()), command.name());
  }
});

test('taz worker without its environment names what is missing', async () => {
  const { code, stderr } = await runTaz(['worker']);
  assert.equal(code, 2);
  assert.match(stderr, /^taz: the environment says not what taz worker is to do/);
  assert.match(stderr, /^ {2}TAZ_COORDINATOR is not set$/m);
  const { stdout } = await runTaz(['worker', '--help']);
  assert.match(stdout, /^ {2}TAZ_COORDINATOR +address of the coordinator/m);
});

test('wrong usage is one message on stderr with a suggestion and code 2', async () => {
  const rows: [args: string[], message: RegExp][] = [
    [['tagret'], /^taz: unknown command 'tagret'\n\(Did you mean target\?\)\nSee taz --help\.\n$/],
    [
      ['target', '--prot', '1'],
      /^taz: unknown option '--prot'\n\(Did you mean --port\?\)\nSee taz target --help\.\n$/,
    ],
    [['target', '--port'], /^taz: option '--port <port>' argument missing\nSee taz target --help\.\n$/],
    [['target', 'more'], /^taz: too many arguments for 'target'\. .*\nSee taz target --help\.\n$/],
    [['--nosuch'], /^taz: unknown option '--nosuch'\nSee taz --help\.\n$/],
    [[], /^Usage: taz /],
  ];
  await Promise.all(
    rows.map(async ([args, message]) => {
      const { code, stdout, stderr } = await runTaz(args);
      assert.match(stderr, message, args.join(' '));
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    }),
  );
});

test('a reader that leaves ends taz quietly', async () => {
  const child = spawnTaz(['--help']);
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number];
  assert.deepEqual([code, stderr], [141, '']);
});
