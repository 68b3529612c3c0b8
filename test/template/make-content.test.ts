import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { digestOf, makeCannedContent, makeTemplateContent } from '../../src/template/make-content.ts';
import { contentOf } from './lane.ts';

describe('digest', () => {
  const files = { entry: '<%= it.A %>', other: '{}' };

  test('is SHA-256 in hexadecimal', () => assert.match(contentOf(files).digest, /^[0-9a-f]{64}$/));

  test('does not depend on the order of names', () => {
    const turned = { other: '{}', entry: '<%= it.A %>' };
    assert.equal(contentOf(files).digest, contentOf(turned).digest);
    assert.equal(digestOf({ a: [1, { c: 2, b: 3 }] }), digestOf({ a: [1, { b: 3, c: 2 }] }));
  });

  test('covers all the rest', () => {
    const base = contentOf(files, { variables: { A: 'x' } });
    const { digest: _, labels: __, kind: ___, ...parts } = base;
    const others = [
      { ...parts, files: { ...files, other: '{} ' } },
      { ...parts, files: { entry: files.entry } },
      { ...parts, entry: 'other' },
      { ...parts, variables: { A: ['x'] } },
      { ...parts, variables: { A: 'y' } },
      { ...parts, secrets: ['A'] },
      { ...parts, events: { ...parts.events, reuse: 0.5 } },
      { ...parts, events: { ...parts.events, seed: null } },
    ].map((each) => makeTemplateContent(each).digest);
    assert.equal(new Set([base.digest, ...others]).size, others.length + 1);
    assert.equal(makeTemplateContent(parts).digest, base.digest);
  });

  test('is not to be made by somebody who tries values of a secret', () => {
    const { digest, ...rest } = contentOf(files, { variables: { A: 'x', B: '1234' }, secrets: ['B'] });
    assert.notEqual(digest, digestOf({ ...rest, texts: [] }));
    const { digest: open, ...plain } = contentOf(files, { variables: { A: 'x', B: '1234' } });
    assert.equal(open, digestOf({ ...plain, texts: [] }));
  });

  test('tells the borders of texts apart', () => {
    assert.notEqual(digestOf({ a: 'b","c":"d' }), digestOf({ a: 'b', c: 'd' }));
    assert.notEqual(digestOf(['1']), digestOf([1]));
  });
});

describe('canned content', () => {
  const given = { loop: false, variables: {}, secrets: [] };

  test('counts targets and is labelled by its files', async () => {
    const files = [
      { name: 'a.jsonl', text: '{}\n\n{}\n' },
      { name: 'b.jsonl', text: '{}' },
    ];
    const content = await makeCannedContent({ files, ...given });
    assert.equal(content.count, 3);
    assert.deepEqual(content.labels, ['a.jsonl', 'b.jsonl']);
  });

  test('has another digest when what is in a file changes', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'taz-content-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 't.jsonl');
    const digest = async (text: string) => {
      writeFileSync(path, text);
      return (await makeCannedContent({ files: [{ name: 't', path }], ...given })).digest;
    };
    const first = await digest('{"a":1}\n');
    assert.notEqual(await digest('{"a":2}\n'), first);
    assert.equal(await digest('{"a":1}\n'), first);
  });

  test('has 32 labels at most', async () => {
    const files = Array.from({ length: 40 }, (_, i) => ({ name: `f${i}`, text: '{}' }));
    const { labels } = await makeCannedContent({ files, ...given });
    assert.equal(labels.length, 32);
    assert.equal(labels[31], 'other');
  });

  test('is refused where a file is missing', async () => {
    await assert.rejects(
      makeCannedContent({ files: [{ name: 'x', path: '/no/such/file' }], ...given }),
      /"x" does not exist/,
    );
  });
});
