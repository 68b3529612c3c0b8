import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { parseHttpTarget } from '../../src/target/http-target.ts';
import { folderWith } from './manifest/files.ts';
import { runTaz, spawnTaz } from './taz-process.ts';

const TEMPLATES = {
  't/mix.json': `<%= includeTemplate(weighted({ 'a.json': 1, 'b.json': 1 })) %>`,
  't/a.json': `{
  "method": "POST", "url": "<%= it.BaseURL %>/a",
  "header": { "Content-Type": ["application/json"] },
  "body": "<%= includeEvent('event.json', 'track') %>"
}`,
  't/b.json': '{ "method": "GET", "url": "<%= it.BaseURL %>/b" }',
  't/event.json': '{ "name": "<%= phony(\'name\') %>" }',
};
const QUICK = ['render', '--templates', 't', '--entry', 'mix.json', '--set', 'BaseURL=http://127.0.0.1:1'];

test('targets stand one a line, and can be read again', async (t) => {
  const cwd = folderWith(t, TEMPLATES);
  const { code, stdout, stderr } = await runTaz([...QUICK, '-n', '20', '--seed', '7'], { cwd });
  assert.deepEqual([code, stderr], [0, '']);
  const lines = stdout.split('\n');
  assert.equal(lines.pop(), '');
  assert.equal(lines.length, 20);
  const paths = new Set(lines.map((line) => parseHttpTarget(line).path));
  assert.deepEqual([...paths].sort(), ['/a', '/b']);
  const first = lines.find((line) => line.includes('/a'))!;
  assert.match(
    first,
    /^\{"method":"POST","url":"http:\/\/127\.0\.0\.1:1\/a","header":\{"Content-Type":\["application\/json"\]\},"body":"[\w+/=]+"\}$/,
  );
});

test('one target without --count, and the same data under the same seed', async (t) => {
  const cwd = folderWith(t, TEMPLATES);
  const seeded = async (seed: string) => {
    const { stdout } = await runTaz(
      ['render', '--templates', 't', '--entry', 'a.json', '--set', 'BaseURL=http://h', '--seed', seed],
      { cwd },
    );
    return JSON.parse(parseHttpTarget(stdout).body!.toString());
  };
  const [one, again, other] = [await seeded('1'), await seeded('1'), await seeded('2')];
  assert.equal(one.name, again.name);
  assert.notEqual(one.messageId, again.messageId);
  assert.notEqual(one.name, other.name);
});

test('--decode shows requests as people read them', async (t) => {
  const cwd = folderWith(t, {
    't/entry': `{"method":"PUT","url":"http://h/x","header":{"X-A":["1","2"]},"body":"<%= base64(pick([it.Body])) %>"}`,
  });
  const decoded = async (body: string) =>
    (
      await runTaz(['render', '--templates', 't', '--entry', 'entry', '--set', `Body=${body}`, '--decode'], {
        cwd,
      })
    ).stdout;
  const head = 'PUT http://h/x  (entry)\nX-A: 1\nX-A: 2\n\n';
  assert.equal(await decoded('{"a":[1]}'), `${head}{\n  "a": [\n    1\n  ]\n}\n`);
  assert.equal(await decoded('a=1&b=\u001b[31m2'), `${head}a=1&b=\\u001b[31m2\n`);
});

test('--decode says how long a body is that is no text', async (t) => {
  const cwd = folderWith(t, { 't.jsonl': '{"method":"POST","url":"http://h/","body":"/wD+"}\n' });
  const { stdout } = await runTaz(['render', '--targets', 't.jsonl', '--decode'], { cwd });
  assert.equal(stdout, 'POST http://h/  (t.jsonl)\n\n<3 bytes that are no text>\n');
});

test('canned targets end with their last line', async (t) => {
  const cwd = folderWith(t, {
    't.jsonl': '{"method":"GET","url":"http://h/1"}\n{"url":"http://h/2","method":"GET","x":1}',
  });
  const { code, stdout, stderr } = await runTaz(['render', '--targets', 't.jsonl', '-n', '5'], { cwd });
  assert.equal(code, 0);
  assert.equal(stdout, '{"method":"GET","url":"http://h/1"}\n{"url":"http://h/2","method":"GET","x":1}\n');
  assert.equal(stderr, 'taz: there are only 2 targets\n');
});

test('secrets are masked, whatever form they have, unless they are asked for', async (t) => {
  const manifest = `apiVersion: taz.dev/v1alpha1
kind: LoadTest
metadata: { name: one }
spec:
  rate: 1/s
  variables: [{ name: Token, valueFrom: { secretKeyRef: { name: s, key: token } } }]
  templates: { entry: a, from: [{ directory: { path: t } }] }
`;
  const cwd = folderWith(t, {
    'a.yaml': manifest,
    't/a': `{"method":"GET","url":"http://h/?t=<%= it.Token %>","header":{"Authorization":["Basic <%= base64('me:' + it.Token) %>"]}}`,
  });
  const args = ['render', '-f', 'a.yaml', '--set', 'Token=env:TAZ_TEST_TOKEN'];
  const env = { ...process.env, TAZ_TEST_TOKEN: 'open-sesame' };
  for (const masked of [
    await runTaz(args, { cwd, env }),
    await runTaz([...args, '--decode'], { cwd, env }),
  ]) {
    assert.equal(masked.code, 0);
    assert.ok(masked.stdout.includes('***'));
    assert.ok(
      !masked.stdout.includes('sesame') &&
        !masked.stdout.includes(Buffer.from('me:open-sesame').toString('base64')),
    );
    assert.match(masked.stderr, /secrets are shown as \*\*\*; --secrets/);
  }
  const open = await runTaz([...args, '--secrets'], { cwd, env });
  assert.ok(
    open.stdout.includes('t=open-sesame') &&
      open.stdout.includes(Buffer.from('me:open-sesame').toString('base64')),
  );
  assert.equal(open.stderr, '');
});

