import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHttpTarget } from '../../src/target/http-target.ts';
import { openTargets } from '../../src/target/target-lines.ts';
import { createTargeter } from '../../src/template/create-targeter.ts';
import { makeCannedContent } from '../../src/template/make-content.ts';
import { prepareTargeter } from '../../src/template/prepare-targeter.ts';
import { TemplateError } from '../../src/template/template-error.ts';
import { contentOf, LANE } from './lane.ts';

/** Many templates, each of about 10 KiB. */
function manyFiles(): Record<string, string> {
  const long = `{${'"name": "<%= phony(\'name\') %>",\n'.repeat(330)}"x": 1}`;
  const files = { entry: '{"method":"GET","url":"http://h/<%= randInt(0, 1e6) %>"}' };
  return { ...files, ...Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, long])) };
}

test('a prepared targeter gives what one gives that was made at once', async () => {
  const content = contentOf(manyFiles(), { events: { seed: '42' } });
  const prepared = await prepareTargeter(content, LANE, parseHttpTarget, null);
  const made = createTargeter(content, LANE, parseHttpTarget, null);
  for (let hit = 0; hit < 20; hit++) assert.deepEqual(prepared.next(hit), made.next(hit));
});

test('others have their turn while it is prepared', async () => {
  const content = contentOf(manyFiles());
  let turns = 0;
  let prepared = false;
  const turn = () => {
    turns++;
    if (!prepared) setImmediate(turn);
  };
  setImmediate(turn);
  await prepareTargeter(content, LANE, parseHttpTarget, null);
  prepared = true;
  // 400 KiB take some 80 ms, in steps of about one template.
  assert.ok(turns >= 10, `${turns} turns`);
});

test('what cannot be compiled is an error that says where', async () => {
  const content = contentOf({ ...manyFiles(), f39: '{"a": <%= phony( %>}' });
  await assert.rejects(prepareTargeter(content, LANE, parseHttpTarget, null), (error: unknown) => {
    assert.ok(error instanceof TemplateError);
    assert.equal(error.template, 'f39');
    return true;
  });
});

test('canned targets are there at once', async () => {
  const files = [{ name: 't', text: '{"method":"GET","url":"http://h/1"}\n' }];
  const content = await makeCannedContent({ files, loop: true, variables: {}, secrets: [] });
  const targeter = await prepareTargeter(content, LANE, parseHttpTarget, await openTargets(files));
  assert.equal(targeter.next(5).path, '/1');
});
