import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { formatProblem, ProblemsError } from '../../src/api/problem.ts';
import type { SourceItem } from '../../src/api/run-spec.ts';
import { ContentLoader, type ContentSpec } from '../../src/source/content-loader.ts';
import type { Surroundings } from '../../src/source/surroundings.ts';
import type { CannedContent, Content, TemplateContent } from '../../src/template/content.ts';
import { folderWith } from '../cli/manifest/files.ts';
import { EVENTS, surroundings } from './surroundings.ts';

const around = surroundings({ configMaps: { c: { 'b.json': 'from c', 'c.json': 'only c' } } });
const { signal } = new AbortController();

async function problemsOf(resolving: Promise<unknown>): Promise<string> {
  try {
    await resolving;
  } catch (error) {
    assert.ok(error instanceof ProblemsError, (error as Error).stack);
    return error.problems.map(formatProblem).join('\n');
  }
  assert.fail('they are resolved');
}

function loaderOf(source: ContentSpec['source'], baseDir: string): ContentLoader {
  const spec = { source, variables: [], events: EVENTS };
  return new ContentLoader(spec, { lookAround: async () => around, baseDir });
}

async function load(source: ContentSpec['source'], baseDir: string): Promise<Content> {
  return loaderOf(source, baseDir).look(signal);
}

const templates = async (from: SourceItem[], baseDir = '/', entry = 'a.json') =>
  (await load({ kind: 'templates', entry, from, reloadMs: null }, baseDir)) as TemplateContent;
const targets = async (from: SourceItem[], baseDir = '/', loop = false) =>
  (await load({ kind: 'targets', loop, from, reloadMs: null }, baseDir)) as CannedContent;

suite('templates', () => {
  test('later sources win by name', async (t) => {
    const folder = folderWith(t, { 't/a.json': 'folder a', 't/c.json': 'folder c', 't/sub/x.json': 'deep' });
    const from = [
      { inline: { 'a.json': 'inline a', 'b.json': 'inline b' } },
      { configMap: { name: 'c' } },
      { directory: { path: './t' } },
    ];
    const content = await templates(from, folder);
    assert.equal(content.entry, 'a.json');
    assert.deepEqual(content.files, {
      'a.json': 'folder a',
      'b.json': 'from c',
      'c.json': 'folder c',
      'sub/x.json': 'deep',
    });
  });

  test('the path of a file is that file alone', async (t) => {
    const folder = folderWith(t, { 'a.json': 'x', 'b.json': 'y' });
    const source = await templates([{ directory: { path: 'a.json' } }], folder);
    assert.deepEqual(source.files, { 'a.json': 'x' });
  });

  test('an absolute path stays one', async (t) => {
    const folder = folderWith(t, { 'a.json': 'x' });
    const { files } = await templates([{ directory: { path: folder } }], '/nowhere');
    assert.deepEqual(files, { 'a.json': 'x' });
  });

  test('a mounted ConfigMap: links to files in a hidden folder', async (t) => {
    const folder = folderWith(t, { '..2026/a.json': 'mounted', '.hidden': 'x' });
    symlinkSync('..2026', join(folder, '..data'));
    symlinkSync(join('..data', 'a.json'), join(folder, 'a.json'));
    const source = await templates([{ directory: { path: folder } }]);
    assert.deepEqual(source.files, { 'a.json': 'mounted' });
  });

  test('a link to a folder is not followed, so that no circle is walked', async (t) => {
    const folder = folderWith(t, { 'a.json': 'x' });
    symlinkSync('.', join(folder, 'self'));
    assert.deepEqual((await templates([{ directory: { path: folder } }])).files, { 'a.json': 'x' });
  });

  test('an entry that is not there', async () => {
    const from = [{ inline: { 'mix.json': '', 'track.json': '' } }];
    assert.equal(
      await problemsOf(templates(from, '/', 'mixx.json')),
      'spec.templates.entry: "mixx.json" is not one of the templates; did you mean mix.json?',
    );
    assert.equal(
      await problemsOf(templates(from, '/', 'zzzzzz')),
      'spec.templates.entry: "zzzzzz" is not one of the templates; there are mix.json and track.json',
    );
    assert.match(await problemsOf(templates(from, '/', 'toString')), /"toString" is not one of/);
  });

  test('all missing sources are told at once', async (t) => {
    const folder = folderWith(t, { 'empty/.hidden': '' });
    const problems = await problemsOf(
      templates(
        [{ configMap: { name: 'x' } }, { directory: { path: 'nowhere' } }, { directory: { path: 'empty' } }],
        folder,
      ),
    );
    const lines = problems.split('\n');
    assert.equal(lines.length, 3);
    assert.equal(
      lines[0],
      'spec.templates.from[0].configMap: ConfigMap x is not in the files given: add its file with -f',
    );
    assert.match(
      lines[1]!,
      /^spec\.templates\.from\[1\]\.directory: the folder "nowhere" \(.*nowhere\) cannot be read: no such file or directory/,
    );
    assert.match(
      lines[2]!,
      /^spec\.templates\.from\[2\]\.directory: the folder "empty" \(.*\) holds no file$/,
    );
  });

  test('what is no text', async (t) => {
    const folder = folderWith(t, { 'a.json': Buffer.from([0xff, 0xfe]) });
    assert.match(
      await problemsOf(templates([{ directory: { path: folder } }])),
      /^spec\.templates\.from\[0\]\.directory: ".*a\.json" is not a text in UTF-8$/,
    );
  });

  test('a link that leads nowhere', async (t) => {
    const folder = folderWith(t, { 'a.json': 'x' });
    symlinkSync('gone', join(folder, 'b.json'));
    assert.match(
      await problemsOf(templates([{ directory: { path: folder } }])),
      /the link ".*b\.json" leads nowhere/,
    );
  });

  test('5 MiB together are read, a byte more is not', async (t) => {
    const folder = folderWith(t, { 'a.json': 'x'.repeat(5 * 1024 * 1024 - 2) });
    const directory = { directory: { path: folder } };
    assert.equal((await templates([directory, { inline: { b: 'é' } }])).kind, 'templates');
    assert.match(
      await problemsOf(templates([directory, { inline: { b: 'éx' } }])),
      /^spec\.templates\.from: the templates have more than 5242880 bytes/,
    );
    assert.match(await problemsOf(templates([{ inline: { b: 'éx' } }, directory])), /5 MiB/);
  });

  test('1,000 files are read, one more is not; nor are folders without end', async (t) => {
    const folder = folderWith(t, {});
    for (let i = 0; i < 1000; i++) writeFileSync(join(folder, `f${i}`), '');
    const directory = { directory: { path: folder } };
    assert.equal(Object.keys((await templates([directory], '/', 'f0')).files).length, 1000);
    assert.match(
      await problemsOf(templates([directory, { inline: { b: '' } }], '/', 'f0')),
      /the sources hold 1001 files together; at most 1000$/,
    );
    writeFileSync(join(folder, 'one-more'), '');
    assert.match(await problemsOf(templates([directory], '/', 'f0')), /holds more than 1000 files$/);
    const deep = folderWith(t, { a: '' });
    mkdirSync(join(deep, ...Array<string>(17).fill('d')), { recursive: true });
    assert.match(
      await problemsOf(templates([{ directory: { path: deep } }])),
      /folders are more than 16 deep$/,
    );
  });
});