test('--time prints a table and the rate that follows', async (t) => {
  const cwd = folderWith(t, TEMPLATES);
  const { code, stdout, stderr } = await runTaz([...QUICK, '--time'], { cwd });
  assert.deepEqual([code, stderr], [0, '']);
  const rows = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
  assert.deepEqual(rows[0], ['template', 'share', 'µs a target', 'targets/s a core', 'bytes a body']);
  assert.deepEqual(new Set(rows.slice(1, 3).map((row) => row[0])), new Set(['a.json', 'b.json']));
  const [name, share, micros, rate] = rows[3]!;
  assert.deepEqual([name, share], ['all', '100.0 %']);
  assert.ok(Math.abs(1e6 / Number(micros) / Number(rate!.replaceAll(',', '')) - 1) < 0.01);
  assert.match(stdout, new RegExp(`One core renders ${rate} targets a second at most`));
});

describe('what is wrong is one clear message with code 2 and nothing on stdout', { concurrency: 2 }, () => {
  const rows: [what: string, args: string[], files: Record<string, string>, message: RegExp][] = [
    ['nothing to render', ['render'], {}, /^taz: one of -f FILE, --templates DIR and --targets FILE/],
    ['templates without an entry', ['render', '--templates', 't'], TEMPLATES, /--entry NAME/],
    [
      'an entry that is not there',
      ['render', '--templates', 't', '--entry', 'mixx.json'],
      TEMPLATES,
      /"mixx\.json" is not one of the templates; did you mean mix\.json\?/,
    ],
    ['no such folder', ['render', '--templates', 'nope', '--entry', 'x'], {}, /nope/],
    [
      'a count that is none',
      [...QUICK, '-n', 'many'],
      TEMPLATES,
      /^taz: --count: "many" is not a whole number/,
    ],
    ['a count of nothing', [...QUICK, '-n', '0'], TEMPLATES, /^taz: --count: "0"/],
    ['--time with --decode', [...QUICK, '--time', '--decode'], TEMPLATES, /^taz: --time prints no targets/],
    ['an unknown option', [...QUICK, '--decoed'], TEMPLATES, /unknown option '--decoed'/],
    [
      'a template that is broken',
      ['render', '--templates', 't', '--entry', 'a'],
      { 't/a': '{\n  "url": "<%= it.URL %>"\n}' },
      /^taz: 1 problem in the templates\n {2}a:2:15: it\.URL is undefined; the test has no variables\n {4}2 \| {3}"url": "<%= it\.URL %>"\n {6}\| +\^\n$/,
    ],
    [
      'a target that is broken',
      ['render', '--targets', 't.jsonl'],
      { 't.jsonl': '\n{"method":"GET"}' },
      /^taz: 1 problem in the targets\n {2}t\.jsonl:2: url is missing/,
    ],
  ];
  for (const [what, args, files, message] of rows) {
    test(what, async (t) => {
      const { code, stdout, stderr } = await runTaz(args, { cwd: folderWith(t, files) });
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at /);
    });
  }
});

test('a reader that has enough ends it', async (t) => {
  const child = spawnTaz([...QUICK, '-n', '10000000'], { cwd: folderWith(t, TEMPLATES) });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  await once(child, 'exit');
});

test('--decode shows messages with their value decoded', async (t) => {
  const manifest = (protocol: string, target: string) => `
apiVersion: taz.dev/v1alpha1
kind: LoadTest
metadata: { name: m }
spec:
  rate: 1/s
  duration: 1s
  ${protocol}: {}
  templates: { entry: t, from: [{ inline: { t: '${target}' } }] }
`;
  const cwd = folderWith(t, {
    'kafka.yaml': manifest(
      'kafka',
      '{"addr": "k:9092", "topic": "events", "valueBytes": "eyJhIjoxfQ==", "keyBytes": "dTE=", "partition": 2, "headers": {"type": "track"}}',
    ),
    'nsq.yaml': manifest('nsq', '{"addr": "n:4150", "topic": "events", "valueBytes": "/wD+", "deferMs": 50}'),
  });
  const decoded = async (file: string) => (await runTaz(['render', '-f', file, '--decode'], { cwd })).stdout;
  assert.equal(
    await decoded('kafka.yaml'),
    'PUBLISH kafka://k:9092/events  (t)\n(keyBytes: u1)\n(partition: 2)\ntype: track\n\n{\n  "a": 1\n}\n',
  );
  assert.equal(
    await decoded('nsq.yaml'),
    'PUBLISH nsq://n:4150/events  (t)\n(deferMs: 50)\n\n<3 bytes that are no text>\n',
  );
});
