import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseHttpTarget } from '../../src/target/http-target.ts';
import type { HttpTarget, MarkedBodies } from '../../src/target/target.ts';
import { TemplateTargeter } from '../../src/template/template-targeter.ts';
import { contentOf, LANE, laneOf, rendered } from './lane.ts';

const EVENT = '{"messageId":"m","a":"éé42"}';
const BASE64 = Buffer.from(EVENT).toString('base64');
const files = (entry: string, more: Record<string, string> = {}) => ({ entry, 'e.json': EVENT, ...more });

/** The target as it is sent, and whether its body went from the event into it without base64. */
function targetOf(entry: string, more: Record<string, string> = {}): { target: HttpTarget; direct: boolean } {
  let direct = false;
  const parse = (json: string, bodies?: MarkedBodies): HttpTarget => {
    const target = parseHttpTarget(json, bodies);
    direct = bodies !== undefined;
    return target;
  };
  const target = new TemplateTargeter(contentOf(files(entry, more)), LANE, parse).next(0);
  return { target, direct };
}

const target = (body: string, header = '') =>
  `{"method":"POST","url":"http://h/","header":{"X":["${header}"]},"body":"${body}"}`;

describe('a body that is one event goes out without base64', () => {
  const include = `<%= includeEvent('e.json', 'e') %>`;
  const rows: [what: string, entry: string, more?: Record<string, string>][] = [
    ['printed', target(include)],
    ['printed raw', target(`<%~ includeEvent('e.json', 'e') %>`)],
    ['from an included target', `<%= includeTemplate('t') %>`, { t: target(include) }],
    [
      'two includes down',
      `<%= includeTemplate('u') %>`,
      { u: `<%= includeTemplate('t') %>`, t: target(include) },
    ],
  ];
  for (const [what, entry, more] of rows) {
    test(what, () => {
      const { target, direct } = targetOf(entry, more);
      assert.equal(target.body?.toString(), EVENT);
      assert.ok(direct);
    });
  }
});

describe('elsewhere it is base64 as ever', () => {
  const rows: [what: string, entry: string, body: string, more?: Record<string, string>][] = [
    ['in code', target(`<% const e = includeEvent('e.json', 'e') %><%= e %>`), EVENT],
    ['twice', target(`<% const e = includeEvent('e.json', 'e') %><%= e %><%= e.slice(0, 0) %>`), EVENT],
    ['as an argument', target(`<%= b64enc(b64dec(includeEvent('e.json', 'e'))) %>`), EVENT],
    ['beside other text', target(`<%= includeEvent('e.json', 'e') %>QUFB`, ''), `${EVENT}AAA`],
    [
      'in what is encoded as a whole',
      target(`<%= b64enc(includeTemplate('w')) %>`),
      `{"w":"${BASE64}"}`,
      { w: `{"w":"<%= includeEvent('e.json', 'e') %>"}` },
    ],
    [
      'in another event',
      target(`<%= includeEvent('outer', 'o') %>`),
      `{"messageId":"o","in":"${BASE64}"}`,
      { outer: `{"messageId":"o","in":"<%= includeEvent('e.json', 'e') %>"}` },
    ],
    [
      'where the template has a function of that name',
      target(`<% { const includeEvent = () => 'QUFB' %><%= includeEvent('e.json', 'e') %><% } %>`),
      'AAA',
    ],
  ];
  for (const [what, entry, body, more] of rows) {
    test(what, () => assert.equal(targetOf(entry, more).target.body?.toString(), body));
  }

  test('in a header, beside the body', () => {
    const entry = target(`<%= includeEvent('e.json', 'e') %>`, `<%= includeEvent('e.json', 'f') %>`);
    const { target: made } = targetOf(entry);
    assert.equal(made.body?.toString(), EVENT);
    assert.deepEqual(made.headers, ['X', BASE64]);
  });

  test('in rendered text and in errors', () => {
    assert.equal(rendered(files(target(`<%= includeEvent('e.json', 'e') %>`))), target(BASE64));
    const wrong = contentOf(files(`{"method":"POST","url":"<%= includeEvent('e.json', 'e') %>"}`));
    const targeter = new TemplateTargeter(wrong, LANE, parseHttpTarget);
    assert.throws(
      () => targeter.next(0),
      (error: Error) => error.message.includes(BASE64.slice(0, 20)),
    );
  });
});

describe('targets of which only the event differs', () => {
  const targeterOf = (entry: string, event = `{"messageId":"m","n":<%= randInt(0, 1e9) %>}`) =>
    new TemplateTargeter(contentOf(files(entry, { 'e.json': event })), LANE, parseHttpTarget);
  const include = `<%= includeEvent('e.json', 'e') %>`;

  test('have bodies of their own, and all else in common', () => {
    const targeter = targeterOf(target(include, 'a'));
    const made = Array.from({ length: 50 }, () => targeter.next(0));
    assert.equal(new Set(made.map(({ body }) => body!.toString())).size, 50);
    for (const { body, ...head } of made) {
      assert.ok('n' in (JSON.parse(body!.toString()) as object));
      assert.deepEqual(head, { method: 'POST', origin: 'http://h', path: '/', headers: ['X', 'a'] });
    }
  });

  test('of one type each keep their URL and headers', () => {
    const targeter = targeterOf(
      `{"method":"POST","url":"http://h/<%= randInt(0, 3) %>","header":{"X":["<%= randInt(0, 3) %>"]},"body":"${include}"}`,
    );
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const { path, headers, body } = targeter.next(0);
      seen.add(`${path} ${headers[1]}`);
      assert.match(body!.toString(), /"n":/);
    }
    assert.equal(seen.size, 9);
  });

  test('with a Content-Length are each checked against it', () => {
    const entry = `{"method":"POST","url":"http://h/","header":{"Content-Length":["24"]},"body":"${include}"}`;
    const targeter = targeterOf(entry, `{"messageId":"m","n":<%= pick([12, 123]) %>}`);
    const outcomes = Array.from({ length: 40 }, () => {
      try {
        return targeter.next(0).body!.length;
      } catch (error) {
        return /Content-Length" is "24" but the body has 25 bytes/.test((error as Error).message)
          ? 'refused'
          : error;
      }
    });
    assert.deepEqual(new Set(outcomes), new Set([24, 'refused']));
  });
});

test('an event that is sent again leaves the bytes of the one before as they were', () => {
  const content = { entry: target(`<%= includeEvent('e.json', 'e') %>`), 'e.json': '{"a":1}' };
  const lane = laneOf(content, { events: { reuse: 1 } });
  const bodies = Array.from({ length: 3 }, () => {
    const json = JSON.parse(lane.renderMarked('entry')) as { body: string };
    return lane.marks.bytesOf(json.body)!;
  });
  assert.equal(new Set(bodies.map((body) => body.toString())).size, 3);
});