suite('targets', () => {
  test('in order of the sources, by name within each; a later file takes the place of one with its name', async (t) => {
    const folder = folderWith(t, { 'z.json': '{}', 'B.json': '{}', 'a.json': '{}' });
    const from = [
      { inline: { 'x.json': 'x', 'a.json': 'lost' } },
      { directory: { path: folder } },
      { configMap: { name: 'c' } },
    ];
    const content = await targets(from, '/', true);
    assert.equal(content.loop, true);
    assert.equal(content.count, 6);
    assert.deepEqual(content.files, [
      { name: 'x.json', text: 'x' },
      { name: 'B.json', path: join(folder, 'B.json') },
      { name: 'a.json', path: join(folder, 'a.json') },
      { name: 'z.json', path: join(folder, 'z.json') },
      { name: 'b.json', text: 'from c' },
      { name: 'c.json', text: 'only c' },
    ]);
  });

  test('a file on this machine stays there, however large it is or what is in it', async (t) => {
    const folder = folderWith(t, { a: Buffer.alloc(6 * 1024 * 1024, 0xff) });
    assert.deepEqual((await targets([{ directory: { path: folder } }])).files, [
      { name: 'a', path: join(folder, 'a') },
    ]);
  });

  test('without any target', async () => {
    assert.equal(
      await problemsOf(targets([{ inline: { a: '\n\n' } }])),
      'spec.targets.from: there is no target in the sources of targets',
    );
  });
});

