import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { S3Spec } from '../../../src/api/run-spec.ts';
import { ContentLoader } from '../../../src/source/content-loader.ts';
import { nameOf, openS3Source } from '../../../src/source/s3/s3-source.ts';
import type { Source, SourceForm, View } from '../../../src/source/source.ts';
import { MovedError, SourceError } from '../../../src/source/source-error.ts';
import type { Content } from '../../../src/template/content.ts';
import { useServer } from '../../services/servers.ts';
import { EVENTS } from '../surroundings.ts';
import { RecordingProxy, Store } from './store.ts';

const TEXTS: SourceForm = {
  as: 'texts',
  maxFiles: 1000,
  maxBytes: 5 * 1024 * 1024,
  what: 'templates',
  advice: '',
};
const FILES: SourceForm = { ...TEXTS, as: 'files', maxBytes: 1024 * 1024 * 1024, what: 'targets from S3' };
/** Tests need not wait as long as people. */
const QUICK = { connectMs: 500, silenceMs: 1000, callMs: 800, backOffMs: 10 };

const { signal } = new AbortController();
const s3 = await useServer('s3');
after(() => s3.stop());

test('what an object is called as a file', () => {
  const rows: [key: string, prefix: string, name: string | null][] = [
    ['a.json', '', 'a.json'],
    ['t/a.json', 't/', 'a.json'],
    ['t/a.json', 't', 'a.json'],
    ['t/sub/a.json', 't/', 'sub/a.json'],
    ['t-2/a.json', 't', '-2/a.json'],
    ['t/targets.jsonl', 't/targets.jsonl', 'targets.jsonl'],
    ['t/', 't/', null],
    ['t/sub/', 't/', null],
    ['t/.hidden', 't/', null],
    ['t/.git/a', 't/', null],
    ['t//a.json', 't', null],
  ];
  for (const [key, prefix, name] of rows) assert.equal(nameOf(key, prefix), name, `${key} below "${prefix}"`);
});

