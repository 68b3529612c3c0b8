import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { folderWith, loadTestYaml } from './manifest/files.ts';
import { runTaz, spawnTaz } from './taz-process.ts';

const target = '{"method": "GET", "url": "http://127.0.0.1:1/"}';
const manifest = (name: string, spec = '') => `${loadTestYaml(name).replace("'{}'", `'${target}'`)}${spec}`;

test('a right manifest: one line that says what it would do, code 0', async (t) => {
  const cwd = folderWith(t, { 'a.yaml': manifest('one', '  duration: 10s\n  workers: { replicas: 2 }\n') });
  assert.deepEqual(await runTaz(['validate', '-f', 'a.yaml'], { cwd }), {
    code: 0,
    stdout: 'a.yaml: ok: one sends 5/s for 10s: 50 hits, from 2 workers\n',
    stderr: '',
  });
});

test('from standard input, with what is ignored told on stderr', async () => {
  const child = spawnTaz(['validate', '-f', '-']);
  child.stdin.end(`${manifest('one')}---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\n`);
  const ended = once(child, 'close') as Promise<[number]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  assert.equal(stdout, 'standard input: ok: one sends 5/s until it is stopped, from 1 worker\n');
  assert.equal(stderr, 'taz: ignored: Service web (standard input)\n');
  assert.equal(code, 0);
});

test('wrong manifests: every problem on a line of its own, nothing on stdout, code 2', async (t) => {
  const cwd = folderWith(t, {
    'two-problems.yaml': manifest('one', '  duration: 600\n  maxlag: 1s\n'),
    'templates.yaml': loadTestYaml('one').replace(
      "a.json: '{}'",
      "a.json: '<%= nosuch( %>', b.json: '<% if %>'",
    ),
    'targets.yaml': loadTestYaml('one').replace(
      / {2}templates.*/,
      `  targets: { from: [{ inline: { t.json: '${target}\n\n    {}' } }] }`,
    ),
    'secret.yaml': manifest(
      'one',
      '  variables: [{ name: T, valueFrom: { secretKeyRef: { name: s, key: k } } }]\n',
    ),
  });
  const rows: [args: string[], stderr: RegExp][] = [
    [
      ['-f', 'templates.yaml'],
      /^taz: 2 problems in the templates\n {2}a\.json:1:[0-9]+: .*\n(?: .*\n)* {2}b\.json:1:[0-9]+: .*\n/,
    ],
    [['-f', 'targets.yaml'], /^taz: 1 problem in the targets\n {2}t\.json:2: .*\n/],
    [
      ['-f', 'two-problems.yaml'],
      /^taz: 2 problems in the manifest\n {2}two-problems\.yaml: spec\.duration: 600 is a number.*\n {2}two-problems\.yaml: spec\.maxlag: is not a field; did you mean maxLag\?\n$/,
    ],
    [
      ['-f', 'secret.yaml', '--set', 'T=hunter2'],
      /^taz: secret\.yaml: spec\.variables\[0\]: T is a secret.*\n$/,
    ],
    [['-f', 'secret.yaml', '--set', 'T'], /^taz: --set "T" is not NAME=value.*\n$/],
    [[], /^taz: name the manifest with -f FILE.*\n$/],
  ];
  const results = await Promise.all(rows.map(([args]) => runTaz(['validate', ...args], { cwd })));
  for (const [index, [args, stderr]] of rows.entries()) {
    assert.match(results[index]!.stderr, stderr, args.join(' '));
    assert.doesNotMatch(results[index]!.stderr, /hunter2|^\s+at /m);
    assert.deepEqual([results[index]!.code, results[index]!.stdout], [2, ''], args.join(' '));
  }
});

test('--name chooses, --set gives a secret, several files come together', async (t) => {
  const variables = '  variables: [{ name: T, valueFrom: { secretKeyRef: { name: s, key: k } } }]\n';
  const cwd = folderWith(t, {
    'two.yaml': `${manifest('one', variables)}---\n${manifest('two', variables)}`,
    'secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { k: x }\n',
    token: 'x\n',
  });
  const results = await Promise.all([
    runTaz(['validate', '-f', 'two.yaml', 'secret.yaml', '--name', 'two'], { cwd }),
    runTaz(['validate', '-f', 'two.yaml', '--name', 'one', '--set', 'T=@token'], { cwd }),
    runTaz(['validate', '-f', 'two.yaml', '--name', 'one', '--set', 'T=env:TOKEN', '--set', 'More=1'], {
      cwd,
      env: { ...process.env, TOKEN: 'x' },
    }),
  ]);
  const names = results.map(
    ({ stdout, stderr }) => /^two\.yaml: ok: (\w+) sends/.exec(stdout)?.[1] ?? stderr,
  );
  assert.deepEqual(names, ['two', 'one', 'one']);
});
