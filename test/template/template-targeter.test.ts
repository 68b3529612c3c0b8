import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHttpTarget } from '../../src/target/http-target.ts';
import { openTargets } from '../../src/target/target-lines.ts';
import { createTargeter } from '../../src/template/create-targeter.ts';
import { makeCannedContent } from '../../src/template/make-content.ts';
import { TemplateError } from '../../src/template/template-error.ts';
import { contentOf, type Given, LANE } from './lane.ts';

const target = (name: string) =>
  `{"method":"POST","url":"http://h/${name}","body":"<%= includeEvent('event', '${name}') %>"}`;

function targeterOf(files: Record<string, string>, given: Given = {}) {
  const content = contentOf(files, given);
  return { content, targeter: createTargeter(content, LANE, parseHttpTarget, null) };
}

test('targets are what the entry renders, counted under the template that rendered them', () => {
  const { content, targeter } = targeterOf({
    entry: `<%= includeTemplate(weighted({ mix: 1, c: 1 })) %>`,
    mix: `\n<%= includeTemplate(weighted({ a: 1, b: 1 })) %>\n`,
    a: target('a'),
    b: target('b'),
    c: target('c'),
    event: '{}',
  });
  const seen = new Set<string>();
  for (let hit = 0; hit < 100; hit++) {
    const { path, body } = targeter.next(hit);
    assert.equal(path, `/${content.labels[targeter.label]}`);
    assert.match(body!.toString(), /^\{"messageId":"[0-9a-f-]{36}"\}$/);
    seen.add(path);
  }
  assert.deepEqual([...seen].sort(), ['/a', '/b', '/c']);
});

test('what is no target is an error that names the template it came from', () => {
  const { content, targeter } = targeterOf({
    entry: `<%= includeTemplate('bad') %>`,
    bad: '{"method":"GET","url":"nope"}',
  });
  assert.throws(
    () => targeter.next(0),
    (error) => {
      assert.ok(error instanceof TemplateError);
      assert.equal(error.template, 'bad');
      assert.match(error.message, /^bad: what it renders is no valid target: url "nope"/);
      return true;
    },
  );
  assert.equal(content.labels[targeter.label], 'bad');
});

test('what cannot be rendered is counted under the entry, and the next target is as good as any', () => {
  const { targeter } = targeterOf({
    entry: `<%= includeTemplate(pick(['good', 'bad'])) %>`,
    good: '{"method":"GET","url":"http://h/"}',
    bad: '<%= nope %>',
  });
  let good = 0;
  let bad = 0;
  for (let hit = 0; hit < 100; hit++) {
    try {
      targeter.next(hit);
      assert.equal(targeter.label, 1);
      good++;
    } catch {
      assert.equal(targeter.label, 0);
      bad++;
    }
  }
  assert.ok(good > 20 && bad > 20);
});

test('an event of an invalid target is not sent again', () => {
  const { targeter } = targeterOf(
    {
      entry: `{"method":"POST","url":"<%= pick(['http://h/', 'nope']) %>","body":"<%= includeEvent('event', 'x') %>"}`,
      event: '{"n": <%= randInt(0, 1e9) %>}',
    },
    { events: { duplicates: 1 } },
  );
  const bodies = new Set<string>();
  for (let hit = 0; hit < 100; hit++) {
    try {
      bodies.add(targeter.next(hit).body!.toString());
    } catch {
      // An invalid URL.
    }
  }
  assert.equal(bodies.size, 1);
});

test('a set that cannot be compiled gives no targeter', () => {
  assert.throws(
    () => targeterOf({ entry: '<% if ( %>', other: '{}' }),
    /^TemplateError: entry:1:7: this \( is never closed/,
  );
});

test('an entry that is not there is an error that names it', () => {
  const { targeter } = targeterOf({ mix: '{}' }, { entry: 'mixx' });
  assert.throws(
    () => targeter.next(0),
    /^TemplateError: mixx: there is no template "mixx" in the set; did you mean "mix"\?/,
  );
});

test('canned content gives its lines', async () => {
  const files = [
    { name: 'f', text: '{"method":"GET","url":"http://h/1"}\n{"method":"GET","url":"http://h/2"}\n' },
  ];
  const content = await makeCannedContent({ files, loop: true, variables: {}, secrets: [] });
  const targeter = createTargeter(content, LANE, parseHttpTarget, await openTargets(files));
  assert.deepEqual(
    [0, 1, 2].map((hit) => targeter.next(hit).path),
    ['/1', '/2', '/1'],
  );
});