suite('looks one after another', () => {
  /** A loader of a folder, and what stands around it, which the test changes. */
  function loader(folder: string, variables: ContentSpec['variables'] = []) {
    const source = { kind: 'templates' as const, entry: 'a.json', reloadMs: null };
    const from = [{ directory: { path: '.' } }, { configMap: { name: 'c' } }];
    const now = {
      around: surroundings({ configMaps: { c: { 'c.json': 'c' } }, secrets: { s: { token: 'one' } } }),
    };
    const spec = { source: { ...source, from }, variables, events: EVENTS };
    return { now, loader: new ContentLoader(spec, { lookAround: async () => now.around, baseDir: folder }) };
  }

  test('give the same content while nothing has changed', async (t) => {
    const folder = folderWith(t, { 'a.json': 'a' });
    const { loader: one, now } = loader(folder);
    const first = await one.look(signal);
    assert.equal(await one.look(signal), first);
    now.around = surroundings({ configMaps: { c: { 'c.json': 'c' }, other: {} } });
    assert.equal(await one.look(signal), first);
    writeFileSync(join(folder, 'a.json'), 'A');
    const second = await one.look(signal);
    assert.notEqual(second.digest, first.digest);
    assert.deepEqual((second as TemplateContent).files, { 'a.json': 'A', 'c.json': 'c' });
  });

  test('give another digest for another ConfigMap, or another value of any variable', async (t) => {
    const variables: ContentSpec['variables'] = [
      { name: 'Token', secret: { name: 's', key: 'token' } },
      { name: 'Region', configMap: { name: 'r', key: 'k' } },
    ];
    const { loader: one, now } = loader(folderWith(t, { 'a.json': 'a' }), variables);
    const digests = new Set<string>();
    const as = (c: string, region: string, token: string): Surroundings =>
      surroundings({ configMaps: { c: { 'c.json': c }, r: { k: region } }, secrets: { s: { token } } });
    for (const around of [
      as('c', 'eu', 'one'),
      as('d', 'eu', 'one'),
      as('c', 'us', 'one'),
      as('c', 'eu', 'two'),
    ]) {
      now.around = around;
      digests.add((await one.look(signal)).digest);
    }
    assert.equal(digests.size, 4);
    now.around = as('c', 'eu', 'one');
    assert.ok(digests.has((await one.look(signal)).digest), 'and the same one for the same');
  });

  test('say what is missing, and go on from there', async (t) => {
    const folder = folderWith(t, { 'a.json': 'a' });
    const { loader: one, now } = loader(folder, [{ name: 'T', secret: { name: 's', key: 'token' } }]);
    const first = await one.look(signal);
    const good = now.around;
    now.around = surroundings();
    rmSync(join(folder, 'a.json'));
    const problems = (await problemsOf(one.look(signal))).split('\n');
    assert.deepEqual(
      problems.map((line) => line.split(': ')[0]),
      [
        'spec.variables[0].valueFrom.secretKeyRef',
        'spec.templates.from[0].directory',
        'spec.templates.from[1].configMap',
      ],
    );
    now.around = good;
    writeFileSync(join(folder, 'a.json'), 'a');
    assert.equal((await one.look(signal)).digest, first.digest);
  });

  test('say what looking around says', async () => {
    const spec = {
      source: { kind: 'templates' as const, entry: 'a', from: [], reloadMs: null },
      variables: [],
    };
    const failing = new ContentLoader(
      { ...spec, events: EVENTS },
      { lookAround: () => Promise.reject(new Error('secret.yaml cannot be read')), baseDir: '/' },
    );
    await assert.rejects(failing.look(signal), { message: 'secret.yaml cannot be read' });
  });

  test('of targets give another digest when a file of them has changed', async (t) => {
    const folder = folderWith(t, { 'a.jsonl': '{}\n' });
    const one = loaderOf(
      { kind: 'targets', loop: true, from: [{ directory: { path: folder } }], reloadMs: null },
      '/',
    );
    const first = await one.look(signal);
    assert.equal(await one.look(signal), first);
    writeFileSync(join(folder, 'a.jsonl'), '{}\n{}\n');
    const second = (await one.look(signal)) as CannedContent;
    assert.notEqual(second.digest, first.digest);
    assert.equal(second.count, 2);
  });
});

suite('content that is sent from other machines too', () => {
  const travels = { secretKey: 'key of the run' };
  const token = { name: 'Token', secret: { name: 's', key: 'k' } };
  const beside = surroundings({ secrets: { s: { k: 'hunter2' } } });
  const loader = (source: ContentSpec['source'], options: object = { travels }) =>
    new ContentLoader(
      { source, variables: [token], events: EVENTS },
      { lookAround: async () => beside, baseDir: null, ...options },
    );
  const inline: ContentSpec['source'] = {
    kind: 'templates',
    entry: 'a',
    from: [{ inline: { a: 'x' } }],
    reloadMs: null,
  };

  test('says where its secrets stand', async () => {
    const content = await loader(inline).look(signal);
    assert.deepEqual(content.secretRefs, { Token: { name: 's', key: 'k', proof: '' } });
    assert.deepEqual((await loader(inline, {}).look(signal)).secretRefs, {});
  });

  test('has the same digest wherever it is made by the same key', async () => {
    const digest = async (options: object) => (await loader(inline, options).look(signal)).digest;
    assert.equal(await digest({ travels }), await digest({ travels: { ...travels } }));
    assert.notEqual(await digest({ travels }), await digest({ travels: { secretKey: 'another' } }));
  });

  test('has no relative paths', async (t) => {
    const folder = folderWith(t, { 'a.jsonl': '{"method":"GET","url":"http://h/"}' });
    const from = (path: string): ContentSpec['source'] => ({
      kind: 'targets',
      loop: true,
      from: [{ directory: { path } }],
      reloadMs: null,
    });
    assert.equal(
      await problemsOf(loader(from('./t')).look(signal)),
      'spec.targets.from[0].directory: "./t" is no absolute path: name a folder of the image or of a volume, such as "/templates"',
    );
    const content = (await loader(from(folder)).look(signal)) as CannedContent;
    assert.deepEqual(content.files, [{ name: 'a.jsonl', path: join(folder, 'a.jsonl') }]);
  });
});
