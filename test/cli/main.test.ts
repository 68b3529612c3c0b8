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

test('every command has a description and is in the help', () => {
  const program = createProgram();
  const help = program.helpInformation();
  assert.ok(program.commands.length > 0);
  for (const command of program.commands) {
    assert.notEqual(command.description(), '', command.name());
    assert.match(help, new RegExp(`^ {2}${command.name()} `, 'm'));
  }
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