describe('objects of a bucket', { skip: s3.missing }, () => {
  let store: Store;
  let proxy: RecordingProxy;
  let endpoint: string;
  const open: Source[] = [];
  before(async () => {
    store = new Store(s3.at);
    proxy = new RecordingProxy(store.endpoint);
    endpoint = await proxy.listen();
  });
  afterEach(() => {
    proxy.meddle = () => undefined;
    proxy.take();
    for (const source of open.splice(0)) source.close();
  });
  after(async () => {
    await proxy.close();
    await store.close();
  });

  /** A source that reaches the store through the proxy, and its look. */
  function look(prefix: string, form = TEXTS, differences: Partial<S3Spec> = {}, keys = store.keys) {
    const source = openS3Source(store.spec({ endpoint, prefix, ...differences }), form, QUICK);
    open.push(source);
    return (): Promise<View> => source.look(store.around(keys), signal);
  }

  const texts = (view: View): Record<string, string> =>
    Object.fromEntries(view.files.map((file) => [file.name, 'text' in file ? file.text : `at ${file.path}`]));

  test('below a prefix, with names of all kinds', async () => {
    const odd = "odd name+%&<>é'()*!~.json";
    await store.putAll({
      'k/b.json': 'b',
      'k/a.json': 'a',
      'k/sub/c.json': 'c',
      [`k/${odd}`]: 'o',
      'l/d': 'd',
    });
    const view = await look('k/')();
    assert.deepEqual(texts(view), { 'a.json': 'a', 'b.json': 'b', 'sub/c.json': 'c', [odd]: 'o' });
    assert.deepEqual(
      view.files.map(({ name }) => name),
      ['a.json', 'b.json', odd, 'sub/c.json'],
    );
  });

  test('an unchanged bucket costs one call and gives the same view', async () => {
    await store.putAll({ 'u/a': 'a', 'u/b': 'b' });
    const again = look('u/');
    const first = await again();
    proxy.take();
    for (let i = 0; i < 3; i++) assert.equal(await again(), first);
    assert.deepEqual(proxy.take(), ['GET list', 'GET list', 'GET list']);
  });

  test('of a changed bucket only what is new is fetched, on condition that it is what was listed', async () => {
    await store.putAll({ 'c/a': 'a', 'c/b': 'b' });
    const again = look('c/');
    await again();
    await store.put('c/b', 'b2');
    await store.put('c/new', 'n');
    proxy.take();
    proxy.headers.length = 0;
    assert.deepEqual(texts(await again()), { a: 'a', b: 'b2', new: 'n' });
    assert.deepEqual(proxy.take(), ['GET c/b', 'GET c/new', 'GET list', 'GET list']);
    assert.equal(proxy.headers.filter((headers) => /^"[0-9a-f]+"$/.test(headers['if-match']!)).length, 2);
    await store.delete('c/new');
    assert.deepEqual(texts(await again()), { a: 'a', b: 'b2' });
    assert.deepEqual(proxy.take(), ['GET list', 'GET list']);
  });

  test('what changes or goes while it is being read is listed again: never half old, half new', async () => {
    await store.putAll({ 'h/a': 'a1', 'h/b': 'b1', 'h/gone': 'g1' });
    const again = look('h/');
    let listed = 0;
    proxy.meddle = async ({ url }) => {
      // Somebody uploads a new set between the listing and the reading.
      if (url.includes('list-type') || listed++ > 0) return undefined;
      await store.putAll({ 'h/a': 'a2', 'h/b': 'b2' });
      await store.delete('h/gone');
      return undefined;
    };
    assert.deepEqual(texts(await again()), { a: 'a2', b: 'b2' });
  });

  test('a set that is still being uploaded is waited for', async () => {
    await store.putAll({ 'w/a': 'a1', 'w/b': 'b1' });
    const again = look('w/');
    await again();
    await store.put('w/a', 'a2');
    const looking = again();
    setTimeout(() => void store.put('w/b', 'b2'), 200);
    assert.deepEqual(texts(await looking), { a: 'a2', b: 'b2' });
  });

  test('what never holds still is given up, and the view before stays good', async () => {
    await store.put('n/a', '0');
    const again = look('n/');
    const first = await again();
    let n = 100;
    await store.put('n/a', 'x');
    proxy.meddle = async ({ url }) => {
      if (url.includes('list-type')) await store.put('n/a', String(n++));
      return undefined;
    };
    await assert.rejects(again(), (error) => error instanceof MovedError);
    proxy.meddle = () => undefined;
    assert.deepEqual(texts(first), { a: '0' });
    assert.deepEqual(texts(await again()), { a: String(n - 1) });
  });

  test('a store that knows no conditions is not trusted to give what was listed', async () => {
    await store.put('i/a', 'old');
    let asked = 0;
    proxy.meddle = ({ url }) => {
      if (url.includes('list-type') || asked++ > 0) return undefined;
      return { status: 200, body: 'new', headers: { etag: '"another"' } };
    };
    assert.deepEqual(texts(await look('i/')()), { a: 'old' });
    assert.equal(asked, 2);
  });

  test('more than one page', async () => {
    const many = Object.fromEntries(Array.from({ length: 1100 }, (_, i) => [`p/${i}`, '']));
    await store.putAll(many);
    const view = await look('p/', { ...TEXTS, maxFiles: 1500 })();
    assert.equal(view.files.length, 1100);
    assert.equal(new Set(view.files.map(({ name }) => name)).size, 1100);
    assert.equal(proxy.take().filter((call) => call === 'GET list').length, 4);
    await assert.rejects(look('p/')(), {
      message: 'prefix "p/" has more than 1000 objects: name a narrower prefix',
    });
    assert.deepEqual(proxy.take(), ['GET list', 'GET list']);
  });

  test('a large object is refused as a template before it is fetched, and streamed to disk as targets', async () => {
    await store.put('g/big', Buffer.alloc(100 * 1024 * 1024, '{}\n'));
    await assert.rejects(look('g/')(), {
      message:
        'the objects of prefix "g/" have 104857600 bytes together, the largest ("g/big") 104857600: templates may have 5 MiB',
    });
    assert.deepEqual(proxy.take(), ['GET list']);
    const before = process.memoryUsage().rss;
    const [file] = (await look('g/', FILES)()).files;
    assert.ok(file !== undefined && 'path' in file);
    assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024, 'it is not held in memory');
    assert.equal(readFileSync(file.path).length, 100 * 1024 * 1024);
    const least = look('g/', { ...FILES, maxBytes: 1024 * 1024 });
    await assert.rejects(least(), /^SourceError: .*: targets from S3 may have 1 MiB$/);
    await store.delete('g/big');
  });

  test('files on disk stay while they are of the last view or used, and go with the source', async () => {
    await store.putAll({ 'f/a': '1', 'f/b': '1' });
    const again = look('f/', FILES);
    const pathsAfter = async (text: string): Promise<Record<string, string>> => {
      await store.put('f/a', text);
      const { files } = await again();
      return Object.fromEntries(files.map((file) => [file.name, 'path' in file ? file.path : '']));
    };
    const one = await pathsAfter('1');
    open.at(-1)!.use!(new Set(Object.values(one)));
    const two = await pathsAfter('2');
    const three = await pathsAfter('3');
    assert.equal(three['b'], one['b']);
    assert.deepEqual(
      [one, two, three].map(({ a }) => existsSync(a!)),
      [true, false, true],
    );
    assert.equal(readFileSync(three['a']!, 'utf8'), '3');
    open.pop()!.close();
    assert.equal(existsSync(dirname(three['a']!)), false);
  });

  test('targets that are sent stay on disk while others come and are refused', async (t) => {
    const from = [{ s3: store.spec({ prefix: 'o/' }) }];
    const spec = {
      source: { kind: 'targets' as const, loop: true, from, reloadMs: null },
      variables: [],
      events: EVENTS,
    };
    const loader = new ContentLoader(spec, { lookAround: async () => store.around(), baseDir: '/' });
    t.after(() => loader.close());
    const contents: Content[] = [];
    const next = async (): Promise<string> => {
      await store.put('o/a', '{}\n'.repeat(contents.length + 1));
      contents.push(await loader.look(signal));
      const [file] = contents.at(-1)!.files as { path: string }[];
      return file!.path;
    };
    const sent = await next();
    loader.use(contents[0]!);
    const refused = [await next(), await next()];
    assert.deepEqual(
      [sent, ...refused].map((path) => existsSync(path)),
      [true, false, true],
    );
    loader.use(contents[2]!);
    const last = await next();
    loader.use(contents[3]!);
    await next();
    assert.deepEqual(
      [sent, ...refused, last].map((path) => existsSync(path)),
      [false, false, true, true],
    );
  });

  test('targets that are sent from other machines too come as text, up to 5 MiB', async (t) => {
    const spec = {
      source: {
        kind: 'targets' as const,
        loop: true,
        from: [{ s3: store.spec({ prefix: 'travel/' }) }],
        reloadMs: null,
      },
      variables: [],
      events: EVENTS,
    };
    const lookAround = async () => store.around();
    const loader = new ContentLoader(spec, { lookAround, baseDir: null, travels: { secretKey: 'k' } });
    t.after(() => loader.close());
    await store.put('travel/a', '{}\n');
    const content = await loader.look(signal);
    assert.deepEqual(content.files, [{ name: 'a', text: '{}\n' }]);
    await store.put('travel/b', Buffer.alloc(6 * 1024 * 1024, '{}\n'));
    await assert.rejects(
      loader.look(signal),
      /targets from S3 may have 5 MiB: put them into a volume of the workers, and use directory: \{path: …\}$/,
    );
    await store.delete('travel/b');
  });

  test('a part of a file is not left behind', async () => {
    await store.put('r/a', 'x'.repeat(200_000));
    const again = look('r/', FILES);
    const first = await again();
    await store.put('r/a', 'y'.repeat(200_000));
    proxy.meddle = ({ url }) => (url.includes('list-type') ? undefined : { cutAfter: 1000 });
    await assert.rejects(again(), /broke off in the middle of object "r\/a"$/);
    proxy.meddle = () => undefined;
    const [file] = first.files;
    assert.ok(file !== undefined && 'path' in file);
    assert.equal(readFileSync(file.path, 'utf8')[0], 'x');
    const [newer] = (await again()).files;
    assert.ok(newer !== undefined && 'path' in newer);
    assert.equal(readFileSync(newer.path, 'utf8')[0], 'y');
  });

  test('an answer that breaks off, or a service that cannot just now, is tried again', async () => {
    await store.put('t/a', 'x'.repeat(100_000));
    const seen: Record<string, number> = {};
    proxy.meddle = ({ url }) => {
      const what = url.includes('list-type') ? 'list' : 'object';
      seen[what] = (seen[what] ?? 0) + 1;
      if (what === 'list' && seen[what] === 1)
        return { status: 503, body: '<Error><Code>SlowDown</Code></Error>' };
      if (what === 'list' && seen[what] === 2) return 'hang';
      return what === 'object' && seen[what] === 1 ? { cutAfter: 100 } : undefined;
    };
    assert.deepEqual(texts(await look('t/')()), { a: 'x'.repeat(100_000) });
    assert.deepEqual(seen, { list: 4, object: 2 });
  });

  test('what does not pass is tried three times, within the deadlines', async () => {
    proxy.meddle = () => 'hang';
    const started = performance.now();
    await assert.rejects(look('x/')(), /^PassingError: .* (does not answer in time|gives no whole answer)/);
    assert.equal(proxy.take().length, 3);
    assert.ok(performance.now() - started < 7000);
  });

  const rows: [what: string, differences: Partial<S3Spec>, keys: Record<string, string>, said: RegExp][] = [
    ['a wrong access key', {}, { accessKeyId: 'nobody' }, /^the access key id of Secret keys is wrong/],
    [
      'a wrong secret key',
      {},
      { secretAccessKey: 'hunter2' },
      /^the secret access key of Secret keys is wrong/,
    ],
    [
      'a session token nobody gave',
      {},
      { sessionToken: 'hunter2' },
      /^the session token of Secret keys is not/,
    ],
    [
      'another region',
      { region: 'eu-west-1' },
      {},
      /^bucket "taz-test" is in region us-east-1, not eu-west-1/,
    ],
    ['a bucket that is not there', { bucket: 'no-such' }, {}, /^there is no bucket "no-such" at http/],
    ['a prefix without objects', { prefix: 'none/' }, {}, /^prefix "none\/" has no object/],
    [
      'a port where nobody listens',
      { endpoint: 'http://127.0.0.1:9' },
      {},
      /^nobody listens at .*127\.0\.0\.1:9/,
    ],
    [
      'a Secret that is not there',
      { secret: 'none' },
      {},
      /^credentials\.secretName: Secret none \(key accessKeyId\)/,
    ],
  ];
  for (const [what, differences, keys, said] of rows) {
    test(`${what} is one clear error`, async () => {
      const failing = look('k/', TEXTS, differences, { ...store.keys, ...keys })();
      await assert.rejects(failing, (error: Error) => {
        assert.ok(error instanceof SourceError);
        assert.match(error.message, said);
        assert.doesNotMatch(error.message, /hunter2|taz-test-secret|\n/);
        return true;
      });
    });
  }

  test('http spoken to https', async () => {
    const failing = look('k/', TEXTS, { endpoint: store.endpoint.replace('http:', 'https:') })();
    await assert.rejects(failing, /^SourceError: TLS with .* check that endpoint is https/);
  });

  test('a host that speaks no S3', async () => {
    proxy.meddle = () => ({ status: 200, body: '<html>Welcome</html>' });
    await assert.rejects(look('k/')(), /does not answer as an S3 service: check endpoint$/);
  });

  test('changed keys of the Secret are used at the next look', async () => {
    await store.put('s/a', 'a');
    const source = openS3Source(store.spec({ prefix: 's/' }), TEXTS, QUICK);
    open.push(source);
    await assert.rejects(
      source.look(store.around({ ...store.keys, secretAccessKey: 'no' }), signal),
      /is wrong/,
    );
    assert.deepEqual(texts(await source.look(store.around(), signal)), { a: 'a' });
  });

  test('an object that is no text', async () => {
    await store.put('b/a', Buffer.from([0xff, 0xfe]));
    await assert.rejects(look('b/')(), { message: 'object "b/a" is not a text in UTF-8' });
  });

  test('a look is ended by its signal', async () => {
    proxy.meddle = () => 'hang';
    const source = openS3Source(store.spec({ endpoint }), TEXTS, QUICK);
    open.push(source);
    const ending = new AbortController();
    setTimeout(() => ending.abort(new Error('over')), 50);
    await assert.rejects(source.look(store.around(), ending.signal), { message: 'over' });
  });
});
